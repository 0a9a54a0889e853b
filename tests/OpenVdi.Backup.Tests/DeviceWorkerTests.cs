using OpenVdi.Backup.Media;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Backup.Tests;

public sealed class DeviceWorkerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InProcessTransport _transport = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Every command of 6.1 with the answer of a pipe-like device, and of a number without a name.</summary>
    public static TheoryData<int, CompletionCode> PipeAnswers => new()
    {
        { (int)CommandCode.Write, CompletionCode.Success },
        { (int)CommandCode.ClearError, CompletionCode.Success },
        { (int)CommandCode.Rewind, CompletionCode.NotSupported },
        { (int)CommandCode.WriteMark, CompletionCode.NotSupported },
        { (int)CommandCode.SkipMarks, CompletionCode.NotSupported },
        { (int)CommandCode.SkipBlocks, CompletionCode.NotSupported },
        { (int)CommandCode.Load, CompletionCode.NotSupported },
        { (int)CommandCode.GetPosition, CompletionCode.NotSupported },
        { (int)CommandCode.SetPosition, CompletionCode.NotSupported },
        { (int)CommandCode.Discard, CompletionCode.NotSupported },
        { (int)CommandCode.Flush, CompletionCode.Success },
        { (int)CommandCode.Snapshot, CompletionCode.NotSupported },
        { (int)CommandCode.MountSnapshot, CompletionCode.NotSupported },
        { (int)CommandCode.PrepareToFreeze, CompletionCode.NotSupported },
        { (int)CommandCode.FileInfoBegin, CompletionCode.NotSupported },
        { (int)CommandCode.FileInfoEnd, CompletionCode.NotSupported },
        { (int)CommandCode.GetError, CompletionCode.NotSupported },
        { (int)CommandCode.Complete, CompletionCode.Success },
        { 4711, CompletionCode.NotSupported },
    };

    [Theory]
    [MemberData(nameof(PipeAnswers))]
    [Spec("M1")]
    [Spec("M2")]
    [Spec("M7")]
    [Spec("K11")]
    [Spec("K13")]
    [Spec("K24")]
    [Spec("K26")]
    public async Task Run_EveryCommand_IsAnsweredOnceWithItsCode(int code, CompletionCode expected)
    {
        CompletionCode answer = default;
        RunResult result = await BackUpAsync(device =>
        {
            ServerCommand command = device.Send((CommandCode)code, code == (int)CommandCode.Write ? new byte[512] : default);
            answer = command.CompletionCode;
            device.Release(command);
        });
        Assert.Equal(expected, answer);
        Assert.Null(result.Failure);
        Assert.Equal(1, result.CommandCount);
    }

    [Fact]
    [Spec("K1")]
    [Spec("K3")]
    [Spec("M5")]
    [Spec("AT4")]
    public async Task Run_ReadsOfOtherSizesThanTheWrites_DeliverTheSameBytesAndThenTheEnd()
    {
        byte[] data = new byte[10 * 4096];
        new Random(1).NextBytes(data);
        Assert.Null((await BackUpAsync(device =>
        {
            for (int offset = 0; offset < data.Length; offset += 4096)
            {
                device.Do(CommandCode.Write, data.AsSpan(offset, 4096));
            }
        })).Failure);

        List<byte> read = [];
        List<CompletionCode> codes = [];
        Assert.Null((await RestoreAsync(device =>
        {
            // 40 KiB in pieces of 15 KiB: the third is short, and the end.
            for (int piece = 0; piece < 3; piece++)
            {
                ServerCommand command = device.Send(CommandCode.Read, size: 15 * 1024);
                codes.Add(command.CompletionCode);
                read.AddRange(device.Take(command));
            }
        })).Failure);
        Assert.Equal(data, read);
        Assert.Equal([CompletionCode.Success, CompletionCode.Success, CompletionCode.HandleEof], codes);
    }

    [Fact]
    [Spec("K17")]
    [Spec("K18")]
    [Spec("AT29")]
    public async Task Run_DiskLike_HonoursPositionsAndEndsTheFileAtTheLastOne()
    {
        File.WriteAllBytes(_folder.File("stream"), new byte[100_000]);
        List<ulong> positions = [];
        byte[] readBack = [];
        RunResult result = await BackUpAsync(
            device =>
            {
                device.Do(CommandCode.Write, Filled(2), position: 512);
                device.Do(CommandCode.Write, Filled(1), position: 0);
                positions.Add(device.Do(CommandCode.GetPosition).OutPosition);
                positions.Add(device.Do(CommandCode.SetPosition, size: 2, position: unchecked((ulong)-512L)).OutPosition);
                positions.Add(device.Do(CommandCode.SetPosition, size: 1, position: 100).OutPosition);
                positions.Add(device.Do(CommandCode.SetPosition, size: 0, position: 7).OutPosition);
                readBack = device.Take(device.Send(CommandCode.Read, size: 512, position: 512));
                device.Do(CommandCode.Flush);
            },
            isDiskLike: true);
        Assert.Null(result.Failure);
        Assert.Equal([512UL, 512UL, 612UL, 7UL], positions);
        Assert.Equal(Filled(2), readBack);
        Assert.Equal([.. Filled(1), .. Filled(2)], File.ReadAllBytes(_folder.File("stream")));
    }

    [Fact]
    [Spec("D8")]
    public async Task Run_AWriteFails_IsAnsweredWithItsCodeAndClearErrorWithSuccess()
    {
        List<CompletionCode> codes = [];
        FullMedium medium = new();
        RunResult result = await RunAsync(RunDirection.Backup, medium, device =>
        {
            ServerCommand write = device.Send(CommandCode.Write, new byte[512]);
            device.Release(write);
            codes.Add(write.CompletionCode);
            codes.Add(device.Send(CommandCode.ClearError).CompletionCode);
            codes.Add(device.Send(CommandCode.Flush).CompletionCode);
        });
        Assert.Equal([CompletionCode.DiskFull, CompletionCode.Success, CompletionCode.Success], codes);
        Assert.Equal(RunFailureKind.MediumFull, result.Failure!.Kind);
    }

    [Fact]
    public async Task Run_AMediumThrows_IsAnIODeviceErrorAndTheLoopGoesOn()
    {
        List<CompletionCode> codes = [];
        RunResult result = await RunAsync(RunDirection.Backup, new ThrowingMedium(), device =>
        {
            ServerCommand write = device.Send(CommandCode.Write, new byte[512]);
            device.Release(write);
            codes.Add(write.CompletionCode);
            codes.Add(device.Send(CommandCode.ClearError).CompletionCode);
        });
        Assert.Equal([CompletionCode.IODevice, CompletionCode.Success], codes);
        Assert.Contains("a defect", result.Failure!.Message, StringComparison.Ordinal);
    }

    private static byte[] Filled(byte value)
    {
        byte[] block = new byte[512];
        block.AsSpan().Fill(value);
        return block;
    }

    private Task<RunResult> BackUpAsync(Action<ScriptedDevice> script, bool isDiskLike = false) =>
        RunAsync(RunDirection.Backup, FileMedium.Create(_folder.File("stream")), script, isDiskLike);

    private Task<RunResult> RestoreAsync(Action<ScriptedDevice> script) =>
        RunAsync(RunDirection.Restore, StoredFileMedium.Open(_folder.File("stream")), script);

    private async Task<RunResult> RunAsync(
        RunDirection direction, Medium medium, Action<ScriptedDevice> script, bool isDiskLike = false)
    {
        using (medium)
        {
            VdFeatures feature = direction == RunDirection.Backup ? VdFeatures.WriteMedia : VdFeatures.ReadMedia;
            return await new BackupProgram(_transport).RunAsync(new RunRequest
            {
                Direction = direction,
                Media = [medium],
                Statement = new ScriptedEngine(_transport, feature, script),
                IsDiskLike = isDiskLike,
            }).WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    private sealed class FullMedium() : Medium("full")
    {
        public override TransferOutcome Write(ReadOnlySpan<byte> data, long positionBytes) =>
            new(0, new MediumFailure(CompletionCode.DiskFull, "full: no space left on device"));

        public override TransferOutcome Read(Span<byte> buffer, long positionBytes) => default;

        public override MediumFailure? Flush() => null;

        protected override void Release()
        {
        }
    }

    private sealed class ThrowingMedium() : Medium("defect")
    {
        public override TransferOutcome Write(ReadOnlySpan<byte> data, long positionBytes) =>
            throw new InvalidOperationException("a defect");

        public override TransferOutcome Read(Span<byte> buffer, long positionBytes) => default;

        public override MediumFailure? Flush() => null;

        protected override void Release()
        {
        }
    }
}
