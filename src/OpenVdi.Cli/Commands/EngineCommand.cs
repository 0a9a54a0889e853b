using System.CommandLine;
using OpenVdi.Cli.Engine;
using OpenVdi.Cli.Output;
using OpenVdi.Engines.Sqlite;
using OpenVdi.SharedMemory;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi engine</c>, hidden: the database engine's process, started by the other commands. It executes one
/// statement, reports it as one line on standard output, and gives up when its standard input ends.</summary>
internal static class EngineCommand
{
    private static readonly Option<string> s_database = new("--database") { Required = true };
    private static readonly Option<string[]> s_devices = new("--device") { Required = true, Arity = ArgumentArity.OneOrMore };
    private static readonly Option<bool> s_contentHash = new("--content-hash");
    private static readonly Option<bool> s_replace = new("--replace");

    // The set is made before the engine is started, so this is a limit for accidents.
    private static readonly Option<int> s_openTimeoutMilliseconds = new("--open-timeout") { DefaultValueFactory = static _ => 10_000 };

    public static Command Create()
    {
        Command engine = new("engine", "The database engine's process; other commands start it.") { Hidden = true };

        Verb backup = new("sqlite-backup", "Execute a backup.");
        backup.Options.Add(s_database);
        backup.Options.Add(s_devices);
        backup.Options.Add(s_contentHash);
        backup.Options.Add(s_openTimeoutMilliseconds);
        backup.Runs(context => ExecuteAsync(context, Backup));
        engine.Subcommands.Add(backup);

        Verb restore = new("sqlite-restore", "Execute a restore.");
        restore.Options.Add(s_database);
        restore.Options.Add(s_devices);
        restore.Options.Add(s_replace);
        restore.Options.Add(s_openTimeoutMilliseconds);
        restore.Runs(context => ExecuteAsync(context, Restore));
        engine.Subcommands.Add(restore);
        return engine;
    }

    private static SqliteOperationResult Backup(VerbContext context, CancellationToken cancellationToken) => SqliteEngine.Backup(
        new SqliteBackupRequest
        {
            Transport = SharedMemoryTransport.Default,
            OpenTimeout = TimeSpan.FromMilliseconds(context.Arguments.GetValue(s_openTimeoutMilliseconds)),
            DeviceNames = context.Arguments.GetRequiredValue(s_devices),
            DatabasePath = context.Arguments.GetRequiredValue(s_database),
            ComputeContentHash = context.Arguments.GetValue(s_contentHash),
        },
        cancellationToken);

    private static SqliteOperationResult Restore(VerbContext context, CancellationToken cancellationToken)
    {
        string database = context.Arguments.GetRequiredValue(s_database);
        DatabaseFiles.RemoveLeftovers(database);
        return SqliteEngine.Restore(
            new SqliteRestoreRequest
            {
                Transport = SharedMemoryTransport.Default,
                OpenTimeout = TimeSpan.FromMilliseconds(context.Arguments.GetValue(s_openTimeoutMilliseconds)),
                DeviceNames = context.Arguments.GetRequiredValue(s_devices),
                DatabasePath = database,
                Replace = context.Arguments.GetValue(s_replace),
            },
            cancellationToken);
    }

    private static Task<ExitCode> ExecuteAsync(
        VerbContext context, Func<VerbContext, CancellationToken, SqliteOperationResult> statement)
    {
        CancellationToken cancellationToken = SelfProcess.LeaseOfLife(context.CancellationToken);
        EngineReport report;
        try
        {
            SqliteOperationResult result = statement(context, cancellationToken);
            report = new EngineReport
            {
                BytesTransferred = result.BytesTransferred,
                DatabaseBytes = result.DatabaseBytes,
                CommandCount = result.CommandCount,
                LogPageCount = result.LogPageCount,
                Seconds = result.Elapsed.TotalSeconds,
                ContentHash = result.ContentHash,
                BackupId = result.BackupId,
                BackupTime = result.BackupTime,
            };
        }
        catch (SqliteEngineException exception)
        {
            report = new EngineReport
            {
                Problem = exception.Problem,
                Hint = exception.Hint,
                ExitCode = (int)ToExitCode(exception.Kind),
            };
        }
        catch (OperationCanceledException)
        {
            report = new EngineReport { Problem = "the statement was cancelled", ExitCode = (int)ExitCode.Interrupted };
        }

        Console.Out.WriteLine(JsonLine.Of(report));
        return Task.FromResult((ExitCode)report.ExitCode);
    }

    private static ExitCode ToExitCode(SqliteFailureKind kind) => kind switch
    {
        SqliteFailureKind.InvalidRequest => ExitCode.UsageError,
        SqliteFailureKind.SourceUnreadable or SqliteFailureKind.SourceDamaged => ExitCode.InputUnusable,
        SqliteFailureKind.SourceBusy or SqliteFailureKind.TargetBusy => ExitCode.Busy,
        SqliteFailureKind.TargetExists or SqliteFailureKind.TargetUnwritable => ExitCode.TargetRefused,
        SqliteFailureKind.MediaDamaged => ExitCode.BackupDamaged,
        SqliteFailureKind.MediaIncomplete => ExitCode.BackupIncomplete,
        SqliteFailureKind.MediaMismatch => ExitCode.BackupMismatch,
        SqliteFailureKind.SetUnavailable or SqliteFailureKind.Aborted => ExitCode.InterfaceFailed,
        SqliteFailureKind.DeviceFailed => ExitCode.MediumFailed,
        _ => ExitCode.EngineFailed,
    };
}
