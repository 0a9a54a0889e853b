using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;
using Xunit.Abstractions;

namespace OpenVdi.Engines.Tests.Sqlite;

[UnsupportedOSPlatform("windows")]
public sealed class EngineRestoreTests(ITestOutputHelper output) : EngineTestBase
{
    [Fact]
    public void Restore_FailingRead_ThrowsTheCode()
    {
        Database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(2, static request => request, null);
        for (int at = 1; at < 8; at++)
        {
            int fault = at;
            using var client = new ScriptedClient(Transport, 2);
            Load(client, streams);
            client.Fault = (number, _) => number == fault ? CompletionCode.BusReset : null;
            client.Start();
            SqliteEngineException exception = Assert.Throws<SqliteEngineException>(
                () => SqliteEngine.Restore(
                    RestoreRequest(client, Database.In("target.db")) with { MaxTransferSizeBytes = 65536 }));
            Assert.Equal((SqliteFailureKind.DeviceFailed, CompletionCode.BusReset), (exception.Kind, exception.CompletionCode));
            client.Finish();
            Database.AssertNoTemporaryFiles();
        }
    }

    [Fact]
    public void Restore_AlteredOrCutOrMissingOrForeign_IsReportedAndTheTargetStays()
    {
        Database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(2, static request => request, null);
        (_, byte[][] others) = Backup(2, static request => request, null);
        string target = Database.In("target.db");
        using (SqliteConnection old = TestDatabase.Connect(target))
        {
            TestDatabase.Execute(old, "PRAGMA journal_mode = wal; CREATE TABLE old(x); INSERT INTO old VALUES (1);");
        }

        string before = SqliteContentHash.Compute(target);
        byte[] altered = [.. streams[1]];
        altered[altered.Length / 2] ^= 1;
        var cases = new (byte[][] Streams, SqliteFailureKind Kind)[]
        {
            ([streams[0], altered], SqliteFailureKind.MediaDamaged),
            ([streams[0], streams[1][..^600]], SqliteFailureKind.MediaIncomplete),
            ([streams[0], []], SqliteFailureKind.MediaIncomplete),
            ([streams[0]], SqliteFailureKind.MediaIncomplete),
            ([streams[0], others[1]], SqliteFailureKind.MediaMismatch),
            ([streams[0], streams[0]], SqliteFailureKind.MediaMismatch),
            ([streams[0], streams[1], others[0]], SqliteFailureKind.MediaMismatch),
            ([streams[0], new byte[5000]], SqliteFailureKind.MediaMismatch),
        };
        foreach ((byte[][] media, SqliteFailureKind kind) in cases)
        {
            using var client = new ScriptedClient(Transport, media.Length);
            Load(client, media);
            client.Start();
            SqliteEngineException exception = Assert.Throws<SqliteEngineException>(
                () => SqliteEngine.Restore(RestoreRequest(client, target) with { Replace = true }));
            output.WriteLine(exception.Message);
            Assert.Equal(kind, exception.Kind);
            client.Finish();
            Assert.Contains(exception.Problem, client.Abort!.Detail, StringComparison.Ordinal);
            Database.AssertNoTemporaryFiles();
            Assert.Equal(before, SqliteContentHash.Compute(target));
            using SqliteConnection old = TestDatabase.Connect(target);
            Assert.Equal("wal", TestDatabase.Query<string>(old, "PRAGMA journal_mode"));
        }
    }

    [Fact]
    public void Restore_TargetExists_IsRefusedBeforeTheSetIsTouched()
    {
        Database.Create().Dispose();
        using var client = new ScriptedClient(Transport, 1);
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(
            () => SqliteEngine.Restore(RestoreRequest(client, Database.Path)));
        Assert.Equal(SqliteFailureKind.TargetExists, exception.Kind);
        File.Move(Database.Path, Database.In("moved.db"));
        File.WriteAllText(Database.Path + "-journal", "left behind");
        Assert.Equal(
            SqliteFailureKind.TargetExists,
            SnapshotTests.FailureOf(() => SqliteEngine.Restore(RestoreRequest(client, Database.Path))));
        Assert.Null(client.Abort);
    }

