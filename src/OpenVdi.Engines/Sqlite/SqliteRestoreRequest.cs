using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite;

/// <summary>A restore of a SQLite database from the virtual devices of a set.</summary>
public sealed record SqliteRestoreRequest
{
    /// <summary>Where the set is looked for.</summary>
    public required VdiTransport Transport { get; init; }

    /// <summary>The instance; null for the default one (N10).</summary>
    public string? InstanceName { get; init; }

    /// <summary>The devices, as many as the backup had, in any order; the first is the set's name (N5).</summary>
    public required IReadOnlyList<string> DeviceNames { get; init; }

    /// <summary>The database file to make.</summary>
    public required string DatabasePath { get; init; }

    /// <summary>Whether an existing database is replaced. It is locked against all others from the beginning, and is
    /// exchanged for the restored one at the very end; when the restore fails it is as it was.</summary>
    public bool Replace { get; init; }

    /// <summary>BLOCKSIZE: every transfer is a multiple of it (L2). It need not be the backup's: the stream is bytes.
    /// </summary>
    public uint BlockSizeBytes { get; init; } = 4096;

    /// <summary>MAXTRANSFERSIZE: the largest transfer, a multiple of 65536 (L4). It need not be the backup's.</summary>
    public uint MaxTransferSizeBytes { get; init; } = 1 << 20;

    /// <summary>BUFFERCOUNT: buffers of the largest transfer's size, for all devices together (L3); 0: chosen.</summary>
    public int BufferCount { get; init; }

    /// <summary>How long to look for the set before giving up.</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait for a lock that another user of the database to replace holds. Short: a target in use is
    /// refused, not waited for.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether to compute <see cref="SqliteContentHash"/> of the restored database.</summary>
    public bool ComputeContentHash { get; init; }

    /// <summary>Told now and then how far the restore is, on a thread of the engine that moves the data: be brief. What it
    /// throws ends the restore.</summary>
    public Action<OperationProgress>? Progress { get; init; }
}
