namespace OpenVdi.Tape;

/// <summary>What a data set is, in the words of the format.</summary>
[Flags]
public enum SetAttributes : uint
{
    /// <summary>Nothing is said.</summary>
    None = 0,

    /// <summary>A copy, no part of any chain.</summary>
    Copy = 1 << 1,

    /// <summary>A normal backup; a full or a log backup, as SQL Server has it.</summary>
    Normal = 1 << 2,

    /// <summary>A differential backup.</summary>
    Differential = 1 << 3,
}

/// <summary>SSET: a data set begins.</summary>
public sealed record StartOfSetBlock
{
    private const int FixedBytes = 98;
    private const sbyte UnknownTimeZone = 127;

    // As wide as the base library has them.
    private static readonly TimeSpan s_widestZone = TimeSpan.FromHours(14);

    /// <summary>What the set is. The writer takes it from the set's backup record.</summary>
    public SetAttributes Attributes { get; init; }

    /// <summary>The set's number in its family, from 1. The writer counts.</summary>
    public int DataSetNumber { get; init; }

    /// <summary>The set's name, or empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>A description of the set for people, or empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Who made the backup, or empty.</summary>
    public string UserName { get; init; } = "";

    /// <summary>Where the set begins, in physical blocks from the start of the medium. The writer knows.</summary>
    public long PhysicalBlockAddress { get; init; }

    /// <summary>When the set was begun: local time of the writer; null is unknown.</summary>
    public DateTime? Written { get; init; }

    /// <summary>What that time is off from UTC, in whole quarters of an hour; null is unknown.</summary>
    public TimeSpan? TimeZone { get; init; }

    /// <summary>The version of the program, its first number.</summary>
    public byte SoftwareMajor { get; init; }

    /// <summary>The version of the program, its second number.</summary>
    public byte SoftwareMinor { get; init; }

    /// <summary>Writes the block.</summary>
    /// <returns>Its bytes.</returns>
    internal int Write(Span<byte> block)
    {
        if (TimeZone is { } given && given.Duration() > s_widestZone)
        {
            throw new ArgumentException($"set: expected a time zone of at most {s_widestZone}, found {given}");
        }

        var writer = new BlockWriter(block, FixedBytes);
        writer.U32(52, (uint)Attributes);
        writer.U16(60, TapeFormat.VendorId);
        writer.U16(62, DataSetNumber);
        writer.String(64, Name, nameof(Name));
        writer.String(68, Description, nameof(Description));
        writer.String(76, UserName, nameof(UserName));
        writer.U64(80, PhysicalBlockAddress);
        writer.Date(88, Written);
        writer.U8(93, SoftwareMajor);
        writer.U8(94, SoftwareMinor);
        writer.I8(95, TimeZone is { } zone ? checked((sbyte)(zone.Ticks / TimeSpan.FromMinutes(15).Ticks)) : UnknownTimeZone);
        return writer.Finish(new BlockHeader { Type = BlockType.StartOfSet });
    }

    /// <summary>Reads a block.</summary>
    /// <exception cref="TapeFormatException">It is not as it must be.</exception>
    internal static StartOfSetBlock Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        var reader = new BlockReader(bytes, FixedBytes, offsetBytes);
        var zone = (sbyte)reader.U8(95);
        return new StartOfSetBlock
        {
            Attributes = (SetAttributes)reader.U32(52),
            DataSetNumber = reader.U16(62),
            Name = reader.String(64, "a set name"),
            Description = reader.String(68, "a description"),
            UserName = reader.String(76, "a user name"),
            PhysicalBlockAddress = reader.U63(80, "an address"),
            Written = reader.Date(88, "a date"),
            SoftwareMajor = reader.U8(93),
            SoftwareMinor = reader.U8(94),
            TimeZone = zone == UnknownTimeZone ? null : TimeSpan.FromMinutes(15 * zone),
        };
    }
}
