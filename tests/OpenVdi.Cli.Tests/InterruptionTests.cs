using System.Diagnostics;
using System.Text.Json;
using OpenVdi.Engines.Sqlite;
using Xunit.Abstractions;

namespace OpenVdi.Cli.Tests;

/// <summary>Signals at random moments. The moment is a number of bytes through a pipe, so it needs no clock.</summary>
[Collection(ProcessTests.Name)]
public sealed class InterruptionTests(TestDatabase database, ITestOutputHelper output)
{
    private const int RoundCount = 6;

    // The pipe takes 1 MiB beyond what is read: up to here, a backup through it alone cannot come to its end while nobody
    // reads on. With a second target it can, for a fast device gets what the stopped one does not take.
    private const int MaxMomentBytes = 512 << 10;

    private readonly string _folder = database.Folder();

    private string Restored => Path.Combine(_folder, "restored.db");

    [Theory]
    [InlineData(VdiProcess.SigInt, ExitCode.Interrupted)]
    [InlineData(VdiProcess.SigTerm, ExitCode.Terminated)]
    internal void Backup_Signalled_EndsWithItsCodeAndLeavesEverythingAsItWas(int signal, ExitCode expected)
    {
        string target = Path.Combine(_folder, "stripe.2");
        File.WriteAllText(target, "old");
        foreach (int count in Moments(signal))
        {
            using (VdiProcess alone = StartBackup())
            {
                alone.Read(count);
                alone.Signal(signal);
                alone.AwaitEnd();
                alone.Finish().Expect(expected);
            }

            using VdiProcess vdi = StartBackup(target);
            vdi.Read(count);
            vdi.TrySignal(signal);
            VdiOutcome outcome = vdi.Finish();
            AssertOldOrComplete(target, outcome, (int)expected);
            Assert.Equal([target], Directory.GetFiles(_folder));
        }
    }

