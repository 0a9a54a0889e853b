using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite;

/// <summary>A full backup of a SQLite database to the virtual devices of a set.</summary>
public sealed record SqliteBackupRequest
{
    /// <summary>Where the set is looked for.</summary>
    public required VdiTransport Transport { get; init; }

    /// <summary>The instance; null for the default one (N10).</summary>
    public string? InstanceName { get; init; }

    /// <summary>The devices, 1 to 64, as in the statement's VIRTUAL_DEVICE clauses: the first is the set's name (N5).
    /// </summary>
    public required IReadOnlyList<string> DeviceNames { get; init; }

    /// <summary>The database file.</summary>
    public required string DatabasePath { get; init; }

    /// <summary>BLOCKSIZE: every transfer is a multiple of it; a power of two, 512 to 65536 (L2).</summary>
    public uint BlockSizeBytes { get; init; } = 4096;

    /// <summary>MAXTRANSFERSIZE: the largest transfer, a multiple of 65536 (L4).</summary>
    public uint MaxTransferSizeBytes { get; init; } = 1 << 20;

    /// <summary>BUFFERCOUNT: buffers of the largest transfer's size, for all devices together (L3); 0: chosen.</summary>
    public int BufferCount { get; init; }

    /// <summary>How long to look for the set before giving up.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait for a lock that another user of the database holds.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether to compute <see cref="SqliteContentHash"/> of exactly what was backed up. It takes a second pass
    /// over the database, after the devices are closed.</summary>
    public bool ComputeContentHash { get; init; }

    /// <summary>Told now and then how far the backup is, on a thread of the engine that moves the data: be brief. What it
    /// throws ends the backup.</summary>
    public Action<OperationProgress>? Progress { get; init; }
}
