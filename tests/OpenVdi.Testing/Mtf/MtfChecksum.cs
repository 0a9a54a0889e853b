using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OpenVdi.Testing.Mtf;

/// <summary>The 32-bit exclusive-or of bytes in a line; those missing from the last word are zero.</summary>
internal sealed class MtfChecksum
{
    private int _phase;

    public uint Value { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (_phase != 0 && !bytes.IsEmpty)
        {
            AddByte(bytes[0]);
            bytes = bytes[1..];
        }

        uint words = 0;
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(bytes))
        {
            words ^= word;
        }

        Value ^= BitConverter.IsLittleEndian ? words : BinaryPrimitives.ReverseEndianness(words);
        foreach (byte last in bytes[(bytes.Length & ~3)..])
        {
            AddByte(last);
        }
    }

    private void AddByte(byte value)
    {
        Value ^= (uint)value << (8 * _phase);
        _phase = (_phase + 1) % 4;
    }
}
