using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>MTF_TAPE_ADDRESS: where in its structure a field of variable length lies. A size of 0 is no field.</summary>
/// <param name="SizeBytes">Bytes of the field.</param>
/// <param name="Offset">From the start of the structure.</param>
internal readonly record struct TapeAddress(ushort SizeBytes, ushort Offset)
{
    /// <summary>Bytes of an address.</summary>
    public const int Bytes = 4;

    public void Write(Span<byte> bytes)
    {
        WriteUInt16LittleEndian(bytes, SizeBytes);
        WriteUInt16LittleEndian(bytes[2..], Offset);
    }

    public static TapeAddress Read(ReadOnlySpan<byte> bytes) =>
        new(ReadUInt16LittleEndian(bytes), ReadUInt16LittleEndian(bytes[2..]));

    /// <summary>Whether the field lies in a structure, behind its fixed part.</summary>
    public bool LiesWithin(int fixedBytes, int structureBytes) =>
        SizeBytes == 0 || (Offset >= fixedBytes && Offset + SizeBytes <= structureBytes);
}
