using OpenVdi.Backup;
using OpenVdi.Backup.Media;

namespace OpenVdi.Cli.Engine;

/// <summary>The one mapping from what the backup program reports to exit codes.</summary>
internal static class RunFailures
{
    /// <summary>Throws what a failed run means; returns after a successful one.</summary>
    public static void ThrowIfFailed(RunResult result, SqliteStatement statement)
    {
        if (result.Failure is not { } failure)
        {
            return;
        }

        ExitCode code = failure.Kind switch
        {
            RunFailureKind.Cancelled => ExitCode.Interrupted,
            RunFailureKind.Medium => ExitCode.MediumFailed,
            RunFailureKind.MediumFull => ExitCode.DiskFull,
            RunFailureKind.Statement => statement.FailureCode,
            _ => ExitCode.InterfaceFailed,
        };
        throw new CommandFailure(code, failure.Message, failure.Hint);
    }

    /// <summary>What a medium that could not be opened means.</summary>
    public static CommandFailure Of(MediumException exception) => new(
        exception.Problem switch
        {
            MediumProblem.NotFound => ExitCode.InputUnusable,
            MediumProblem.Refused => ExitCode.TargetRefused,
            MediumProblem.Busy => ExitCode.Busy,
            _ => ExitCode.MediumFailed,
        },
        exception.Message, exception.Hint, exception);
}
