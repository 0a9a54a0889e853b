using System.Diagnostics;
using OpenVdi.Backup;
using OpenVdi.Backup.Media;
using OpenVdi.Cli.Engine;
using OpenVdi.Cli.Output;
using OpenVdi.Engines.Sqlite;
using OpenVdi.SharedMemory;

namespace OpenVdi.Cli.Demo;

/// <summary>The demonstration, step by step. This process is the backup program; the engine and the writers have
/// processes of their own.</summary>
internal sealed class DemoRun(DemoRequest request, Reporter output, CancellationToken cancellationToken)
{
    private readonly string _database = Path.Combine(request.Folder, "shop.db");
    private readonly string _restored = Path.Combine(request.Folder, "restored.db");
    private readonly string _copy = Path.Combine(request.Folder, "copy.db");

    /// <summary>Does it all.</summary>
    public async Task<DemoReport> ExecuteAsync()
    {
        await MakeDatabaseAsync().ConfigureAwait(false);
        (Part backup, Commits commits) = await BackUpWhileWrittenAsync().ConfigureAwait(false);
        Part restore = await RunAsync(RunDirection.Restore, "restore").ConfigureAwait(false);
        (string integrity, string restoredHash) = await ProveAsync().ConfigureAwait(false);
        Rounds rounds = await CompareAsync().ConfigureAwait(false);

        EngineReport engine = backup.Statement.Report!;
        return new DemoReport
        {
            IsEqual = integrity == "ok" && engine.ContentHash == restoredHash,
            BackupHash = engine.ContentHash ?? string.Empty,
            RestoredHash = restoredHash,
            IntegrityCheck = integrity,
            Devices = request.DeviceCount,
            DatabaseBytes = engine.DatabaseBytes,
            LogPages = engine.LogPageCount,
            BackupBytes = backup.Result.BytesTransferred,
            BackupSeconds = backup.Seconds,
            BackupBytesPerSecond = backup.Result.BytesTransferred / backup.Seconds,
            BackupCommands = backup.Result.CommandCount,
            RestoreSeconds = restore.Seconds,
            RestoreBytesPerSecond = restore.Result.BytesTransferred / restore.Seconds,
            RestoreCommands = restore.Result.CommandCount,
            Writers = request.WriterCount,
            CommitsDuringBackup = commits.DuringBackup,
            CommitsInAll = commits.InAll,
            Rounds = request.RoundCount,
            QuietBackupSeconds = rounds.BackupSeconds,
            PlainCopySeconds = rounds.CopySeconds,
            RatioToPlainCopy = rounds.Ratio,
            RatioMeaning = RatioMeaning,
            ProcessId = Environment.ProcessId,
            BackupEngineProcessId = backup.Statement.ProcessId,
            RestoreEngineProcessId = restore.Statement.ProcessId,
            WriterProcessId = commits.ProcessId,
        };
    }

    /// <summary>What the ratio compares.</summary>
    public const string RatioMeaning =
        "throughput of the backup divided by that of a plain copy of the same database file: no writers, warm cache, rounds "
        + "that alternate which comes first, median of the rounds' ratios; both end durably (fsync, rename over an existing "
        + "file, fsync of the folder); the copy is one thread with 1 MiB pieces; the start of processes is in neither";

    private async Task MakeDatabaseAsync()
    {
        using DemoDatabase database = DemoDatabase.Create(_database, request.Seed);
        await output.WithProgressAsync(
            "make the database", request.SizeBytes, () => database.BytesDone,
            OnThread(() =>
            {
                database.Fill(request.SizeBytes, cancellationToken);
                return 0;
            })).ConfigureAwait(false);
    }

    private async Task<(Part Backup, Commits Commits)> BackUpWhileWrittenAsync()
    {
        if (request.WriterCount == 0)
        {
            return (await RunAsync(RunDirection.Backup, "backup").ConfigureAwait(false), new Commits(0, 0, 0));
        }

        WriterProcess writers = await WriterProcess.StartAsync(
            _database, request.WriterCount, request.Seed, cancellationToken).ConfigureAwait(false);
        await using (writers.ConfigureAwait(false))
        {
            long before = await writers.CountCommitsAsync(cancellationToken).ConfigureAwait(false);
            Part backup = await RunAsync(RunDirection.Backup, "backup").ConfigureAwait(false);
            long after = await writers.CountCommitsAsync(cancellationToken).ConfigureAwait(false);
            long all = await writers.StopAsync(cancellationToken).ConfigureAwait(false);
            return (backup, new Commits(after - before, all, writers.ProcessId));
        }
    }