    [Fact]
    public void Backup_Killed_LeavesNothingThatLooksCompleteAndTheNextRunRemovesTheRest()
    {
        string target = Path.Combine(_folder, "stripe.2");
        File.WriteAllText(target, "old");
        foreach (int count in Moments(VdiProcess.SigKill))
        {
            using (VdiProcess alone = StartBackup())
            {
                alone.Read(count);
                using Process engine = alone.Engine();
                alone.Signal(VdiProcess.SigKill);
                alone.Finish();
                Assert.True(engine.WaitForExit(TimeSpan.FromSeconds(30)), "the engine outlived its starter");
            }

            using VdiProcess vdi = StartBackup(target);
            vdi.Read(count);
            vdi.TrySignal(VdiProcess.SigKill);
            AssertOldOrComplete(target, vdi.Finish(), 128 + VdiProcess.SigKill);
            Assert.All(
                Directory.GetFiles(_folder),
                path => Assert.True(path == target || path.EndsWith(".partial", StringComparison.Ordinal), path));
        }

        VdiProcess.Run("backup", "--quiet", "--sqlite", database.Path, "--to", target).Expect(ExitCode.Ok);
        Assert.Equal([target], Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData(VdiProcess.SigInt, ExitCode.Interrupted)]
    [InlineData(VdiProcess.SigTerm, ExitCode.Terminated)]
    internal void Restore_Signalled_EndsWithItsCodeAndLeavesTheDatabaseAsItWas(int signal, ExitCode expected)
    {
        byte[] backup = BackUp();
        File.Copy(database.OtherPath, Restored);
        foreach (int count in Moments(signal))
        {
            using VdiProcess vdi = StartRestore(backup.AsSpan(0, Math.Min(count, backup.Length - 1)));
            vdi.Signal(signal);
            vdi.AwaitEnd();
            vdi.Finish().Expect(expected);
            Assert.Equal(database.OtherHash, SqliteContentHash.Compute(Restored));
            Assert.Equal([Restored], Directory.GetFiles(_folder).Where(static path => !IsSqliteSideFile(path)));
        }
    }

    [Fact]
    public void Restore_Killed_LeavesTheDatabaseAsItWasAndTheNextRunRemovesTheRest()
    {
        byte[] backup = BackUp();
        File.Copy(database.OtherPath, Restored);
        foreach (int count in Moments(VdiProcess.SigKill))
        {
            using VdiProcess vdi = StartRestore(backup.AsSpan(0, Math.Min(count, backup.Length - 1)));
            using Process engine = vdi.Engine();
            // One of the two at a time, in turn.
            VdiProcess.Signal(count % 2 == 0 ? vdi.Process.Id : engine.Id, VdiProcess.SigKill);
            Assert.True(engine.WaitForExit(TimeSpan.FromSeconds(30)), "the engine outlived its starter");
            vdi.Finish();
            Assert.Equal(database.OtherHash, SqliteContentHash.Compute(Restored));
        }

        using VdiProcess whole = StartRestore(backup);
        whole.Finish().Expect(ExitCode.Ok);
        Assert.Equal(database.Hash, SqliteContentHash.Compute(Restored));
        Assert.Equal([Restored], Directory.GetFiles(_folder).Where(static path => !IsSqliteSideFile(path)));
    }

    [Fact]
    public void Ps_WhileABackupRuns_ListsItsSet()
    {
        using VdiProcess vdi = StartBackup();
        vdi.Read(1000);
        using Process engine = vdi.Engine();
        JsonElement set = Assert.Single(
            VdiProcess.Run("ps", "--json").Expect(ExitCode.Ok).Lines,
            line => line.GetProperty("primaryProcessId").GetInt32() == vdi.Process.Id);
        Assert.Equal("set", set.GetProperty("type").GetString());
        Assert.Equal(engine.Id, set.GetProperty("serverProcessId").GetInt32());
        Assert.Equal(1, set.GetProperty("devices").GetInt32());
        Assert.False(set.GetProperty("isRemnant").GetBoolean());
        Assert.Contains(set.GetProperty("name").GetString()!, VdiProcess.Run("ps").Expect(ExitCode.Ok).Text, StringComparison.Ordinal);
        vdi.Finish().Expect(ExitCode.Ok);
        string list = VdiProcess.Run("ps").Expect(ExitCode.Ok).Text;
        Assert.DoesNotContain(set.GetProperty("name").GetString()!, list, StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_Small_IsEqualAndLeavesNothing()
    {
        VdiOutcome outcome = VdiProcess.Run(
            "demo", "--size", "16MiB", "--devices", "3", "--rounds", "1", "--dir", _folder, "--json", "--quiet").Expect(ExitCode.Ok);
        JsonElement report = Assert.Single(outcome.Lines);
        Assert.True(report.GetProperty("isEqual").GetBoolean());
        Assert.Equal("ok", report.GetProperty("integrityCheck").GetString());
        Assert.Equal(3, report.GetProperty("devices").GetInt32());
        Assert.True(report.GetProperty("commitsInAll").GetInt64() > 0);
        Assert.True(report.GetProperty("databaseBytes").GetInt64() > 12 << 20);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Demo_Sabotaged_IsNotEqual()
    {
        VdiOutcome outcome = VdiProcess.Run(
            "demo", "--size", "2MiB", "--rounds", "0", "--writers", "0", "--dir", _folder, "--quiet", "--sabotage")
            .Expect(ExitCode.NotEqual);
        Assert.Contains("NOT equal", outcome.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Demo_Interrupted_LeavesNothing()
    {
        using VdiProcess vdi = VdiProcess.Start("demo", "--size", "1GiB", "--dir", _folder, "--quiet");
        // The moment when its folder is there: then it makes the database.
        using FileSystemWatcher watcher = new(_folder) { IncludeSubdirectories = false };
        if (Directory.GetFileSystemEntries(_folder).Length == 0)
        {
            watcher.WaitForChanged(WatcherChangeTypes.Created, 30_000);
        }

        vdi.Signal(VdiProcess.SigInt);
        vdi.Finish().Expect(ExitCode.Interrupted);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    private List<int> Moments(int seed)
    {
        Random random = new(seed);
        List<int> moments = [.. Enumerable.Range(0, RoundCount).Select(_ => random.Next(1, MaxMomentBytes))];
        output.WriteLine($"seed {seed}: after {string.Join(", ", moments)} bytes");
        return moments;
    }

    // The first stripe goes through a pipe that we read: when we stop, the backup stops in its middle.
    private VdiProcess StartBackup(params string[] targets) =>
        VdiProcess.Start(
        [
            "backup", "--quiet", "--sqlite", database.LargePath, "--to", "-",
            .. targets.SelectMany(static target => new[] { "--to", target }),
        ]);

    // The signal came in time, and nothing has changed; or after the end, and the backup is whole and in its place.
    private void AssertOldOrComplete(string target, VdiOutcome outcome, int interrupted)
    {
        string content = File.ReadAllText(target);
        if (outcome.ExitCode == (int)ExitCode.Ok)
        {
            Assert.NotEqual("old", content);
            File.WriteAllText(target, "old");
        }
        else
        {
            Assert.Equal(interrupted, outcome.ExitCode);
            Assert.Equal("old", content);
        }

        output.WriteLine($"beside a file: exit code {outcome.ExitCode}");
    }

    private VdiProcess StartRestore(ReadOnlySpan<byte> bytes)
    {
        VdiProcess vdi = VdiProcess.Start("restore", "--quiet", "--sqlite", Restored, "--from", "-", "--replace");
        vdi.Input.Write(bytes);
        vdi.Input.Flush();
        return vdi;
    }

    private byte[] BackUp() => VdiProcess.Run("backup", "--quiet", "--sqlite", database.Path, "--to", "-").Expect(ExitCode.Ok).Output;

    private static bool IsSqliteSideFile(string path) =>
        path.EndsWith("-wal", StringComparison.Ordinal) || path.EndsWith("-shm", StringComparison.Ordinal);
}
