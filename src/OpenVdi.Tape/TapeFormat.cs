namespace OpenVdi.Tape;

/// <summary>The fixed numbers of the stream. docs/spec/mtf.md has those of the format, docs/reference/tape-stream.md ours.</summary>
public static class TapeFormat
{
    /// <summary>The format logical block: every descriptor block starts on a multiple of it, and is at most as long.</summary>
    public const int LogicalBlockBytes = 1024;

    /// <summary>Our vendor id, 'VO'. It is not registered; it is not Microsoft's 0x1200 either.</summary>
    public const ushort VendorId = 0x4F56;

    /// <summary>What TAPE says of the program that wrote the medium.</summary>
    public const string SoftwareName = "OpenVdi";

    /// <summary>The version of our own streams.</summary>
    public const ushort Version = 1;

    /// <summary>The most stripes of a media set: as many as a virtual device set has devices.</summary>
    public const int MaxStripeCount = 64;

    /// <summary>The longest piece: the end of a piece is a position, which is a signed 64-bit number.</summary>
    public const long MaxFileBytes = long.MaxValue / 2;

    /// <summary>What a piece takes in the stream besides its data: its range (56), the head of its data (22), its checksum (38),
    /// and up to two bytes of alignment. A piece of n bytes fits n + 118 bytes when n is even and no multiple of 4.</summary>
    public const int PieceOverheadBytes = 118;

    /// <summary>Where streams begin: a multiple of this, counted from their block.</summary>
    internal const int StreamAlignmentBytes = 4;

    /// <summary>OS id of DOS: it defines no structures of its own, which a reader would then expect (8.7).</summary>
    internal const byte OsId = 24;

    /// <summary>Strings are UTF-16LE.</summary>
    internal const byte StringType = 2;
}
