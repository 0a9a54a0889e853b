using OpenVdi.Client;
using OpenVdi.Streaming;
using OpenVdi.Transport;

namespace OpenVdi.Tests.Streaming;

public sealed class StreamingFailureTests
{
    [Fact]
    public void Create_NameInUse_ThrowsProtocol()
    {
        InProcessTransport transport = new();
        BackupSessionOptions options = new() { Transport = transport };
        BackupSession first = BackupSession.Create("same", options);
        Assert.Equal(
            VdResult.ProtocolError,
            Assert.Throws<VirtualDeviceException>(() => BackupSession.Create("same", options)).Result);
        Assert.Equal(
            VdResult.Invalid,
            Assert.Throws<VirtualDeviceException>(() => BackupSession.Create("back\\slash", options)).Result);
        Assert.Equal(
            VdResult.NotSupported,
            Assert.Throws<VirtualDeviceException>(
                () => BackupSession.Create("other", options with { DeviceCount = 65 })).Result);
        Assert.Throws<ArgumentException>(() => BackupSession.Create("other", options with { Names = ["wrong"] }));
        Assert.Throws<ArgumentException>(
            () => BackupSession.Create("other", options with { Names = ["other", "a", "a"] }));
        Assert.False(first.DisposeAsync().AsTask().IsFaulted);
    }

    [Fact]
    public async Task Open_NoSuchSet_ThrowsInvalid()
    {
        VirtualDeviceException refusal = await Assert.ThrowsAsync<VirtualDeviceException>(() => EngineSession.OpenAsync(
            "nobody", new EngineSessionOptions { Transport = new InProcessTransport() }).Within("the refusal"));
        Assert.Equal(VdResult.Invalid, refusal.Result);
    }

    [Fact]
    public async Task Open_OtherNumberOfNames_ThrowsInvalidAndAborts()
    {
        InProcessTransport transport = new();
        await using BackupSession client = BackupSession.Create("set", new() { Transport = transport, DeviceCount = 2 });
        VirtualDeviceException refusal = await Assert.ThrowsAsync<VirtualDeviceException>(() => EngineSession.OpenAsync(
            "set", new EngineSessionOptions { Transport = transport, DeviceNames = ["set"] }).Within("the refusal"));
        Assert.Equal(VdResult.Invalid, refusal.Result);
        VirtualDeviceException abort = await Assert.ThrowsAsync<VirtualDeviceException>(
            () => client.WaitForServerAsync().Within("the abort"));
        Assert.Equal(VdResult.Aborted, abort.Result);
    }

