namespace OpenVdi.Tape;

/// <summary>DIRB: the directory that the files behind it lie in.</summary>
public sealed record DirectoryBlock
{
    private const int FixedBytes = 84;

    // As the format has it: no leading separator, a NUL for each, and one at the end; the root is that one alone.
    private const char Separator = '\\', StoredSeparator = '\0';

    /// <summary>The path without drive and leading separator, its parts separated by backslashes; the root is empty.</summary>
    public string Path { get; init; } = "";

    /// <summary>The directory's number in its set, from 1.</summary>
    public uint DirectoryId { get; init; } = 1;

    /// <summary>When it was written: local time of the writer; null is unknown.</summary>
    public DateTime? Written { get; init; }

    /// <summary>Writes the block.</summary>
    /// <returns>Its bytes.</returns>
    internal int Write(Span<byte> block, long logicalAddress, uint controlBlockId)
    {
        if (Path.Contains(StoredSeparator, StringComparison.Ordinal) || Path.StartsWith(Separator) || Path.EndsWith(Separator)
            || Path.Contains(@"\\", StringComparison.Ordinal))
        {
            throw new ArgumentException($"directory '{Path}': expected parts with single backslashes between them");
        }

        var writer = new BlockWriter(block, FixedBytes);
        writer.Date(66, Written);
        writer.U32(76, DirectoryId);
        writer.String(80, Path.Replace(Separator, StoredSeparator) + StoredSeparator, nameof(Path));
        return writer.Finish(new BlockHeader
        {
            Type = BlockType.Directory,
            LogicalAddress = (ulong)logicalAddress,
            ControlBlockId = controlBlockId,
        });
    }

    /// <summary>Reads a block.</summary>
    /// <exception cref="TapeFormatException">It is not as it must be.</exception>
    internal static DirectoryBlock Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        var reader = new BlockReader(bytes, FixedBytes, offsetBytes);
        string stored = reader.String(80, "a path");
        if (!stored.EndsWith(StoredSeparator) || stored.Contains(Separator, StringComparison.Ordinal))
        {
            throw reader.Wrong(80, "a path that ends in NUL", $"'{stored}'");
        }

        return new DirectoryBlock
        {
            Path = stored[..^1].Replace(StoredSeparator, Separator),
            DirectoryId = reader.U32(76),
            Written = reader.Date(66, "a date"),
        };
    }
}
