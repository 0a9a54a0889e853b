using OpenVdi.Engines.Sqlite;
using OpenVdi.SharedMemory;
using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.Native.Tests;

/// <summary>Backup programs as they are written for SQL Server on Linux, with a real engine: what they store restores.
/// </summary>
public sealed class FileProgramTests(Compiler compiler, ITestOutputHelper output) : NativeTestBase(compiler)
{
    private const int UsualSeed = 20260301;

    public static TheoryData<string, int> Programs
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string name in Compiler.All)
            {
                data.Add(name, 1);
                data.Add(name, 4);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Programs))]
    [Spec("AT27")]
    public void BackupAndRestore_ByAProgramOfThePublicKind_GiveTheSameDatabase(string compilerName, int deviceCount)
    {
        string program = deviceCount == 1
            ? Compiler.Compile(compilerName, "file_program", "file_program.cpp")
            : Compiler.Compile(compilerName, "threads_program", "threads_program.cpp");
        int seed = TestSeed.Choose(UsualSeed);
        output.WriteLine($"{TestSeed.Variable}={seed}");
        using SourceDatabase database = new(seed);
        string[] files = [.. Enumerable.Range(1, deviceCount).Select(i => database.In($"stripe{i}"))];

        SqliteOperationResult backup = Run(program, "backup", files, names => SqliteEngine.Backup(new SqliteBackupRequest
        {
            Transport = SharedMemoryTransport.Default,
            DeviceNames = names,
            DatabasePath = database.Path,
        }));
        Assert.True(backup.LogPageCount > 0, "the log is to have had a part of the content");
        Assert.Equal(backup.BytesTransferred, files.Sum(file => new FileInfo(file).Length));

        string restored = database.In("restored.db");
        Run(program, "restore", files, names => SqliteEngine.Restore(new SqliteRestoreRequest
        {
            Transport = SharedMemoryTransport.Default,
            DeviceNames = names,
            DatabasePath = restored,
        }));
        database.AssertSameContent(restored);
        AssertNoLeftovers();
    }

    private T Run<T>(string program, string direction, string[] files, Func<string[], T> engine)
    {
        using Statement statement = new(Compiler.ScratchDirectory);
        string name = NewName();
        string[] names = [.. Enumerable.Range(1, files.Length).Select(i => i == 1 ? name : $"device{i}")];
        string[] arguments = files.Length == 1
            ? [direction, name, files[0], statement.Command]
            : [direction, name, statement.Command, .. files];
        NativeProgram running = Own(NativeProgram.Start(program, arguments));
        statement.AwaitBegin();
        T result = engine(names);
        statement.End(0);
        running.Finish().ExpectSuccess();
        return result;
    }
}
