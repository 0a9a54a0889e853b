namespace OpenVdi.Testing.Mtf;

/// <summary>What a medium holds that keeps every rule.</summary>
public sealed class MtfReport
{
    private readonly List<MtfDataSet> _dataSets = [];

    internal MtfReport(MtfTape tape) => Tape = tape;

    /// <summary>What the medium says of itself.</summary>
    public MtfTape Tape { get; }

    /// <summary>The data sets, in order.</summary>
    public IReadOnlyList<MtfDataSet> DataSets => _dataSets;

    /// <summary>All files of all data sets, in order.</summary>
    public IEnumerable<MtfFile> Files =>
        from set in DataSets from volume in set.Volumes from directory in volume.Directories from file in directory.Files select file;

    /// <summary>Filemarks on the medium.</summary>
    public int FilemarkCount { get; internal set; }

    /// <summary>Bytes of the medium: all of them.</summary>
    public long LengthBytes { get; internal set; }

    /// <summary>Whether the last data set goes on on another medium.</summary>
    public bool GoesOn { get; internal set; }

    internal void Add(MtfDataSet set) => _dataSets.Add(set);
}

/// <summary>The facts of a TAPE block.</summary>
public sealed record MtfTape
{
    /// <summary>The media family.</summary>
    public required uint FamilyId { get; init; }

    /// <summary>Which medium of the family, from 1.</summary>
    public required int SequenceNumber { get; init; }

    /// <summary>Whether it goes on with what another medium began.</summary>
    public required bool IsContinuation { get; init; }

    /// <summary>Whether filemarks are blocks among the others.</summary>
    public required bool UsesSoftFilemarks { get; init; }

    /// <summary>The format logical block in bytes.</summary>
    public required int FlbBytes { get; init; }

    /// <summary>The device's unit in bytes.</summary>
    public required int PhysicalBlockBytes { get; init; }

    /// <summary>Whose software wrote it.</summary>
    public required int VendorId { get; init; }

    /// <summary>0 none, 1, 2: what kind of set map there is.</summary>
    public required int CatalogType { get; init; }

    /// <summary>Whether TAPE says that there is a set map.</summary>
    public required bool HasSetMap { get; init; }

    /// <summary>When the medium was made, in the writer's local time; null: unknown.</summary>
    public required DateTime? Date { get; init; }

    /// <summary>The medium's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its description or label.</summary>
    public required string Description { get; init; }

    /// <summary>The software's name.</summary>
    public required string Software { get; init; }

    internal bool AllowsDetail { get; init; }

    internal int SoftFilemarkBytes { get; init; }
}

/// <summary>A data set.</summary>
public sealed class MtfDataSet
{
    private readonly List<MtfVolume> _volumes = [];
    private readonly List<MtfUnknownBlock> _unknownBlocks = [];
    private readonly List<MtfStream> _streams = [];

    internal MtfDataSet(long offsetBytes) => OffsetBytes = offsetBytes;

    /// <summary>Where its SSET begins.</summary>
    public long OffsetBytes { get; }

    /// <summary>Its number in the family, from 1.</summary>
    public int Number { get; internal init; }

    /// <summary>The SSET's attributes.</summary>
    public uint Attributes { get; internal init; }

    /// <summary>The physical blocks before it.</summary>
    public ulong Pba { get; internal init; }

    /// <summary>When it was begun, in the writer's local time; null: unknown.</summary>
    public DateTime? Date { get; internal init; }

    /// <summary>When its ESET was written; null: unknown, or on another medium.</summary>
    public DateTime? EndDate { get; internal set; }

    /// <summary>The writer's time zone in quarter hours from UTC; 127: unknown.</summary>
    public int TimeZoneQuarters { get; internal init; }

    /// <summary>Its name.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>Its description.</summary>
    public string Description { get; internal init; } = "";

    /// <summary>Who wrote it.</summary>
    public string User { get; internal init; } = "";

    /// <summary>Whose software wrote it.</summary>
    public int VendorId { get; internal init; }

    /// <summary>Whether it began on another medium.</summary>
    public bool IsContinuation { get; internal init; }

    /// <summary>Blocks from SSET to the last one before ESET.</summary>
    public int BlockCount { get; internal set; }

    /// <summary>Files that a CFIL speaks of.</summary>
    public int CorruptFileCount { get; internal set; }

    /// <summary>Its volumes, in order.</summary>
    public IReadOnlyList<MtfVolume> Volumes => _volumes;

    /// <summary>Blocks of types that the format does not define; their streams are skipped.</summary>
    public IReadOnlyList<MtfUnknownBlock> UnknownBlocks => _unknownBlocks;