    [Fact]
    public async Task Configure_BadSize_ThrowsInvalidAndCanBeRepeated()
    {
        InProcessTransport transport = new();
        await using BackupSession client = BackupSession.Create("set", new() { Transport = transport });
        await using EngineSession engine =
            await EngineSession.OpenAsync("set", new() { Transport = transport }).Within("the set");
        VirtualDeviceException refusal = await Assert.ThrowsAsync<VirtualDeviceException>(() => engine.ConfigureAsync(
            EngineOperation.Backup, new EngineConfiguration { BlockSizeBytes = 513 }).Within("the refusal"));
        Assert.Equal(VdResult.Invalid, refusal.Result);

        await engine.ConfigureAsync(EngineOperation.Backup).Within("the configuration");
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.ConfigureAsync(EngineOperation.Backup));
        Assert.Equal(1u << 20, (await client.WaitForServerAsync().Within("the engine")).MaxTransferSizeBytes);
    }

    // A failed medium is told with its own code, and both sides see the cause, not a bare abort.
    [Fact]
    public async Task Backup_MediumFull_EngineSeesTheCodeAndTheProgramItsOwnException()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, deviceCount: 2);
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using VirtualDeviceStream stream = device.OpenBackupStream(static _ => default);
            await using Stream medium = device.Name == pair.Client.Name ? new FullStream(room: 3) : new MemoryStream();
            await stream.CopyToAsync(medium, cancel);
        });

        EngineDevice device = pair.Engine.Devices[0];
        VirtualDeviceException failure = await Assert.ThrowsAsync<VirtualDeviceException>(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                await device.WriteAsync(new byte[SessionPair.TransferBytes]);
            }

            await device.FlushAsync();
        }).Within("the failure");
        Assert.Equal((VdResult.IOError, CompletionCode.DiskFull), (failure.Result, failure.CompletionCode!.Value));

        await Assert.ThrowsAsync<VirtualDeviceException>(() => device.CloseAsync().AsTask()).Within("the close");
        await pair.Engine.Devices[1].CloseAsync().Within("the other close");
        IOException cause = await Assert.ThrowsAsync<IOException>(() => serving.Within("the devices to be served"));
        Assert.Equal("full", cause.Message);
        Assert.True(device.IsClosed);
        Assert.Null(pair.Engine.AbortNotice);
    }

    [Fact]
    public async Task Backup_NotDurable_FlushFails()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using VirtualDeviceStream stream = device.OpenBackupStream(static _ => throw new IOException("no sync"));
            await stream.CopyToAsync(Stream.Null, cancel);
        });
        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[512]);
        VirtualDeviceException failure =
            await Assert.ThrowsAsync<VirtualDeviceException>(() => device.FlushAsync().Within("the flush"));
        Assert.Equal(CompletionCode.IODevice, failure.CompletionCode);
        await device.CloseAsync().Within("the close");
        Assert.Equal("no sync", (await Assert.ThrowsAsync<IOException>(() => serving.Within("the device"))).Message);
    }

    [Fact]
    public async Task Restore_MediumFails_EngineSeesAFailureAndNeverAnEnd()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore);
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using VirtualDeviceStream stream = device.OpenRestoreStream();
            await using Stream medium = new FullStream(room: 5);
            await stream.CopyFromAsync(medium, cancel);
            await stream.CompleteAsync(cancel);
        });
        EngineDevice device = pair.Engine.Devices[0];
        VirtualDeviceException failure = await Assert.ThrowsAsync<VirtualDeviceException>(async () =>
        {
            byte[] piece = new byte[1000];
            while (await device.ReadAsync(piece) > 0)
            {
            }
        }).Within("the failure");
        Assert.Equal(CompletionCode.DiskFull, failure.CompletionCode);
        await Assert.ThrowsAsync<VirtualDeviceException>(() => device.CloseAsync().AsTask()).Within("the close");
        await Assert.ThrowsAsync<IOException>(() => serving.Within("the device"));
    }

    [Fact]
    public async Task Run_HandlerThrows_AllLaterCommandsGetTheCodeToo()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        int calls = 0;
        Task serving = pair.Client.RunAsync(_ => new FuncHandler((_, _) =>
        {
            calls++;
            throw new UnauthorizedAccessException("read only");
        }));
        EngineDevice device = pair.Engine.Devices[0];
        EngineCompletion flush = await device.ExecuteAsync(CommandCode.Flush).Within("the flush");
        Assert.Equal(CompletionCode.WriteProtect, flush.Code);
        EngineCompletion clear = await device.ExecuteAsync(CommandCode.ClearError).Within("the clearing");
        Assert.Equal(CompletionCode.WriteProtect, clear.Code);
        VirtualDeviceException refusal = await Assert.ThrowsAsync<VirtualDeviceException>(
            () => device.ExecuteAsync(CommandCode.Flush).Within("the refusal"));
        Assert.Equal(VdResult.IOError, refusal.Result);
        await device.CloseAsync().Within("the close");
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => serving.Within("the device"));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Run_HandlerClaimsMoreBytesThanAsked_FailsTheCommand()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        Task serving = pair.Client.RunAsync(_ => new FuncHandler(static (command, _) =>
            new(DeviceAnswer.Transferred((int)command.SizeBytes + 1))));
        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[512]);
        await Assert.ThrowsAsync<VirtualDeviceException>(() => device.CloseAsync().AsTask()).Within("the close");
        await Assert.ThrowsAsync<InvalidOperationException>(() => serving.Within("the device"));
    }

    [Fact]
    public async Task Run_ServingEndsBeforeTheEngine_IsAFailure()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        Task serving = pair.Client.RunAsync(static (_, _) => Task.CompletedTask);
        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[512]);
        VirtualDeviceException failure =
            await Assert.ThrowsAsync<VirtualDeviceException>(() => device.CloseAsync().AsTask()).Within("the close");
        Assert.Equal(CompletionCode.IODevice, failure.CompletionCode);
        await Assert.ThrowsAsync<InvalidOperationException>(() => serving.Within("the device"));
    }

    [Fact]
    public async Task Abort_ByTheEngine_EndsEveryWaitOfTheProgram()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, deviceCount: 3);
        DevicePump run = await pair.Client.OpenDeviceAsync(pair.Client.DeviceNames[0]).Within("the device");
        DevicePump take = await pair.Client.OpenDeviceAsync(pair.Client.DeviceNames[1]).Within("the device");
        DevicePump read = await pair.Client.OpenDeviceAsync(pair.Client.DeviceNames[2]).Within("the device");
        using VirtualDeviceStream stream = read.OpenBackupStream(static _ => default);
        Task[] waits =
        [
            run.RunAsync(new FuncHandler(static (_, _) => new(DeviceAnswer.Done))),
            take.TakeAsync().AsTask(),
            stream.ReadAsync(new byte[10]).AsTask(),
        ];

        pair.Engine.Abort("no more tape");
        foreach (Task wait in waits)
        {
            VirtualDeviceException abort = await Assert.ThrowsAsync<VirtualDeviceException>(() => wait.Within("the abort"));
            Assert.Equal(VdResult.Aborted, abort.Result);
            Assert.Contains("no more tape", abort.Message, StringComparison.Ordinal);
        }

        VirtualDeviceException later = await Assert.ThrowsAsync<VirtualDeviceException>(
            () => take.TakeAsync().Within("the refusal"));
        Assert.Equal(VdResult.Aborted, later.Result);
        Assert.Equal(AbortReason.ServerSignalled, pair.Client.AbortNotice!.Reason);
    }

    [Fact]
    public async Task Abort_ByTheProgram_EndsEveryWaitOfTheEngine()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, deviceCount: 2);
        EngineDevice flushed = pair.Engine.Devices[0];
        EngineDevice written = pair.Engine.Devices[1];
        Task flush = flushed.FlushAsync().AsTask();
        Task write = WriteForEver(written);

        pair.Client.Abort("out of patience");
        foreach (Task wait in new[] { flush, write })
        {
            VirtualDeviceException abort = await Assert.ThrowsAsync<VirtualDeviceException>(() => wait.Within("the abort"));
            Assert.Equal(VdResult.Aborted, abort.Result);
            Assert.Contains("out of patience", abort.Message, StringComparison.Ordinal);
        }

        VirtualDeviceException close = await Assert.ThrowsAsync<VirtualDeviceException>(
            () => flushed.CloseAsync().AsTask()).Within("the close");
        Assert.Equal(VdResult.Aborted, close.Result);
    }

    [Fact]
    public async Task OpenDevice_UnknownName_ThrowsInvalid()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        VirtualDeviceException refusal = await Assert.ThrowsAsync<VirtualDeviceException>(
            () => pair.Client.OpenDeviceAsync("stranger").Within("the refusal"));
        Assert.Equal(VdResult.Invalid, refusal.Result);
        Assert.Empty(pair.Client.Devices);

        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        Assert.Same(pump, await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device again"));
    }

    [Fact]
    public async Task Complete_TwiceOrAfterTheAbort_ThrowsTheCode()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        await pair.Engine.Devices[0].WriteAsync(new byte[512]);
        await pair.Engine.Devices[0].WriteAsync(new byte[512]);
        ClientCommand first = (await pump.TakeAsync().Within("a command"))!.Value;
        ClientCommand second = (await pump.TakeAsync().Within("a command"))!.Value;
        pump.Complete(second, DeviceAnswer.Transferred(512));
        VirtualDeviceException twice =
            Assert.Throws<VirtualDeviceException>(() => pump.Complete(second, DeviceAnswer.Transferred(512)));
        Assert.Equal(VdResult.Invalid, twice.Result);
        pair.Client.Abort("enough");
        VirtualDeviceException late =
            Assert.Throws<VirtualDeviceException>(() => pump.Complete(first, DeviceAnswer.Transferred(512)));
        Assert.Equal(VdResult.Aborted, late.Result);
    }

    [Fact]
    public async Task Engine_WrongSizesAndBuffers_AreTheCallersMistake()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, deviceCount: 2);
        EngineDevice device = pair.Engine.Devices[0];
        await Assert.ThrowsAsync<ArgumentException>(() => device.WriteAsync(new byte[513]).AsTask());
        DeviceBuffer foreign = await pair.Engine.Devices[1].RentBufferAsync().Within("a buffer");
        await Assert.ThrowsAsync<ArgumentException>(async () => await device.SendAsync(foreign, 512));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await pair.Engine.Devices[1].SendAsync(foreign, foreign.SizeBytes + 512));
        Assert.Throws<ArgumentException>(() => device.ReturnBuffer(foreign));
        pair.Engine.Devices[1].ReturnBuffer(foreign);
    }

    [Fact]
    public async Task OpenStream_WrongDirectionOrClass_IsTheCallersMistake()
    {
        await using (SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup))
        {
            DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
            Assert.Throws<InvalidOperationException>(() => pump.OpenRestoreStream());
            using VirtualDeviceStream stream = pump.OpenBackupStream(static _ => default);
            await Assert.ThrowsAsync<NotSupportedException>(() => stream.WriteAsync(new byte[1]).AsTask());
            await Assert.ThrowsAsync<NotSupportedException>(() => stream.CompleteAsync());
            Assert.True(stream is { CanRead: true, CanWrite: false, CanSeek: false });
        }

        await using (SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore, features: VdFeatures.LikeDisk))
        {
            DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
            Assert.Throws<InvalidOperationException>(() => pump.OpenBackupStream(static _ => default));
            Assert.Throws<InvalidOperationException>(() => pump.OpenRestoreStream());
        }
    }

    private static async Task WriteForEver(EngineDevice device)
    {
        byte[] data = new byte[SessionPair.TransferBytes];
        while (true)
        {
            await device.WriteAsync(data);
        }
    }

    /// <summary>Takes, or gives, so many pieces and is full then.</summary>
    private sealed class FullStream(int room) : MemoryStream
    {
        private int _room = room;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Use();
            return default;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Use();
            return new(Math.Min(buffer.Length, 30_000));
        }

        private void Use()
        {
            if (_room-- == 0)
            {
                throw new IOException("full", 28);
            }
        }
    }
}