    [Fact]
    public void Restore_ReplaceWhileInUse_IsTargetBusyBeforeTheSetIsTouched()
    {
        using SqliteConnection connection = Database.Create();
        using var client = new ScriptedClient(Transport, 1);
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(() => SqliteEngine.Restore(
            RestoreRequest(client, Database.Path) with { Replace = true, LockTimeout = TimeSpan.Zero }));
        Assert.Equal(SqliteFailureKind.TargetBusy, exception.Kind);
        Assert.Null(client.Abort);
        TestDatabase.Execute(connection, "DELETE FROM entry");
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    public void Restore_Replace_LeavesNoLogOfTheOldDatabaseAndKeepsTheMode(string journalMode)
    {
        using (Database.Create(rows: 500))
        {
        }

        (SqliteOperationResult backup, byte[][] streams) = Backup(1, static request => request with { ComputeContentHash = true }, null);
        string target = Database.In("target.db");
        using (SqliteConnection old = TestDatabase.Connect(target))
        {
            TestDatabase.Execute(old, $"PRAGMA journal_mode = {journalMode}; CREATE TABLE old(x); INSERT INTO old VALUES (1);");
            if (journalMode == "wal")
            {
                // As a crash leaves it: a log whose frames are not in the file.
                File.Copy(target + "-wal", Database.In("kept-wal"));
                File.Copy(target, Database.In("kept"));
            }
        }

        if (journalMode == "wal")
        {
            File.Copy(Database.In("kept-wal"), target + "-wal", overwrite: true);
            File.Copy(Database.In("kept"), target, overwrite: true);
        }

        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        SqliteOperationResult restore = Restore(
            target, streams, static request => request with { Replace = true }, null);
        Assert.False(File.Exists(target + "-wal"));
        Assert.False(File.Exists(target + "-shm"));
        Assert.False(File.Exists(target + "-journal"));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(target));
        Assert.Equal(backup.ContentHash, SqliteContentHash.Compute(target));
        Assert.Equal(backup.PageCount, restore.PageCount);
        TestDatabase.AssertIntact(target);
    }

    [Fact]
    public void Restore_ReplaceOfWhatIsNoDatabase_Succeeds()
    {
        Database.Create().Dispose();
        (_, byte[][] streams) = Backup(1, static request => request, null);
        string target = Database.In("target.db");
        File.WriteAllText(target, new string('x', 5000));
        Restore(target, streams, static request => request with { Replace = true }, null);
        TestDatabase.AssertIntact(target);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Restore_TargetAppearsMeanwhile_IsNotReplaced(bool isJournal)
    {
        Database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(1, static request => request, null);
        string intruder = Database.In("target.db") + (isJournal ? "-journal" : string.Empty);
        using var client = new ScriptedClient(Transport, 1);
        Load(client, streams);
        client.Fault = (number, _) =>
        {
            if (number == 2)
            {
                File.WriteAllText(intruder, "somebody else's");
            }

            return null;
        };
        client.Start();
        Assert.Equal(
            SqliteFailureKind.TargetExists,
            SnapshotTests.FailureOf(() => SqliteEngine.Restore(RestoreRequest(client, Database.In("target.db")))));
        client.Finish();
        Assert.Equal("somebody else's", File.ReadAllText(intruder));
        Database.AssertNoTemporaryFiles();
    }

    [Fact]
    public void Restore_ThroughALink_ReplacesWhatItPointsTo()
    {
        Database.Create().Dispose();
        (_, byte[][] streams) = Backup(1, static request => request, null);
        string target = Database.In("target.db");
        File.CreateSymbolicLink(Database.In("link.db"), target);
        Restore(Database.In("link.db"), streams, static request => request, null);
        Restore(Database.In("link.db"), streams, static request => request with { Replace = true }, null);
        TestDatabase.AssertIntact(target);
        Assert.Equal(target, new FileInfo(Database.In("link.db")).LinkTarget);
    }

    [Fact]
    public void Restore_NoDirectory_IsTargetUnwritable()
    {
        using var client = new ScriptedClient(Transport, 1);
        Assert.Equal(
            SqliteFailureKind.TargetUnwritable,
            SnapshotTests.FailureOf(() => SqliteEngine.Restore(RestoreRequest(client, Database.In("none/target.db")))));
    }
}
