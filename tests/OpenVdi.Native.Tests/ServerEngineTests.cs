using OpenVdi.Streaming;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>A small engine in C, a process of its own, against the backup program's half in C#: what it backs up, it
/// restores.</summary>
public sealed class ServerEngineTests(ServerPrograms programs) : IClassFixture<ServerPrograms>, IDisposable
{
    private const int Piece = 256 * 1024;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly string _directory = Directory.CreateTempSubdirectory("openvdi-engine-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("gcc", 1, (37 * Piece) + 12345)]
    [InlineData("gcc", 4, (37 * Piece) + 12345)]
    [InlineData("g++", 4, 8 * Piece)]
    [InlineData("gcc", 4, Piece + 1)]
    [InlineData("gcc", 2, 0)]
    public async Task Engine_InC_RestoresTheBytesThatItBackedUp(string compiler, int deviceCount, int sizeBytes)
    {
        string original = NewFile(sizeBytes);
        string restored = Path.Combine(_directory, "restored");
        byte[][] streams = await BackUpAsync(compiler, original, deviceCount);

        // Each stream is a label and the device's pieces, in blocks.
        Assert.All(streams, static stream => Assert.Equal(0, stream.Length % 512));
        Assert.InRange(streams.Sum(static stream => (long)stream.Length), sizeBytes, sizeBytes + (deviceCount * 2 * 512L));

        await RunAsync(compiler, "restore", restored, deviceCount, new BackupSessionOptions { DeviceCount = deviceCount },
            async (device, token) =>
            {
                await using VirtualDeviceStream stream = device.OpenRestoreStream();
                await stream.CopyFromAsync(new MemoryStream(streams[device.Index]), token);
            }).ContinueWith(static run => run.Result.ExpectSuccess(), TaskScheduler.Default);
        Assert.True(File.ReadAllBytes(original).AsSpan().SequenceEqual(File.ReadAllBytes(restored)), "other bytes came back");
    }

    [Fact]
    public async Task Engine_InC_ReadsOnAfterShortReads()
    {
        string original = NewFile((11 * Piece) + 700);
        string restored = Path.Combine(_directory, "restored");
        byte[][] streams = await BackUpAsync("gcc", original, 2);
        NativeProgram.Outcome outcome = await RunAsync(
            "gcc", "restore", restored, 2, new BackupSessionOptions { DeviceCount = 2 },
            (device, token) => device.RunAsync(new ShortReads(streams[device.Index]), token));
        outcome.ExpectSuccess();
        Assert.True(File.ReadAllBytes(original).AsSpan().SequenceEqual(File.ReadAllBytes(restored)), "other bytes came back");
    }

    [Fact]
    public async Task Engine_InC_WhoseMediumIsFull_SaysSoAndEnds()
    {
        string original = NewFile(40 * Piece);
        NativeProgram.Outcome outcome = await RunAsync(
            "gcc", "backup", original, 2, new BackupSessionOptions { DeviceCount = 2 },
            (device, token) => device.RunAsync(new FullMedium(), token), expectAbort: true);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("Write ended with code 112", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("aborted, reason 2: device ", outcome.Error, StringComparison.Ordinal);
    }

    private string NewFile(int sizeBytes)
    {
        byte[] bytes = new byte[sizeBytes];
        new Random(sizeBytes).NextBytes(bytes);
        string path = Path.Combine(_directory, "original");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private async Task<byte[][]> BackUpAsync(string compiler, string original, int deviceCount)
    {
        byte[][] streams = new byte[deviceCount][];
        BackupSessionOptions options = new()
        {
            DeviceCount = deviceCount,
            Configuration = new SetConfiguration { Features = VdFeatures.RequestComplete },
        };
        NativeProgram.Outcome outcome = await RunAsync(compiler, "backup", original, deviceCount, options, async (device, token) =>
        {
            using MemoryStream medium = new();
            await using VirtualDeviceStream stream = device.OpenBackupStream(static _ => ValueTask.CompletedTask);
            await stream.CopyToAsync(medium, 65536, token);
            streams[device.Index] = medium.ToArray();
        });
        outcome.ExpectSuccess();
        return streams;
    }

    /// <summary>Runs the engine against a session of ours.</summary>
    private async Task<NativeProgram.Outcome> RunAsync(
        string compiler, string verb, string file, int deviceCount, BackupSessionOptions options,
        Func<DevicePump, CancellationToken, Task> serve, bool expectAbort = false)
    {
        string name = $"engine-{Guid.NewGuid():N}";
        await using BackupSession session = BackupSession.Create(name, options);
        using NativeProgram engine = NativeProgram.Start(
            programs.Engine(compiler), [verb, name, file, $"{deviceCount}"]);
        using CancellationTokenSource limit = new(s_limit);
        try
        {
            await session.RunAsync(serve, limit.Token);
            Assert.False(expectAbort, "the engine did not abort");
        }
        catch (VirtualDeviceException failure) when (expectAbort)
        {
            Assert.Equal(VdResult.Aborted, failure.Result);
        }
        catch (Exception failure) when (failure is OperationCanceledException or VirtualDeviceException)
        {
            session.Abort("the test has failed");
            Assert.Fail($"{failure}\n{engine.Finish()}");
        }

        return engine.Finish();
    }

    /// <summary>A medium that gives one block less than was asked for, where that leaves one.</summary>
    private sealed class ShortReads(byte[] stream) : IDeviceHandler
    {
        private int _position;

        public ValueTask<DeviceAnswer> HandleAsync(Client.ClientCommand command, CancellationToken cancellationToken)
        {
            int count = command.Buffer.SizeBytes > 512 ? command.Buffer.SizeBytes - 512 : command.Buffer.SizeBytes;
            stream.AsSpan(_position, count).CopyTo(command.Buffer.Span);
            _position += count;
            return ValueTask.FromResult(DeviceAnswer.Transferred(count));
        }
    }

    /// <summary>A medium with room for three writes.</summary>
    private sealed class FullMedium : IDeviceHandler
    {
        private int _count;

        public ValueTask<DeviceAnswer> HandleAsync(Client.ClientCommand command, CancellationToken cancellationToken) =>
            ValueTask.FromResult(++_count > 3
                ? DeviceAnswer.Failed(CompletionCode.DiskFull)
                : DeviceAnswer.Transferred((int)command.SizeBytes));
    }
}
