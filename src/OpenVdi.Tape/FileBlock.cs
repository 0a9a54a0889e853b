namespace OpenVdi.Tape;

/// <summary>FILE: a file; its data follow.</summary>
public sealed record FileBlock
{
    private const int FixedBytes = 88;

    /// <summary>The file's name without its directory.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of the whole file, of all stripes together; 0 where nobody knows yet.</summary>
    public long SizeBytes { get; init; }

    /// <summary>The number of its directory.</summary>
    public uint DirectoryId { get; init; } = 1;

    /// <summary>Its number in its set, from 1. The writer counts.</summary>
    public uint FileId { get; init; }

    /// <summary>When its data were last changed: local time of the writer; null is unknown.</summary>
    public DateTime? Modified { get; init; }

    /// <summary>When it was backed up: local time of the writer; null is unknown.</summary>
    public DateTime? Written { get; init; }

    /// <summary>Writes the block.</summary>
    /// <returns>Its bytes.</returns>
    internal int Write(Span<byte> block, long logicalAddress, uint controlBlockId)
    {
        if (!IsPlain(Name))
        {
            throw new ArgumentException($"file '{Name}': expected a name without separators");
        }

        if (SizeBytes is < 0 or > TapeFormat.MaxFileBytes)
        {
            throw new ArgumentException($"file '{Name}': expected at most {TapeFormat.MaxFileBytes} bytes, found {SizeBytes}");
        }

        var writer = new BlockWriter(block, FixedBytes);
        writer.Date(56, Modified);
        writer.Date(66, Written);
        writer.U32(76, DirectoryId);
        writer.U32(80, FileId);
        writer.String(84, Name, nameof(Name));
        return writer.Finish(new BlockHeader
        {
            Type = BlockType.File,
            DisplayableBytes = (ulong)SizeBytes,
            LogicalAddress = (ulong)logicalAddress,
            ControlBlockId = controlBlockId,
        });
    }

    /// <summary>Reads a block.</summary>
    /// <exception cref="TapeFormatException">It is not as it must be.</exception>
    internal static FileBlock Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        var reader = new BlockReader(bytes, FixedBytes, offsetBytes);
        var block = new FileBlock
        {
            Name = reader.String(84, "a file name"),
            SizeBytes = reader.U63(12, "a size"),
            DirectoryId = reader.U32(76),
            FileId = reader.U32(80),
            Modified = reader.Date(56, "a date"),
            Written = reader.Date(66, "a date"),
        };

        // A name with a separator would lead a careless restore out of its folder.
        return IsPlain(block.Name)
            ? block
            : throw reader.Wrong(84, "a file name without separators", $"'{block.Name}'");
    }

    private static bool IsPlain(string name) =>
        name is not ("" or "." or "..") && !name.AsSpan().ContainsAny('\0', '\\', '/');
}
