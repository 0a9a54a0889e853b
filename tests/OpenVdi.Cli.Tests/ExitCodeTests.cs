using System.CommandLine;
using System.Diagnostics;
using OpenVdi.Backup.Media;
using OpenVdi.Engines.Sqlite;

namespace OpenVdi.Cli.Tests;

/// <summary>Each exit code, provoked. Those of damaged backups are in <see cref="BackupAndRestoreTests"/>, those of
/// signals in <see cref="InterruptionTests"/>.</summary>
[Collection(ProcessTests.Name)]
public sealed class ExitCodeTests(TestDatabase database)
{
    private readonly string _folder = database.Folder();

    private string Target => Path.Combine(_folder, "shop.vdi");

    [Fact]
    public void Numbers_AreAPromise()
    {
        (string, int)[] expected =
        [
            ("Ok", 0), ("InternalError", 1), ("UsageError", 2), ("InputUnusable", 3), ("TargetRefused", 4), ("Busy", 5),
            ("MediumFailed", 6), ("DiskFull", 7), ("BackupDamaged", 8), ("BackupIncomplete", 9), ("BackupMismatch", 10),
            ("EngineFailed", 11), ("EngineDied", 12), ("InterfaceFailed", 13), ("NotEqual", 14),
            ("BenchmarkFailed", 15), ("BuildFailed", 16), ("Interrupted", 130), ("Terminated", 143),
        ];
        Assert.Equal(expected, Enum.GetValues<ExitCode>().Select(static code => (code.ToString(), (int)code)));
    }