    /// <summary>The streams of its SSET.</summary>
    public IReadOnlyList<MtfStream> Streams => _streams;

    internal bool HasDetail { get; init; }

    internal int PasswordAlgorithm { get; init; }

    internal int CatalogVersion { get; init; }

    internal ulong Fla { get; init; }

    internal void Add(MtfVolume volume) => _volumes.Add(volume);

    internal void Add(MtfUnknownBlock block) => _unknownBlocks.Add(block);

    internal void Add(IEnumerable<MtfStream> streams) => _streams.AddRange(streams);
}

/// <summary>A block of a type that the format does not define.</summary>
/// <param name="Type">Its four characters.</param>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="Streams">Its streams.</param>
public sealed record MtfUnknownBlock(string Type, long OffsetBytes, IReadOnlyList<MtfStream> Streams);

/// <summary>A volume of a data set.</summary>
public sealed class MtfVolume
{
    private readonly List<MtfDirectory> _directories = [];

    /// <summary>The device's name, such as "C:".</summary>
    public string DeviceName { get; internal init; } = "";

    /// <summary>The volume's name.</summary>
    public string VolumeName { get; internal init; } = "";

    /// <summary>The machine's name.</summary>
    public string MachineName { get; internal init; } = "";

    /// <summary>The VOLB's attributes.</summary>
    public uint Attributes { get; internal init; }

    /// <summary>When it was written; null: unknown.</summary>
    public DateTime? Date { get; internal init; }

    /// <summary>Its directories, in order.</summary>
    public IReadOnlyList<MtfDirectory> Directories => _directories;

    internal void Add(MtfDirectory directory) => _directories.Add(directory);
}

/// <summary>A directory of a volume.</summary>
public sealed class MtfDirectory
{
    private readonly List<MtfFile> _files = [];

    /// <summary>Its number in the set, from 1.</summary>
    public uint Id { get; internal init; }

    /// <summary>Its parts, with "/" between them; the root is "".</summary>
    public string Path { get; internal set; } = "";

    /// <summary>When it was last changed; null: unknown.</summary>
    public DateTime? Modified { get; internal init; }

    /// <summary>Its files, in order.</summary>
    public IReadOnlyList<MtfFile> Files => _files;

    internal bool SaysEmpty { get; init; }

    internal void Add(MtfFile file) => _files.Add(file);
}

/// <summary>A file of a directory.</summary>
public sealed class MtfFile
{
    private readonly List<MtfStream> _streams = [];

    internal MtfFile(long offsetBytes, MtfDirectory directory)
    {
        OffsetBytes = offsetBytes;
        Directory = directory;
    }

    /// <summary>Where its FILE begins.</summary>
    public long OffsetBytes { get; }

    /// <summary>Where it is.</summary>
    public MtfDirectory Directory { get; }

    /// <summary>Its number, as the writer gave it.</summary>
    public uint Id { get; internal init; }

    /// <summary>Its name without the directory; "" until its stream FNAM has passed, if it is there.</summary>
    public string Name { get; internal set; } = "";

    /// <summary>Its directory's path and its name, with "/" between them.</summary>
    public string Path => Directory.Path.Length == 0 ? Name : $"{Directory.Path}/{Name}";

    /// <summary>The size that its block states.</summary>
    public long DisplayableSizeBytes { get; internal init; }

    /// <summary>When it was last changed; null: unknown.</summary>
    public DateTime? Modified { get; internal init; }

    /// <summary>Its streams, without SPAD and CSUM.</summary>
    public IReadOnlyList<MtfStream> Streams => _streams;

    internal void Add(IEnumerable<MtfStream> streams) => _streams.AddRange(streams);
}

/// <summary>A stream; one of variable length is one, of several pieces.</summary>
public sealed class MtfStream
{
    internal MtfStream(string id, long offsetBytes, int mediaAttributes)
    {
        Id = id;
        OffsetBytes = offsetBytes;
        MediaAttributes = mediaAttributes;
    }

    /// <summary>Its four characters.</summary>
    public string Id { get; }

    /// <summary>Where its first header begins.</summary>
    public long OffsetBytes { get; }

    /// <summary>Bytes of data, without headers and alignment.</summary>
    public long LengthBytes { get; internal set; }

    /// <summary>Pieces: 1 for a stream that is not of variable length.</summary>
    public int PieceCount { get; internal set; }

    /// <summary>Whether a CSUM stood behind it, and was right.</summary>
    public bool HasChecksum { get; internal set; }

    /// <summary>The first header's media format attributes.</summary>
    public int MediaAttributes { get; }

    internal bool IsContinuation => (MediaAttributes & MtfStreamHeader.Continuation) != 0;
}
