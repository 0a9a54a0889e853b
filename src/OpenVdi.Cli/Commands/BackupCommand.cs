using System.CommandLine;
using OpenVdi.Backup;
using OpenVdi.Backup.Media;
using OpenVdi.Cli.Engine;
using OpenVdi.Cli.Output;
using OpenVdi.SharedMemory;
using Spectre.Console;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi backup</c>.</summary>
internal static class BackupCommand
{
    // The interface has at most 64 devices in a set (V1).
    private const int MaxDeviceCount = 64;

    private static readonly Option<string> s_database = new("--sqlite")
    {
        Description = "The SQLite database to back up. It may be in use: the backup is of one moment.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<string[]> s_targets = new("--to")
    {
        Description = "Where to store it; repeat it to stripe the backup over several devices. '-' is standard output.",
        HelpName = "TARGET",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create()
    {
        Verb verb = new("backup", "Back up a database, through virtual devices, to files or a pipe.")
        {
            Examples =
            [
                ("vdi backup --sqlite shop.db --to shop.vdi", "to one file"),
                ("vdi backup --sqlite shop.db --to a/shop.1 --to b/shop.2", "striped over two devices, on two disks"),
                ("vdi backup --sqlite shop.db --to - | zstd > shop.vdi.zst", "through a pipe; the result goes to standard error"),
            ],
            Notes =
            [
                "A target appears under its name only after the database engine has reported success and the data is",
                "durable; an existing file stays untouched until then. Files are made with mode 0600. A failed or",
                "interrupted backup leaves nothing. What reads a pipe must look at this command's exit code.",
            ],
            ExitCodes =
            [
                ExitCode.InputUnusable, ExitCode.TargetRefused, ExitCode.Busy, ExitCode.MediumFailed, ExitCode.DiskFull,
                ExitCode.EngineFailed, ExitCode.EngineDied, ExitCode.InterfaceFailed, ExitCode.Interrupted,
                ExitCode.Terminated,
            ],
        };
        verb.Options.Add(s_database);
        verb.Options.Add(s_targets);
        verb.Options.Add(CommonOptions.Json);
        verb.Options.Add(CommonOptions.Quiet);
        verb.Runs(RunAsync);
        return verb;
    }

    private static async Task<ExitCode> RunAsync(VerbContext context)
    {
        string database = context.Arguments.GetRequiredValue(s_database);
        string[] targets = context.Arguments.GetRequiredValue(s_targets);
        Validate(context, database, targets);

        IReadOnlyList<Medium> media = MediaOpener.CreateForBackup(targets, DatabaseFiles.All(database));
        try
        {
            SqliteStatement statement = SqliteStatement.Backup(Path.GetFullPath(database));
            RunRequest request = new() { Direction = RunDirection.Backup, Media = media, Statement = statement };
            RunResult result = await context.Output.WithProgressAsync(
                "backup", DatabaseFiles.TotalBytes(database), () => request.Progress.BytesTransferred,
                new BackupProgram(SharedMemoryTransport.Default).RunAsync(request, context.CancellationToken)).ConfigureAwait(false);
            RunFailures.ThrowIfFailed(result, statement);
            Report(context.Output, database, targets, result, statement);
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

    private static void Validate(VerbContext context, string database, string[] targets)
    {
        if (targets.Length > MaxDeviceCount)
        {
            throw new CommandFailure(
                ExitCode.UsageError, $"--to is given {targets.Length} times, a set has at most {MaxDeviceCount} devices");
        }

        DatabaseFiles.RequireReadable(database);
        context.Output.IsStandardOutputTaken = targets.Contains(MediaOpener.Standard);
        if (context.Output.IsStandardOutputTaken && !Console.IsOutputRedirected)
        {
            throw new CommandFailure(
                ExitCode.UsageError, "standard output is a terminal, expected a pipe or a file",
                "redirect it: vdi backup ... --to - > shop.vdi");
        }
    }

    private static void Report(
        Reporter output, string database, string[] targets, RunResult result, SqliteStatement statement)
    {
        EngineReport engine = statement.Report!;
        double seconds = result.Elapsed.TotalSeconds;
        double transfer = (result.TransferElapsed + result.PublicationElapsed).TotalSeconds;
        BackupReport report = new()
        {
            Database = database,
            Targets = targets,
            SetName = result.SetName,
            BackupId = engine.BackupId.ToString("D"),
            BackupTime = engine.BackupTime,
            Bytes = result.BytesTransferred,
            DatabaseBytes = engine.DatabaseBytes,
            Commands = result.CommandCount,
            Seconds = seconds,
            TransferSeconds = transfer,
            BytesPerSecond = transfer > 0 ? result.BytesTransferred / transfer : 0,
            ProcessId = Environment.ProcessId,
            EngineProcessId = statement.ProcessId,
        };
        output.Result(report, console => RunTable.Draw(
            console, "backed up", database, "to", targets, report.Bytes, seconds, transfer, report.Commands,
            report.BackupTime, report.BackupId));
    }
}
