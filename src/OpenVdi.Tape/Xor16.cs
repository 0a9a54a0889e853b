using System.Buffers.Binary;

namespace OpenVdi.Tape;

/// <summary>The format's own checksum of headers: the exclusive-or of all 16-bit words.</summary>
/// <remarks>It misses two flips of the same bit and any exchange of words; <see cref="TapeSum"/> is what we rely on.</remarks>
internal static class Xor16
{
    public static ushort Of(ReadOnlySpan<byte> bytes)
    {
        ushort sum = 0;
        for (int i = 0; i < bytes.Length; i += sizeof(ushort))
        {
            sum ^= BinaryPrimitives.ReadUInt16LittleEndian(bytes[i..]);
        }

        return sum;
    }
}
