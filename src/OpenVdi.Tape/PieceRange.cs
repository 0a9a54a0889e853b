using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>The data of OVRG, our stream on FILE, without its checksum: which part of the file the next piece is.</summary>
/// <remarks>
/// <code>
///  0        8        16       24         32
/// | number | offset | length | checksum |
/// </code>
/// </remarks>
/// <param name="Number">The piece's number in its stripe's file, from 0.</param>
/// <param name="OffsetBytes">Where in the file it belongs.</param>
/// <param name="LengthBytes">Its bytes; never 0.</param>
internal readonly record struct PieceRange(long Number, long OffsetBytes, long LengthBytes)
{
    /// <summary>Bytes without the checksum.</summary>
    public const int Bytes = 24;

    /// <summary>Whether a file can have this part.</summary>
    /// <param name="offsetBytes">Where it belongs.</param>
    /// <param name="lengthBytes">Its bytes.</param>
    /// <param name="fileBytes">Bytes of the file; 0 where nobody knows.</param>
    public static bool IsLegal(long offsetBytes, long lengthBytes, long fileBytes)
    {
        long end = fileBytes == 0 ? TapeFormat.MaxFileBytes : fileBytes;
        return offsetBytes >= 0 && lengthBytes > 0 && lengthBytes <= end && offsetBytes <= end - lengthBytes;
    }

    public void Write(Span<byte> bytes)
    {
        WriteInt64LittleEndian(bytes, Number);
        WriteInt64LittleEndian(bytes[8..], OffsetBytes);
        WriteInt64LittleEndian(bytes[16..], LengthBytes);
    }

    public static PieceRange Read(ReadOnlySpan<byte> bytes) =>
        new(ReadInt64LittleEndian(bytes), ReadInt64LittleEndian(bytes[8..]), ReadInt64LittleEndian(bytes[16..]));
}
