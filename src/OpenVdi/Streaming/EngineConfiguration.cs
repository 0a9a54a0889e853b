namespace OpenVdi.Streaming;

/// <summary>What an engine fixes for a set: BLOCKSIZE, MAXTRANSFERSIZE and BUFFERCOUNT of a BACKUP statement.</summary>
public sealed record EngineConfiguration
{
    /// <summary>Every transfer is a multiple of it; a power of two, 512 to 65536 (V6).</summary>
    public int BlockSizeBytes { get; init; } = 512;

    /// <summary>Alignment of the buffers; raised to the client's wish. 0: the block size (V7, V8, V11).</summary>
    public int AlignmentBytes { get; init; }

    /// <summary>Size of a buffer and largest transfer; a multiple of 65536 (V9). 1 MiB moves most bytes a second.</summary>
    public int MaxTransferSizeBytes { get; init; } = 1 << 20;

    /// <summary>Buffers of each device. Two keep both sides at work; more ride out a slow medium.</summary>
    public int BuffersPerDevice { get; init; } = 4;
}
