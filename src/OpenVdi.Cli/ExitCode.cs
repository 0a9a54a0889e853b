namespace OpenVdi.Cli;

/// <summary>How a command ended. Numbers are a promise to scripts: none is ever given another meaning. The sentences are
/// in <see cref="ExitCodes"/>, and in docs/reference/exit-codes.md, which a test compares.</summary>
internal enum ExitCode
{
    Ok = 0,
    InternalError = 1,
    UsageError = 2,
    InputUnusable = 3,
    TargetRefused = 4,
    Busy = 5,
    MediumFailed = 6,
    DiskFull = 7,
    BackupDamaged = 8,
    BackupIncomplete = 9,
    BackupMismatch = 10,
    EngineFailed = 11,
    EngineDied = 12,
    InterfaceFailed = 13,
    NotEqual = 14,
    BenchmarkFailed = 15,
    BuildFailed = 16,
    Interrupted = 130,
    Terminated = 143,
}
