using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>OVES, our stream on ESET: what the set holds on this medium, and what is known only at its end.</summary>
/// <remarks>
/// <code>
///  0            8             16           24                    32                          40
/// | file count | piece count | data bytes | bytes of all files  | finished, us since 1970 UTC |
/// </code>
/// </remarks>
public readonly record struct SetTotals
{
    /// <summary>Bytes of the stream's data.</summary>
    internal const int Bytes = 40;

    /// <summary>Files of the set.</summary>
    public long FileCount { get; init; }

    /// <summary>Pieces of files that came in pieces.</summary>
    public long PieceCount { get; init; }

    /// <summary>Bytes of file data on this medium.</summary>
    public long DataBytes { get; init; }

    /// <summary>Bytes of file data of all stripes together; 0 when the set was aborted and nobody knows.</summary>
    public long AllStripesBytes { get; init; }

    /// <summary>When the set ended, to the microsecond.</summary>
    public DateTimeOffset Finished { get; init; }

    internal void Write(Span<byte> bytes)
    {
        WriteInt64LittleEndian(bytes, FileCount);
        WriteInt64LittleEndian(bytes[8..], PieceCount);
        WriteInt64LittleEndian(bytes[16..], DataBytes);
        WriteInt64LittleEndian(bytes[24..], AllStripesBytes);
        WriteInt64LittleEndian(bytes[32..], Microseconds.Of(Finished));
    }

    internal static SetTotals Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        long all = ReadInt64LittleEndian(bytes[24..]);
        if (all < 0)
        {
            throw TapeFormatException.Damaged(offsetBytes + 24, "bytes of all stripes", $"{all}");
        }

        return new SetTotals
        {
            FileCount = ReadInt64LittleEndian(bytes),
            PieceCount = ReadInt64LittleEndian(bytes[8..]),
            DataBytes = ReadInt64LittleEndian(bytes[16..]),
            AllStripesBytes = all,
            Finished = Microseconds.Read(bytes[32..], offsetBytes + 32),
        };
    }
}
