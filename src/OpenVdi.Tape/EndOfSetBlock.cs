namespace OpenVdi.Tape;

/// <summary>ESET: a data set ends.</summary>
public sealed record EndOfSetBlock
{
    private const int FixedBytes = 85;
    private const uint SetAborted = 1 << 18;

    /// <summary>What the set is: as its start says.</summary>
    public SetAttributes Attributes { get; init; }

    /// <summary>The set's number: as its start says.</summary>
    public int DataSetNumber { get; init; }

    /// <summary>Whether the backup was given up: the set is whole as a stream, and useless as a backup.</summary>
    public bool IsAborted { get; init; }

    /// <summary>When the set ended: local time of the writer; null is unknown.</summary>
    public DateTime? Written { get; init; }

    /// <summary>Writes the block.</summary>
    /// <returns>Its bytes.</returns>
    internal int Write(Span<byte> block)
    {
        var writer = new BlockWriter(block, FixedBytes);
        writer.U32(52, (uint)Attributes);
        writer.U16(78, DataSetNumber);
        writer.Date(80, Written);
        return writer.Finish(new BlockHeader { Type = BlockType.EndOfSet, Attributes = IsAborted ? SetAborted : 0 });
    }

    /// <summary>Reads a block.</summary>
    /// <exception cref="TapeFormatException">It is not as it must be.</exception>
    internal static EndOfSetBlock Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        var reader = new BlockReader(bytes, FixedBytes, offsetBytes);
        return new EndOfSetBlock
        {
            Attributes = (SetAttributes)reader.U32(52),
            DataSetNumber = reader.U16(78),
            IsAborted = (reader.Header.Attributes & SetAborted) != 0,
            Written = reader.Date(80, "a date"),
        };
    }
}
