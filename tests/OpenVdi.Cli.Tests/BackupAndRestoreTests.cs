using System.Text.Json;
using OpenVdi.Engines.Sqlite;

namespace OpenVdi.Cli.Tests;

[Collection(ProcessTests.Name)]
public sealed class BackupAndRestoreTests(TestDatabase database)
{
    private readonly string _folder = database.Folder();

    private string Restored => Path.Combine(_folder, "restored.db");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void BackupThenRestore_SeveralTargets_IsTheSameDatabase(int targetCount)
    {
        string[] targets = Stripes(targetCount);
        VdiOutcome backup = BackUp(targets).Expect(ExitCode.Ok);
        Assert.Contains("backed up", backup.Text, StringComparison.Ordinal);
        Assert.All(targets, target => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(target)));
        Assert.Equal(targets.Length, Directory.GetFiles(_folder).Length);

        // In any order: each stripe knows its place.
        Restore(targets.Reverse()).Expect(ExitCode.Ok);
        Assert.Equal(database.Hash, SqliteContentHash.Compute(Restored));
    }

    [Fact]
    public void BackupThenRestore_ThroughPipes_IsTheSameDatabase()
    {
        VdiOutcome backup = BackUp("-").Expect(ExitCode.Ok);
        Assert.Contains("backed up", backup.Error, StringComparison.Ordinal);
        Assert.True(backup.Output.Length > TestDatabase.SizeBytes / 2);

        using VdiProcess restore = VdiProcess.Start("restore", "--sqlite", Restored, "--from", "-", "--quiet");
        restore.Input.Write(backup.Output);
        restore.Finish().Expect(ExitCode.Ok);
        Assert.Equal(database.Hash, SqliteContentHash.Compute(Restored));
    }

    [Fact]
    public void BackupThenRestore_OneStripeThroughAPipeAndOneToAFile_IsTheSameDatabase()
    {
        string file = Path.Combine(_folder, "stripe.2");
        VdiOutcome backup = BackUp("-", file).Expect(ExitCode.Ok);
        string first = Path.Combine(_folder, "stripe.1");
        File.WriteAllBytes(first, backup.Output);
        Restore([first, file]).Expect(ExitCode.Ok);
        Assert.Equal(database.Hash, SqliteContentHash.Compute(Restored));
    }

    [Fact]
    public void Backup_Json_IsOneTypedObjectPerLine()
    {
        string[] targets = Stripes(2);
        VdiOutcome outcome = VdiProcess.Run(
            ["backup", "--sqlite", database.Path, "--json", .. targets.SelectMany(static target => new[] { "--to", target })])
            .Expect(ExitCode.Ok);
        JsonElement report = Assert.Single(outcome.Lines);
        Assert.Equal("backup", report.GetProperty("type").GetString());
        Assert.Equal(targets.Sum(static target => new FileInfo(target).Length), report.GetProperty("bytes").GetInt64());
        Assert.True(report.GetProperty("commands").GetInt64() > 2);
        Assert.NotEqual(report.GetProperty("processId").GetInt32(), report.GetProperty("engineProcessId").GetInt32());
        Assert.All(outcome.ErrorLines, static line => Assert.Equal("progress", line.GetProperty("type").GetString()));

        VdiOutcome restore = VdiProcess.Run(
            ["restore", "--sqlite", Restored, "--json", .. targets.SelectMany(static target => new[] { "--from", target })])
            .Expect(ExitCode.Ok);
        Assert.Equal("restore", Assert.Single(restore.Lines).GetProperty("type").GetString());
        Assert.Equal(report.GetProperty("backupId").GetString(), restore.Lines[0].GetProperty("backupId").GetString());
    }

    [Fact]
    public void Backup_JsonToAPipe_PutsTheResultOnStandardError()
    {
        VdiOutcome outcome = VdiProcess.Run("backup", "--sqlite", database.Path, "--to", "-", "--json").Expect(ExitCode.Ok);
        Assert.Equal("backup", outcome.ErrorLines[^1].GetProperty("type").GetString());
        Assert.Equal(outcome.Output.Length, outcome.ErrorLines[^1].GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void Backup_OverAnExistingTarget_ReplacesIt()
    {
        string[] targets = Stripes(1);
        File.WriteAllText(targets[0], "old");
        BackUp(targets).Expect(ExitCode.Ok);
        Restore(targets).Expect(ExitCode.Ok);
        Assert.Equal(database.Hash, SqliteContentHash.Compute(Restored));
    }

    [Fact]
    public void Restore_WithReplace_ReplacesTheDatabase()
    {
        string[] targets = Stripes(2);
        BackUp(targets).Expect(ExitCode.Ok);
        File.Copy(database.OtherPath, Restored);
        Restore(targets, "--replace").Expect(ExitCode.Ok);
        Assert.Equal(database.Hash, SqliteContentHash.Compute(Restored));
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void Restore_DamagedMissingAndMixedStripes_AreToldBeforeTheTargetIsTouched()
    {
        string[] one = Stripes(2);
        BackUp(one).Expect(ExitCode.Ok);
        string[] two = [.. one.Select(static path => path + ".other")];
        BackUp(two).Expect(ExitCode.Ok);
        File.Copy(database.OtherPath, Restored);

        Refuse([one[0]], ExitCode.BackupIncomplete, "stripe");
        Refuse([one[0], two[1]], ExitCode.BackupMismatch, "");
        Refuse([database.Path, one[1]], ExitCode.BackupMismatch, "");

        byte[] bytes = File.ReadAllBytes(one[1]);
        string damaged = Path.Combine(_folder, "damaged");
        File.WriteAllBytes(damaged, bytes[..(bytes.Length / 2)]);
        Refuse([one[0], damaged], ExitCode.BackupIncomplete, "");
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        Refuse([one[0], damaged], ExitCode.BackupDamaged, "");
        File.WriteAllBytes(damaged, []);
        Refuse([one[0], damaged], ExitCode.BackupIncomplete, "");
        Restore(one, "--replace").Expect(ExitCode.Ok);
        Assert.Equal(database.Hash, SqliteContentHash.Compute(Restored));
    }

    private void Refuse(string[] sources, ExitCode expected, string words)
    {
        VdiOutcome outcome = Restore(sources, "--replace").Expect(expected);
        Assert.Contains(words, outcome.Error, StringComparison.Ordinal);
        Assert.Equal(database.OtherHash, SqliteContentHash.Compute(Restored));
        Assert.DoesNotContain(Directory.GetFiles(_folder), static path => path.Contains("restoring", StringComparison.Ordinal));
    }

    private string[] Stripes(int count) =>
        [.. Enumerable.Range(1, count).Select(number => Path.Combine(_folder, $"stripe.{number}"))];

    private VdiOutcome BackUp(params string[] targets) => VdiProcess.Run(
        ["backup", "--quiet", "--sqlite", database.Path, .. targets.SelectMany(static target => new[] { "--to", target })]);

    private VdiOutcome Restore(IEnumerable<string> sources, params string[] more) => VdiProcess.Run(
        ["restore", "--quiet", "--sqlite", Restored, .. more, .. sources.SelectMany(static source => new[] { "--from", source })]);
}
