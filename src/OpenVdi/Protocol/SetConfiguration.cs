namespace OpenVdi;

/// <summary>VDConfig: what the client wishes for a set and what the server makes of it.</summary>
/// <remarks>Spec: 4.1, 14.1. The client fills the first seven; the server the rest (G1 to G4).</remarks>
public sealed record SetConfiguration
{
    /// <summary>Number of devices, 1 to 64.</summary>
    public uint DeviceCount { get; init; } = 1;

    /// <summary>Feature bits; after configuration with the server's bits added (G4).</summary>
    public VdFeatures Features { get; init; }

    /// <summary>Bytes of the client's private zone right before each buffer's data (B20 to B22).</summary>
    public uint PrefixZoneSizeBytes { get; init; }

    /// <summary>Smallest alignment of the data, in bytes; 0 is no wish. Final after configuration.</summary>
    public uint AlignmentBytes { get; init; }

    /// <summary>With file marks: 0 for hard marks, else the size of the client's soft marks in bytes (F6).</summary>
    public uint SoftFileMarkBlockSizeBytes { get; init; }

    /// <summary>Size of the end-of-media warning zone in bytes; 0: the server does not restrict itself (F3).</summary>
    public uint EomWarningSizeBytes { get; init; }

    /// <summary>How long the server lets a client be silent with commands pending, in milliseconds; 0: without end
    /// (Z1 to Z5).</summary>
    public uint ServerTimeoutMilliseconds { get; init; }

    /// <summary>The server's: every transfer is a multiple of it; a power of two, 512 to 65536.</summary>
    public uint BlockSizeBytes { get; init; }

    /// <summary>The server's, deprecated: always 4.</summary>
    public uint MaxIODepth { get; init; }

    /// <summary>The server's: largest single transfer in bytes, a multiple of 65536.</summary>
    public uint MaxTransferSizeBytes { get; init; }

    /// <summary>The server's: bytes of all buffer areas together; 4294967295 when there are more.</summary>
    public uint BufferAreaSizeBytes { get; init; }
}
