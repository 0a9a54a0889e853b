using OpenVdi.Backup.Media;
using OpenVdi.Backup.Tests.Media;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Backup.Tests;

public sealed class BackupProgramTests : IDisposable
{
    private const int BlockCount = 4;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly InProcessTransport _transport = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [Spec("T2")]
    [Spec("T4")]
    public async Task RunAsync_StatementSucceeds_PublishesAllMedia(int deviceCount)
    {
        string[] names = [.. Enumerable.Range(0, deviceCount).Select(index => $"stripe.{index:00}")];
        RunResult result = await RunAsync(names, Engine(WriteBlocks));
        Assert.Null(result.Failure);
        Assert.Equal(names, _folder.Names);
        Assert.All(names, (name, index) => Assert.Equal(Expected(index), File.ReadAllBytes(_folder.File(name))));
        Assert.Equal((long)deviceCount * BlockCount * 512, result.BytesTransferred);
        Assert.Equal((long)deviceCount * (BlockCount + 1), result.CommandCount);
        Assert.Empty(_transport.ListSets());
    }

    [Fact]
    [Spec("T7")]
    public async Task RunAsync_DevicesCloseButTheStatementFails_PublishesNothing()
    {
        ScriptedEngine engine = new(_transport, VdFeatures.WriteMedia, WriteBlocks)
        {
            Outcome = StatementOutcome.Failure("BACKUP is terminating abnormally", "look at the engine's log."),
        };
        RunResult result = await RunAsync(["1", "2"], engine);
        Assert.Equal(
            new RunFailure(RunFailureKind.Statement, "BACKUP is terminating abnormally", "look at the engine's log."),
            result.Failure);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task RunAsync_TheEngineNeverFindsTheSet_EndsWithTheStatement()
    {
        RunResult result = await RunAsync(["1"], new AbsentEngine());
        Assert.Equal(RunFailureKind.Statement, result.Failure!.Kind);
        Assert.Equal("cannot open backup device", result.Failure.Message);
        Assert.Empty(_folder.Names);
        Assert.Empty(_transport.ListSets());
    }

    [Fact]
    [Spec("G6")]
    public async Task RunAsync_TheEngineMeansTheOtherDirection_LeavesTheMediaAlone()
    {
        RunResult result = await RunAsync(["1"], new ScriptedEngine(_transport, VdFeatures.ReadMedia, static device =>
        {
            ServerCommand command = device.Send(CommandCode.Write, new byte[512]);
            device.Release(command);
        }));
        Assert.Equal(RunFailureKind.Interface, result.Failure!.Kind);
        Assert.Contains("WriteMedia", result.Failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    [Spec("Y9")]
    public async Task RunAsync_CancelledInTheMiddle_AbortsAndPublishesNothing()
    {
        using CancellationTokenSource source = new();
        ScriptedEngine engine = Engine(device =>
        {
            device.Do(CommandCode.Write, new byte[512]);
            source.Cancel();
            for (int block = 0; block < 1000; block++)
            {
                device.Do(CommandCode.Write, new byte[512]);
            }
        });
        RunResult result = await RunAsync(["1", "2"], engine, cancellationToken: source.Token);
        Assert.Equal(RunFailureKind.Cancelled, result.Failure!.Kind);
        Assert.Empty(_folder.Names);
        Assert.Empty(_transport.ListSets());
    }

    // Two devices, one of them over an old file: whichever file function fails, the run fails in words, publishes nothing,
    // and the old file is as it was.
    [Fact]
    [Spec("K12")]
    [Spec("T8")]
    public async Task RunAsync_EachFileFunctionFailsInTurn_PublishesAllOrNone()
    {
        int failAt = 3;   // The first two are the creation of the media, before the run.
        int runs = 0;
        for (bool hasFired = true; hasFired; failAt++, runs++)
        {
            File.WriteAllText(_folder.File("2"), "old");
            FaultyFiles files = new(failAt);
            RunResult result = await RunAsync(["1", "2"], Engine(WriteBlocks), files);
            hasFired = files.HasFired;
            string words = $"failure at {failAt} ({files.Fired}): {result.Failure}";
            if (hasFired && files.Fired is not nameof(IFileLayer.Link) and not nameof(IFileLayer.Delete))
            {
                Assert.True(result.Failure?.Kind == RunFailureKind.Medium, words);
                Assert.Contains("injected", result.Failure!.Message, StringComparison.Ordinal);
                Assert.True(File.ReadAllText(_folder.File("2")) == "old" && !File.Exists(_folder.File("1")), words);
                Assert.Equal(["2"], _folder.Names);
            }
            else
            {
                Assert.True(result.Failure is null, words);
                Assert.Equal(Expected(0), File.ReadAllBytes(_folder.File("1")));
                Assert.Equal(Expected(1), File.ReadAllBytes(_folder.File("2")));
            }

            foreach (string name in _folder.Names)
            {
                File.Delete(_folder.File(name));
            }
        }

        Assert.True(runs > 20, $"only {runs} places were tried");
    }

    [Fact]
    public async Task RunAsync_RestoreWhoseReadsFailInTurn_FailsInWordsOrDeliversEverything()
    {
        foreach (int index in new[] { 0, 1 })
        {
            File.WriteAllBytes(_folder.File($"{index}"), Expected(index));
        }

        for (int failAt = 1; ; failAt++)
        {
            FaultyFiles files = new(failAt);
            byte[][] delivered = [[], []];
            RunResult result = await RestoreAsync(["0", "1"], files, device =>
            {
                for (int block = 0; block < BlockCount; block++)
                {
                    ServerCommand command = device.Send(CommandCode.Read, size: 512);
                    if (command.CompletionCode != CompletionCode.Success)
                    {
                        device.Release(command);
                        throw new DeviceFailedException($"Read ended with {command.CompletionCode}");
                    }

                    delivered[device.Index] = [.. delivered[device.Index], .. device.Take(command)];
                }
            });
            if (!files.HasFired)
            {
                Assert.Null(result.Failure);
                Assert.Equal([Expected(0), Expected(1)], delivered);
                Assert.Equal(2 * BlockCount + 1, failAt);
                return;
            }

            Assert.Equal(RunFailureKind.Medium, result.Failure!.Kind);
            Assert.Contains("injected", result.Failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Spec("T10")]
    public async Task RunAsync_ThreeRunsOneAfterAnother_EachHasASetOfItsOwn()
    {
        HashSet<string> names = [];
        for (int run = 0; run < 3; run++)
        {
            RunResult result = await RunAsync(["1"], Engine(WriteBlocks));
            Assert.Null(result.Failure);
            Assert.True(names.Add(result.SetName));
        }
    }

    private static void WriteBlocks(ScriptedDevice device)
    {
        byte[] data = Expected(device.Index);
        for (int block = 0; block < BlockCount; block++)
        {
            device.Do(CommandCode.Write, data.AsSpan(block * 512, 512));
        }

        device.Do(CommandCode.Flush);
    }

    private static byte[] Expected(int index)
    {
        byte[] data = new byte[BlockCount * 512];
        new Random(index).NextBytes(data);
        return data;
    }

    private ScriptedEngine Engine(Action<ScriptedDevice> script) => new(_transport, VdFeatures.WriteMedia, script);

    private async Task<RunResult> RunAsync(
        string[] names, IStatement engine, IFileLayer? files = null, CancellationToken cancellationToken = default)
    {
        List<Medium> media = [];
        try
        {
            foreach (string name in names)
            {
                media.Add(FileMedium.Create(_folder.File(name), files ?? FileLayer.Instance));
            }

            RunRequest request = new() { Direction = RunDirection.Backup, Media = media, Statement = engine };
            return await new BackupProgram(_transport).RunAsync(request, cancellationToken).WaitAsync(s_limit, CancellationToken.None);
        }
        finally
        {
            media.ForEach(static medium => medium.Dispose());
        }
    }

    private async Task<RunResult> RestoreAsync(string[] names, IFileLayer files, Action<ScriptedDevice> script)
    {
        List<Medium> media = [.. names.Select(name => StoredFileMedium.Open(_folder.File(name), files))];
        try
        {
            RunRequest request = new()
            {
                Direction = RunDirection.Restore,
                Media = media,
                Statement = new ScriptedEngine(_transport, VdFeatures.ReadMedia, script),
            };
            return await new BackupProgram(_transport).RunAsync(request).WaitAsync(s_limit);
        }
        finally
        {
            media.ForEach(static medium => medium.Dispose());
        }
    }

    private sealed class AbsentEngine : IStatement
    {
        public Task<StatementOutcome> RunAsync(IReadOnlyList<string> deviceNames, CancellationToken cancellationToken) =>
            Task.FromResult(StatementOutcome.Failure("cannot open backup device"));
    }
}