    [Fact]
    public void Reference_HasEveryCodeWithItsMeaning()
    {
        string reference = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "reference", "exit-codes.md"));
        foreach (ExitCode code in Enum.GetValues<ExitCode>())
        {
            Assert.Contains($"| {(int)code} | `{ExitCodes.Name(code)}` | {ExitCodes.Meaning(code)} |", reference, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task InternalError_ADefectOfACommand_IsWordsAndNotACrash()
    {
        Verb verb = new("broken", "throws");
        verb.Runs(static _ => throw new InvalidOperationException("a defect"));
        Assert.Equal((int)ExitCode.InternalError, await verb.Parse([]).InvokeAsync());
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("backup --sqlite")]
    [InlineData("backup --sqlite x --to y --unknown")]
    [InlineData("restore --sqlite x")]
    [InlineData("unknown")]
    [InlineData("demo --size much")]
    [InlineData("demo --devices 65")]
    [InlineData("ps --sweep extra")]
    [InlineData("bench transport --bytes many")]
    [InlineData("bench transport --parts none")]
    [InlineData("native")]
    [InlineData("native path extra")]
    [InlineData("")]
    public void UsageError_AWrongCommandLine_IsToldInWords(string line) =>
        VdiProcess.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Expect(ExitCode.UsageError);

    [Fact]
    public void UsageError_Json_IsATypedObject()
    {
        VdiOutcome outcome = VdiProcess.Run("backup", "--json").Expect(ExitCode.UsageError);
        Assert.Equal("usage-error", Assert.Single(outcome.ErrorLines).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("backup")]
    [InlineData("restore")]
    [InlineData("demo")]
    [InlineData("ps")]
    [InlineData("bench transport")]
    [InlineData("native build")]
    [InlineData("native path")]
    public void Help_OfEachCommand_ShowsPurposeExamplesAndExitCodes(string verb)
    {
        string[] arguments = [.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];
        string help = VdiProcess.Run(arguments).Expect(ExitCode.Ok).Text;
        Assert.Contains("Examples:", help, StringComparison.Ordinal);
        Assert.Contains($"vdi {verb}".TrimEnd(), help, StringComparison.Ordinal);
        Assert.Contains("Exit codes:", help, StringComparison.Ordinal);
        Assert.Contains(ExitCodes.Meaning(ExitCode.UsageError), help, StringComparison.Ordinal);
    }

    [Fact]
    public void InputUnusable_NoDatabaseOrNoBackup_IsToldInWords()
    {
        Run("backup", "--sqlite", Path.Combine(_folder, "no.db"), "--to", Target).Expect(ExitCode.InputUnusable);
        string text = Path.Combine(_folder, "text");
        File.WriteAllText(text, "this is no database at all, only some text that goes on for a while");
        Run("backup", "--sqlite", text, "--to", Target).Expect(ExitCode.InputUnusable);
        Run("restore", "--sqlite", Path.Combine(_folder, "new.db"), "--from", Target).Expect(ExitCode.InputUnusable);
        Assert.Equal([text], Directory.GetFiles(_folder));
    }

    [Fact]
    public void TargetRefused_AFolderOrAnExistingDatabase_IsToldInWords()
    {
        Run("backup", "--sqlite", database.Path, "--to", _folder).Expect(ExitCode.TargetRefused);
        Run("backup", "--sqlite", database.Path, "--to", Path.Combine(_folder, "no", "x")).Expect(ExitCode.TargetRefused);
        Run("backup", "--sqlite", database.Path, "--to", database.Path).Expect(ExitCode.TargetRefused);
        Run("backup", "--sqlite", database.Path, "--to", Target).Expect(ExitCode.Ok);
        VdiOutcome outcome = Run("restore", "--sqlite", database.OtherPath, "--from", Target).Expect(ExitCode.TargetRefused);
        Assert.Contains("--replace", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(database.OtherHash, SqliteContentHash.Compute(database.OtherPath));
    }

    [Fact]
    public void Busy_AnotherRunWritesToTheTarget_IsToldInWords()
    {
        using FileMedium other = FileMedium.Create(Target);
        Run("backup", "--sqlite", database.Path, "--to", Target).Expect(ExitCode.Busy);
        other.Write("other"u8, 0);
        Assert.Null(other.Publish());
        other.Dispose();
        Assert.Equal("other", File.ReadAllText(Target));
    }

    [Fact]
    public void Busy_TheDatabaseToReplaceIsInUse_IsToldInWords()
    {
        Run("backup", "--sqlite", database.Path, "--to", Target).Expect(ExitCode.Ok);
        string used = Path.Combine(_folder, "used.db");
        File.Copy(database.OtherPath, used);
        using (Demo.Sqlite sqlite = Demo.Sqlite.Open(used))
        {
            sqlite.Execute("BEGIN IMMEDIATE; UPDATE customer SET credit = 0 WHERE id = 1;");
            Run("restore", "--sqlite", used, "--from", Target, "--replace").Expect(ExitCode.Busy);
            sqlite.Execute("ROLLBACK");
        }

        Assert.Equal(database.OtherHash, SqliteContentHash.Compute(used));
    }

    [Fact]
    public void MediumFailed_TheReaderOfThePipeGoes_IsToldInWords()
    {
        using VdiProcess vdi = VdiProcess.Start("backup", "--quiet", "--sqlite", database.LargePath, "--to", "-", "--to", Target);
        Assert.Equal(1000, vdi.Read(1000).Length);
        vdi.Output.Close();
        Assert.True(vdi.Process.WaitForExit(TimeSpan.FromSeconds(60)), "vdi did not end after its reader had gone");
        Assert.Equal((int)ExitCode.MediumFailed, vdi.Process.ExitCode);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void DiskFull_ATargetWithoutSpace_IsToldInWordsAndLeavesNothing()
    {
        VdiOutcome outcome = Run("backup", "--sqlite", database.Path, "--to", "/dev/full", "--to", Target).Expect(ExitCode.DiskFull);
        Assert.Contains("no space left", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("HINT", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void EngineDied_TheEngineIsKilled_IsToldInWordsAndLeavesNothing()
    {
        using VdiProcess vdi = VdiProcess.Start("backup", "--quiet", "--sqlite", database.LargePath, "--to", "-", "--to", Target);
        Assert.Equal(1000, vdi.Read(1000).Length);
        using Process engine = vdi.Engine();
        VdiProcess.Signal(engine.Id, VdiProcess.SigKill);
        VdiOutcome outcome = vdi.Finish().Expect(ExitCode.EngineDied);
        Assert.Contains("signal 9", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void InterfaceFailed_AnEngineWithoutASet_IsToldInItsReport()
    {
        using VdiProcess engine = VdiProcess.Start(
            "engine", "sqlite-backup", "--database", database.Path, "--device", $"no-such-set-{Guid.NewGuid()}",
            "--open-timeout", "0");
        // Its standard input stays open: that is its lease of life.
        Assert.True(engine.Process.WaitForExit(TimeSpan.FromSeconds(60)), "the engine did not give up");
        VdiOutcome outcome = engine.Finish().Expect(ExitCode.InterfaceFailed);
        Assert.Equal("engine", Assert.Single(outcome.Lines).GetProperty("type").GetString());
    }

    private static VdiOutcome Run(params string[] arguments) => VdiProcess.Run([.. arguments, "--quiet"]);
}
