using System.CommandLine;
using OpenVdi.Backup;
using OpenVdi.Backup.Media;
using OpenVdi.Cli.Engine;
using OpenVdi.Cli.Output;
using OpenVdi.SharedMemory;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi restore</c>.</summary>
internal static class RestoreCommand
{
    // The interface has at most 64 devices in a set (V1).
    private const int MaxDeviceCount = 64;

    private static readonly Option<string> s_database = new("--sqlite")
    {
        Description = "The database file to make.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string[]> s_sources = new("--from")
    {
        Description = "A file of the backup; repeat it for every stripe, in any order. '-' is standard input.",
        HelpName = "TARGET",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<bool> s_replace = new("--replace")
    {
        Description = "Replace an existing database. It must not be in use, and stays as it is until the restore is complete.",
    };

    public static Command Create()
    {
        Verb verb = new("restore", "Restore a database, through virtual devices, from files or a pipe.")
        {
            Examples =
            [
                ("vdi restore --sqlite copy.db --from shop.vdi", "from one file"),
                ("vdi restore --sqlite shop.db --from a/shop.1 --from b/shop.2 --replace", "from two stripes, over the old database"),
                ("zstd -dc shop.vdi.zst | vdi restore --sqlite copy.db --from -", "through a pipe"),
            ],
            Notes =
            [
                "The database appears under its name only when all of the backup has been read, checked and made durable.",
                "A failed or interrupted restore leaves what was there as it was.",
            ],
            ExitCodes =
            [
                ExitCode.InputUnusable, ExitCode.TargetRefused, ExitCode.Busy, ExitCode.MediumFailed, ExitCode.DiskFull,
                ExitCode.BackupDamaged, ExitCode.BackupIncomplete, ExitCode.BackupMismatch, ExitCode.EngineFailed,
                ExitCode.EngineDied, ExitCode.InterfaceFailed, ExitCode.Interrupted, ExitCode.Terminated,
            ],
        };
        verb.Options.Add(s_database);
        verb.Options.Add(s_sources);
        verb.Options.Add(s_replace);
        verb.Options.Add(CommonOptions.Json);
        verb.Options.Add(CommonOptions.Quiet);
        verb.Runs(RunAsync);
        return verb;
    }

    private static async Task<ExitCode> RunAsync(VerbContext context)
    {
        string database = context.Arguments.GetRequiredValue(s_database);
        string[] sources = context.Arguments.GetRequiredValue(s_sources);
        bool replace = context.Arguments.GetValue(s_replace);
        if (sources.Length > MaxDeviceCount)
        {
            throw new CommandFailure(
                ExitCode.UsageError, $"--from is given {sources.Length} times, a set has at most {MaxDeviceCount} devices");
        }

        DatabaseFiles.RequireRestorable(database, replace);
        IReadOnlyList<Medium> media = MediaOpener.OpenForRestore(sources);
        try
        {
            SqliteStatement statement = SqliteStatement.Restore(Path.GetFullPath(database), replace);
            RunRequest request = new() { Direction = RunDirection.Restore, Media = media, Statement = statement };
            RunResult result = await context.Output.WithProgressAsync(
                "restore", media.Sum(static medium => medium.LengthBytes), () => request.Progress.BytesTransferred,
                new BackupProgram(SharedMemoryTransport.Default).RunAsync(request, context.CancellationToken)).ConfigureAwait(false);
            RunFailures.ThrowIfFailed(result, statement);
            Report(context.Output, database, sources, result, statement);
            return ExitCode.Ok;
        }
        finally
        {
            foreach (Medium medium in media)
            {
                medium.Dispose();
            }
        }
    }

    private static void Report(
        Reporter output, string database, string[] sources, RunResult result, SqliteStatement statement)
    {
        EngineReport engine = statement.Report!;
        double seconds = result.Elapsed.TotalSeconds;
        RestoreReport report = new()
        {
            Database = database,
            Sources = sources,
            SetName = result.SetName,
            BackupId = engine.BackupId.ToString("D"),
            BackupTime = engine.BackupTime,
            Bytes = result.BytesTransferred,
            DatabaseBytes = engine.DatabaseBytes,
            Commands = result.CommandCount,
            Seconds = seconds,
            TransferSeconds = engine.Seconds,
            BytesPerSecond = engine.Seconds > 0 ? result.BytesTransferred / engine.Seconds : 0,
            ProcessId = Environment.ProcessId,
            EngineProcessId = statement.ProcessId,
        };
        output.Result(report, console => RunTable.Draw(
            console, "restored", database, "from", sources, report.Bytes, seconds, engine.Seconds, report.Commands,
            report.BackupTime, report.BackupId));
    }
}
