namespace OpenVdi.Engines.Sqlite;

/// <summary>What a backup or restore did.</summary>
public sealed record SqliteOperationResult
{
    /// <summary>Bytes of Write or Read commands, all devices: the database and what the stream adds to it.</summary>
    public required long BytesTransferred { get; init; }

    /// <summary>Bytes of the database.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>Commands sent, all devices.</summary>
    public required long CommandCount { get; init; }

    /// <summary>From the set's being found to the last device's close; for a restore, to the durable publication. Without
    /// the content hash.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The content hash, when asked for.</summary>
    public string? ContentHash { get; init; }

    /// <summary>The database's page size in bytes.</summary>
    public required int PageSize { get; init; }

    /// <summary>The database's pages.</summary>
    public required long PageCount { get; init; }

    /// <summary>The number that all stripes of the backup carry.</summary>
    public required Guid BackupId { get; init; }

    /// <summary>The moment of the backup: the database as restored is the database as it was then.</summary>
    public required DateTimeOffset BackupTime { get; init; }

    /// <summary>How many pages came out of the write-ahead log; 0 for a restore.</summary>
    public long LogPageCount { get; init; }
}
