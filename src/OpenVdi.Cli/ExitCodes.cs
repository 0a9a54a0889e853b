using System.Text;

namespace OpenVdi.Cli;

/// <summary>The exit codes in words: the one table behind --help and the reference.</summary>
internal static class ExitCodes
{
    /// <summary>What an exit code means, as one sentence without a full stop.</summary>
    public static string Meaning(ExitCode code) => code switch
    {
        ExitCode.Ok => "done; what was asked for is complete and durable",
        ExitCode.InternalError => "a defect of this program; the message says where",
        ExitCode.UsageError => "the command line is wrong; nothing was begun",
        ExitCode.InputUnusable => "a database or backup file does not exist, cannot be read, or is not one",
        ExitCode.TargetRefused => "the target cannot be written, or exists and --replace was not given",
        ExitCode.Busy => "another process is using the target or the database",
        ExitCode.MediumFailed => "reading or writing a backup medium failed",
        ExitCode.DiskFull => "no space left for the backup or the database",
        ExitCode.BackupDamaged => "the backup was altered: a checksum or a field is wrong",
        ExitCode.BackupIncomplete => "the backup is incomplete: a stripe is missing or truncated",
        ExitCode.BackupMismatch => "the files are no backup, or belong to different backups",
        ExitCode.EngineFailed => "the database engine reported another failure",
        ExitCode.EngineDied => "the engine's process ended without a result",
        ExitCode.InterfaceFailed => "the virtual device set could not be made or was aborted",
        ExitCode.NotEqual => "the restored database differs from the one backed up",
        ExitCode.BenchmarkFailed => "a benchmark saw wrong bytes, a lost wake-up or a failing call",
        ExitCode.BuildFailed => "the native library could not be made, or is not made yet",
        ExitCode.Interrupted => "interrupted (SIGINT); cleaned up",
        ExitCode.Terminated => "terminated (SIGTERM, SIGHUP); cleaned up",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "an exit code without a meaning"),
    };

    /// <summary>The name as --json reports it: lower case, words joined.</summary>
    public static string Name(ExitCode code)
    {
        StringBuilder name = new();
        foreach (char letter in code.ToString())
        {
            if (char.IsUpper(letter) && name.Length > 0)
            {
                name.Append('-');
            }

            name.Append(char.ToLowerInvariant(letter));
        }

        return name.ToString();
    }
}
