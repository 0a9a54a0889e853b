namespace OpenVdi.Engines.Sqlite;

/// <summary>What kept a backup or restore from succeeding: one exit code of a command each.</summary>
public enum SqliteFailureKind
{
    /// <summary>The request cannot be carried out as it stands: a name, a size, a count.</summary>
    InvalidRequest = 1,

    /// <summary>The database to back up does not exist, is no SQLite database, or cannot be read.</summary>
    SourceUnreadable = 2,

    /// <summary>The database to back up is locked by others for longer than the request allows.</summary>
    SourceBusy = 3,

    /// <summary>The database to back up contradicts itself: a page is neither in the file nor in the log.</summary>
    SourceDamaged = 4,

    /// <summary>The database to restore to exists, and replacing it was not asked for.</summary>
    TargetExists = 5,

    /// <summary>The database to replace is in use.</summary>
    TargetBusy = 6,

    /// <summary>The restored database cannot be written: no space, no permission.</summary>
    TargetUnwritable = 7,

    /// <summary>No backup program offered the set within the time, or it cannot be configured.</summary>
    SetUnavailable = 8,

    /// <summary>The backup program answered a command without success.</summary>
    DeviceFailed = 9,

    /// <summary>The set was aborted: by the other half, by its death, or by a call that the interface refused.</summary>
    Aborted = 10,

    /// <summary>What the media hold is altered: a checksum or a field is wrong.</summary>
    MediaDamaged = 11,

    /// <summary>What the media hold does not belong together, or is not a SQLite backup of this project.</summary>
    MediaMismatch = 12,

    /// <summary>A stripe ends early, or stripes are missing.</summary>
    MediaIncomplete = 13,
}
