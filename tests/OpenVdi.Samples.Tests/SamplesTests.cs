using System.Text.RegularExpressions;

namespace OpenVdi.Samples.Tests;

/// <summary>The samples as two processes over shared memory: what they back up they restore. The backup program in C# and
/// the one in C++ may each stand in for the other.</summary>
public sealed partial class SamplesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("openvdi-samples-").FullName;
    private readonly string _set = $"openvdi-samples-{Guid.NewGuid():N}";

    [Theory]
    [InlineData(1, 5_000_001, "BackupProgram", "BackupProgram")]
    [InlineData(3, 7_654_321, "BackupProgram", "BackupProgram")]
    [InlineData(2, 1, "BackupProgram", "BackupProgram")]
    [InlineData(1, 0, "BackupProgram", "BackupProgram")]
    [InlineData(1, 5_000_001, CppSample.Name, CppSample.Name)]
    [InlineData(4, 7_654_321, CppSample.Name, CppSample.Name)]
    [InlineData(3, 7_654_321, CppSample.Name, "BackupProgram")]
    [InlineData(3, 7_654_321, "BackupProgram", CppSample.Name)]
    public void BackupAndRestore_OfAFile_GivesAnEqualFile(int deviceCount, int databaseBytes, string keeper, string giver)
    {
        string database = WriteDatabase(databaseBytes);
        string restored = Path.Combine(_folder, "restored");
        string[] files = [.. Enumerable.Range(0, deviceCount).Select(i => Path.Combine(_folder, $"stripe-{i}"))];
        Assert.Equal((0, 0), Run("backup", database, files, trace: null, out string errors, keeper));
        Assert.Equal(string.Empty, errors);
        Assert.Equal((0, 0), Run("restore", restored, files, trace: null, out errors, giver));
        Assert.Equal(string.Empty, errors);
        Assert.Equal(File.ReadAllBytes(database), File.ReadAllBytes(restored));
        Assert.All(files, static file => Assert.Equal(0, new FileInfo(file).Length % 512));
    }

    // Both processes append to one file; each call and each command of each half is a line.
    [Fact]
    public void Trace_OfBothProcesses_HasALinePerCallAndCommand()
    {
        string trace = Path.Combine(_folder, "trace");
        string[] files = [Path.Combine(_folder, "stripe-0"), Path.Combine(_folder, "stripe-1")];
        Assert.Equal((0, 0), Run("backup", WriteDatabase(9_000_000), files, trace, out _));

        string[] lines = File.ReadAllLines(trace);
        Assert.All(lines, static line => Assert.Matches(WholeLine(), line));
        Assert.Equal(2, lines.Select(static line => Pid().Match(line).Value).Distinct().Count());
        foreach (string call in new[] { "CreateEx", "GetConfiguration", "Close" })
        {
            Assert.Single(lines, line => line.Contains($"half=client set=\"{_set}\" call={call} ", StringComparison.Ordinal));
        }

        foreach (string call in new[] { "Open", "BeginConfiguration", "RequestBuffers", "EndConfiguration", "Close" })
        {
            Assert.Single(lines, line => line.Contains($"half=server set=\"{_set}\" call={call} ", StringComparison.Ordinal));
        }

        foreach (string device in new[] { _set, $"{_set}-2" })
        {
            string[] of = [.. lines.Where(line => line.Contains($" device=\"{device}\" ", StringComparison.Ordinal))];
            Assert.Single(of, static line => line.Contains("half=client", StringComparison.Ordinal)
                && line.Contains("call=OpenDevice result=NOERROR", StringComparison.Ordinal));
            Assert.Single(of, static line => line.Contains("half=server", StringComparison.Ordinal)
                && line.Contains("call=CloseDevice result=NOERROR", StringComparison.Ordinal));

            // A header and 4.5 MB in buffers of 1 MiB, then the flush.
            foreach (string half in new[] { "client", "server" })
            {
                Assert.Equal(6, Count(of, half, "command=VDC_Write event=completed completion=ERROR_SUCCESS"));
                Assert.Equal(1, Count(of, half, "command=VDC_Flush event=completed completion=ERROR_SUCCESS"));
            }

            Assert.Equal(6, Count(of, "server", "command=VDC_Write event=sent"));
            Assert.Equal(7, Count(of, "client", "call=GetCommand command=VDC_"));
            Assert.Equal(1, Count(of, "client", "call=GetCommand result=VD_E_CLOSE"));
        }
    }

    [Fact]
    public void Engine_WithoutABackupProgram_SaysSo()
    {
        using SampleProcess engine = SampleProcess.Start("Engine", null, "backup", WriteDatabase(10), _set);
        Assert.Equal(1, engine.WaitForExit());
        Assert.Contains("VD_E_INVALID", engine.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void BackupProgram_FileCannotBeMade_EndsBothWithAReason()
    {
        string missing = Path.Combine(_folder, "no-such-folder", "stripe");
        Assert.Equal((1, 1), Run("backup", WriteDatabase(5_000_000), [missing], trace: null, out string errors));
        Assert.Contains("ERROR_IO_DEVICE", errors, StringComparison.Ordinal);
        Assert.Contains("no-such-folder", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_FromATruncatedStripe_Fails()
    {
        string stripe = Path.Combine(_folder, "stripe");
        Assert.Equal((0, 0), Run("backup", WriteDatabase(5_000_000), [stripe], trace: null, out _));
        using (FileStream file = File.OpenWrite(stripe))
        {
            file.SetLength(3_000_000);
        }

        (int engine, _) = Run("restore", Path.Combine(_folder, "restored"), [stripe], trace: null, out string errors);
        Assert.Equal(1, engine);
        Assert.Contains("the data ended", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Engine")]
    [InlineData("BackupProgram")]
    public void Sample_WithoutArguments_SaysItsUsage(string name)
    {
        using SampleProcess sample = SampleProcess.Start(name, null);
        Assert.Equal(2, sample.WaitForExit());
        Assert.StartsWith($"usage: {name} ", sample.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GeneratedRegex("^[0-9T:.-]+Z pid=[0-9]+ tid=[0-9]+ half=(client|server)( set=\".*\")?( device=\".*\")? "
        + "(call|command|event)=[^ ]+ .*$")]
    private static partial Regex WholeLine();

    [GeneratedRegex(" pid=[0-9]+ ")]
    private static partial Regex Pid();

    private static int Count(string[] lines, string half, string part) => lines.Count(line =>
        line.Contains($" half={half} ", StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal));

    private string WriteDatabase(int bytes)
    {
        string path = Path.Combine(_folder, "database");
        byte[] content = new byte[bytes];
#pragma warning disable CA5394 // Not for secrets: the same bytes on each run.
        new Random(bytes).NextBytes(content);
#pragma warning restore CA5394
        File.WriteAllBytes(path, content);
        return path;
    }

    private (int Engine, int Program) Run(
        string verb, string database, string[] files, string? trace, out string errors, string name = "BackupProgram")
    {
        using SampleProcess program = SampleProcess.Start(name, trace, [_set, .. files]);
        program.WaitForLine("waits for an engine");
        using SampleProcess engine = SampleProcess.Start("Engine", trace, verb, database, _set);
        (int, int) codes = (engine.WaitForExit(), program.WaitForExit());
        errors = engine.Errors + program.Errors;
        return codes;
    }
}