    private async Task<Part> RunAsync(RunDirection direction, string activity, bool isMeasuredOnly = false)
    {
        string[] stripes = [.. Enumerable.Range(1, request.DeviceCount)
            .Select(number => Path.Combine(request.Folder, $"shop.{number}.vdi"))];
        bool isBackup = direction == RunDirection.Backup;
        IReadOnlyList<Medium> media = isBackup
            ? MediaOpener.CreateForBackup(stripes)
            : MediaOpener.OpenForRestore(stripes);
        try
        {
            SqliteStatement statement = isBackup
                ? SqliteStatement.Backup(_database, computeContentHash: !isMeasuredOnly)
                : SqliteStatement.Restore(_restored, replace: false);
            RunRequest run = new() { Direction = direction, Media = media, Statement = statement };
            Task<RunResult> running = new BackupProgram(SharedMemoryTransport.Default).RunAsync(run, cancellationToken);
            RunResult result = isMeasuredOnly
                ? await running.ConfigureAwait(false)
                : await output.WithProgressAsync(
                    activity, request.SizeBytes, () => run.Progress.BytesTransferred, running).ConfigureAwait(false);
            RunFailures.ThrowIfFailed(result, statement);

            // A restore is durable when the engine says so; a backup when its files have their names.
            double seconds = isBackup
                ? (result.TransferElapsed + result.PublicationElapsed).TotalSeconds
                : statement.Report!.Seconds;
            return new Part(result, statement, seconds);
        }
        finally
        {
            foreach (Medium medium in media)
            {
                medium.Dispose();
            }
        }
    }

    // The engine hashed its own snapshot within its read transaction; the restored file is hashed here, from the file.
    private async Task<(string Integrity, string Hash)> ProveAsync()
    {
        output.Note("check the restored database: integrity and content hash");
        return await OnThread(() =>
        {
            if (request.IsSabotaged)
            {
                using Sqlite sqlite = Sqlite.Open(_restored);
                sqlite.Execute("UPDATE customer SET credit = credit + 1 WHERE id = 1");
            }

            string hash = SqliteContentHash.Compute(_restored);
            using Sqlite restored = Sqlite.Open(_restored);
            return (restored.Value("PRAGMA integrity_check(1)"), hash);
        }).ConfigureAwait(false);
    }

    private async Task<Rounds> CompareAsync()
    {
        if (request.RoundCount == 0)
        {
            return new Rounds(0, 0, 0);
        }

        output.Note($"compare with a plain copy: {request.RoundCount} rounds");
        using (Sqlite sqlite = Sqlite.Open(_database))
        {
            // All pages into the file, so that both sides read the same bytes from the same place.
            sqlite.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        // Both targets exist from here on, and the cache is warm.
        await OnThread(() => PlainCopy.Measure(_database, _copy)).ConfigureAwait(false);
        List<double> backups = [];
        List<double> copies = [];
        List<double> ratios = [];
        for (int round = 0; round < request.RoundCount; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool copyFirst = round % 2 == 0;
            double copy = copyFirst ? await CopySecondsAsync().ConfigureAwait(false) : 0;
            Part backup = await RunAsync(RunDirection.Backup, "backup", isMeasuredOnly: true).ConfigureAwait(false);
            copy = copyFirst ? copy : await CopySecondsAsync().ConfigureAwait(false);
            backups.Add(backup.Seconds);
            copies.Add(copy);
            ratios.Add(copy / backup.Seconds);
        }

        return new Rounds(Median(backups), Median(copies), Median(ratios));
    }

    private async Task<double> CopySecondsAsync() =>
        (await OnThread(() => PlainCopy.Measure(_database, _copy)).ConfigureAwait(false)).TotalSeconds;

    private static double Median(List<double> values)
    {
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private static Task<T> OnThread<T>(Func<T> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private sealed record Part(RunResult Result, SqliteStatement Statement, double Seconds);

    private sealed record Commits(long DuringBackup, long InAll, int ProcessId);

    private sealed record Rounds(double BackupSeconds, double CopySeconds, double Ratio);
}
