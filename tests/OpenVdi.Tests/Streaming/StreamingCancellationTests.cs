using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Streaming;
using OpenVdi.Transport;

namespace OpenVdi.Tests.Streaming;

/// <summary>A cancelled wait leaves the set usable: after each the operation goes on, and every byte arrives.</summary>
public sealed class StreamingCancellationTests
{
    [Fact]
    public async Task WaitForServer_Cancelled_CanBeTakenUpAgain()
    {
        InProcessTransport transport = new();
        await using BackupSession client = BackupSession.Create("set", new() { Transport = transport });
        await AssertCancelled(token => client.WaitForServerAsync(token), "the wait for the engine");
        await using EngineSession engine = await EngineSession.OpenAsync("set", new() { Transport = transport });
        await engine.ConfigureAsync(EngineOperation.Backup).Within("the configuration");
        await client.WaitForServerAsync().Within("the engine");
    }

    [Fact]
    public async Task OpenDevice_CancelledBeforeTheEngineNamesIt_CanBeTakenUpAgain()
    {
        InProcessTransport transport = new();
        await using BackupSession client = BackupSession.Create("set", new() { Transport = transport, DeviceCount = 2 });
        using ServerVirtualDeviceSet server = new(transport);
        Assert.Equal(VdResult.Ok, server.Open(null, "set"));
        Assert.Equal(
            VdResult.Ok, server.BeginConfiguration(VdFeatures.WriteMedia, 512, 0, 65536, Timeout.InfiniteTimeSpan));
        Assert.Equal(VdResult.Ok, server.RequestBuffers(65536, 0, 2));
        Assert.Equal(VdResult.Ok, server.EndConfiguration());
        await client.WaitForServerAsync().Within("the engine");
        await AssertCancelled(token => client.OpenDeviceAsync("set-2", token), "the opening");
        Assert.Equal(VdResult.Ok, server.OpenDevice("set", out _));
        Assert.Equal(VdResult.Ok, server.OpenDevice("set-2", out _));
        Assert.Equal("set-2", (await client.OpenDeviceAsync("set-2").Within("the device")).Name);
    }

    [Fact]
    public async Task Take_Cancelled_TheCommandWaitsForTheNextTake()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        await AssertCancelled(token => pump.TakeAsync(token).AsTask(), "the take");
        await AssertCancelled(token => pump.TakeAsync(token).AsTask(), "the second take");

        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[512]);
        await device.WriteAsync(new byte[1024]);
        foreach (uint size in new uint[] { 512, 1024 })
        {
            ClientCommand command = (await pump.TakeAsync().Within("a command"))!.Value;
            Assert.Equal(size, command.SizeBytes);
            pump.Complete(command, DeviceAnswer.Transferred((int)size));
        }

        await device.CloseAsync().Within("the close");
        Assert.Null(await pump.TakeAsync().Within("the end"));
        Assert.Null(await pump.TakeAsync().Within("the end again"));
        Assert.True(pump.IsClosed);
    }

    // The thread that a cancelled take left waiting serves the next run, and the other way round.
    [Fact]
    public async Task Run_AfterACancelledTakeAndBack_LosesNothing()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        EngineDevice device = pair.Engine.Devices[0];
        List<uint> sizes = [];
        FuncHandler handler = new((command, _) =>
        {
            sizes.Add(command.SizeBytes);
            return new(DeviceAnswer.Transferred((int)command.SizeBytes));
        });
        for (int round = 0; round < 20; round++)
        {
            await AssertCancelled(token => pump.TakeAsync(token).AsTask(), "the take");
            await AssertCancelled(token => pump.RunAsync(handler, token), "the run");
        }

        await device.WriteAsync(new byte[512]);
        await device.WriteAsync(new byte[1024]);
        ClientCommand first = (await pump.TakeAsync().Within("a command"))!.Value;
        Assert.Equal(512u, first.SizeBytes);
        pump.Complete(first, DeviceAnswer.Transferred(512));
        Task run = pump.RunAsync(handler);
        await device.CloseAsync().Within("the close");
        await run.Within("the run");
        Assert.Equal([1024u], sizes);
    }

    [Fact]
    public async Task Run_HandlerGivesUp_TheNextRunGetsTheSameCommand()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[512]);
        await AssertCancelled(
            token => pump.RunAsync(
                new FuncHandler(static async (_, cancel) =>
                {
                    await Never(cancel);
                    return DeviceAnswer.Done;
                }),
                token),
            "the run");
        uint size = 0;
        Task run = pump.RunAsync(new FuncHandler((command, _) =>
        {
            size = command.SizeBytes;
            return new(DeviceAnswer.Transferred((int)command.SizeBytes));
        }));
        await device.CloseAsync().Within("the close");
        await run.Within("the run");
        Assert.Equal(512u, size);
    }

    // A handler that does not look at the token is waited for: its buffer is in use. Its answer counts.
    [Fact]
    public async Task Run_HandlerGoesOnInSpiteOfCancellation_IsWaitedForAndItsAnswerCounts()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        TaskCompletionSource entered = new(), leave = new();
        using CancellationTokenSource cancel = new();
        Task run = pump.RunAsync(
            new FuncHandler(async (command, _) =>
            {
                entered.SetResult();
                await leave.Task;
                return DeviceAnswer.Transferred((int)command.SizeBytes);
            }),
            cancel.Token);
        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[512]);
        await entered.Task.Within("the handler");
        await cancel.CancelAsync();
        Assert.False(run.IsCompleted);
        leave.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Within("the run"));
        Task end = pump.RunAsync(new FuncHandler(static (_, _) => new(DeviceAnswer.NotSupported)));
        await device.CloseAsync().Within("the close");
        await end.Within("the end");
    }

    [Fact]
    public async Task TakeAndRun_AtOnce_AreRefused()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        using CancellationTokenSource cancel = new();
        Task take = pump.TakeAsync(cancel.Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => pump.TakeAsync().AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => pump.RunAsync(new FuncHandler(static (_, _) => new(DeviceAnswer.Done))));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => take.Within("the take"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pump.TakeAsync(cancel.Token).AsTask());
    }

    [Fact]
    public async Task BackupStream_EveryAwaitCancelledOnce_BringsEveryByte()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        bool isDurable = false;
        using VirtualDeviceStream stream = pump.OpenBackupStream(async cancel =>
        {
            if (!isDurable)
            {
                await Never(cancel);
            }
        });
        await AssertCancelled(token => stream.ReadAsync(new byte[10], token).AsTask(), "the read");
        await AssertCancelled(token => stream.CopyToAsync(Stream.Null, token), "the copy");
        await AssertCancelled(token => stream.GetBufferAsync(token).AsTask(), "the buffer");

        EngineDevice device = pair.Engine.Devices[0];
        byte[] sent = SessionPair.Data(seed: 3, blockCount: 300);
        await device.WriteAsync(sent).Within("the writes");
        Task flushing = device.FlushAsync().AsTask();
        await AssertCancelled(token => stream.CopyToAsync(new StuckStream(), token), "the copy into a medium that hangs");
        MemoryStream received = new();
        await AssertCancelled(token => stream.CopyToAsync(received, token), "the durability");
        isDurable = true;
        Task rest = stream.CopyToAsync(received);
        await flushing.Within("the flush");
        await device.CloseAsync().Within("the close");
        await rest.Within("the rest");
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task RestoreStream_EveryAwaitCancelledOnce_BringsEveryByte()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        using VirtualDeviceStream stream = pump.OpenRestoreStream();
        byte[] stored = SessionPair.Data(seed: 4, blockCount: 300);
        using MemoryStream medium = new(stored);
        await AssertCancelled(token => stream.WriteAsync(stored, token).AsTask(), "the write");
        await AssertCancelled(token => stream.CopyFromAsync(medium, token), "the copy");
        await AssertCancelled(token => stream.CompleteAsync(token), "the completion");
        EngineDevice device = pair.Engine.Devices[0];
        byte[] restored = new byte[stored.Length];
        Task reading = device.ReadExactlyAsync(restored).AsTask();
        await AssertCancelled(
            token => stream.CopyFromAsync(new StuckStream(), token), "the copy from a medium that hangs");
        await stream.CopyFromAsync(medium).Within("the copy");
        Task completing = stream.CompleteAsync();
        await reading.Within("the reads");
        await device.CloseAsync().Within("the close");
        await completing.Within("the completion");
        Assert.Equal(stored, restored);
    }

    [Fact]
    public async Task EngineBackup_EveryAwaitCancelledOnce_BringsEveryByte()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, buffersPerDevice: 2);
        EngineDevice device = pair.Engine.Devices[0];
        byte[] sent = SessionPair.Data(seed: 9, blockCount: 256);
        await device.WriteAsync(sent).Within("the writes");
        await AssertCancelled(token => device.RentBufferAsync(token).AsTask(), "the rent");
        await AssertCancelled(token => device.WriteAsync(sent, token).AsTask(), "the write");
        await AssertCancelled(token => device.FlushAsync(token).AsTask(), "the flush");
        await AssertCancelled(token => device.ExecuteAsync(CommandCode.Flush, cancellationToken: token).AsTask(), "the command");
        await AssertCancelled(token => device.CloseAsync(token).AsTask(), "the close");

        MemoryStream received = new();
        Task serving = pair.Client.RunAsync(async (pump, cancel) =>
        {
            using VirtualDeviceStream stream = pump.OpenBackupStream(static _ => default);
            await stream.CopyToAsync(received, cancel);
        });
        await device.FlushAsync().Within("the flush");
        await device.CloseAsync().Within("the close");
        await serving.Within("the device");
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task EngineRestore_EveryAwaitCancelledOnce_BringsEveryByte()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore);
        EngineDevice device = pair.Engine.Devices[0];
        await AssertCancelled(token => device.ReadAsync(new byte[10], token).AsTask(), "the read");
        await AssertCancelled(token => device.ReceiveAsync(token).AsTask(), "the receive");
        byte[] stored = SessionPair.Data(seed: 10, blockCount: 1000);
        Task serving = pair.Client.RunAsync(async (pump, cancel) =>
        {
            using VirtualDeviceStream stream = pump.OpenRestoreStream();
            await stream.WriteAsync(stored, cancel);
            await stream.CompleteAsync(cancel);
        });
        byte[] restored = new byte[stored.Length];
        await device.ReadExactlyAsync(restored).Within("the reads");
        await device.CloseAsync().Within("the close");
        await serving.Within("the device");
        Assert.Equal(stored, restored);
    }

    [Fact]
    public async Task SessionRun_Cancelled_CanBeTakenUpAgain()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, deviceCount: 3);
        FuncHandler handler = new(static (command, _) => new(DeviceAnswer.Transferred((int)command.SizeBytes)));
        await AssertCancelled(token => pair.Client.RunAsync(_ => handler, token), "the serving");
        Assert.Null(pair.Client.AbortNotice);
        Task serving = pair.Client.RunAsync(_ => handler);
        foreach (EngineDevice device in pair.Engine.Devices)
        {
            await device.WriteAsync(new byte[512]);
            await device.CloseAsync().Within("the close");
        }

        await serving.Within("the devices");
    }

    [Theory]
    [InlineData("take")]
    [InlineData("run")]
    [InlineData("session")]
    public async Task AbortOnCancellation_WhenAskedFor_AbortsTheSet(string what)
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, abortOnCancellation: true);
        FuncHandler handler = new(static (_, _) => new(DeviceAnswer.Done));
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        await AssertCancelled(
            token => what switch
            {
                "take" => pump.TakeAsync(token).AsTask(),
                "run" => pump.RunAsync(handler, token),
                _ => pair.Client.RunAsync(_ => handler, token),
            },
            what);
        VirtualDeviceException abort = await Assert.ThrowsAsync<VirtualDeviceException>(
            () => pair.Engine.Devices[0].FlushAsync().Within("the abort"));
        Assert.Equal(VdResult.Aborted, abort.Result);
        Assert.Equal(AbortReason.ClientSignalled, pair.Engine.AbortNotice!.Reason);
    }

    [Fact]
    public async Task AbortOnCancellation_WhileWaitingForTheEngine_AbortsTheSet()
    {
        await using BackupSession client = BackupSession.Create(
            "set", new() { Transport = new InProcessTransport(), AbortOnCancellation = true });
        await AssertCancelled(token => client.WaitForServerAsync(token), "the wait");
        Assert.Equal(AbortReason.ClientSignalled, client.AbortNotice!.Reason);
    }

    /// <summary>Starts a wait that cannot end by itself, cancels it, and sees it cancelled.</summary>
    private static async Task AssertCancelled(Func<CancellationToken, Task> start, string what)
    {
        using CancellationTokenSource cancel = new();
        Task wait = start(cancel.Token);
        Assert.False(wait.IsCompleted, $"{what} cannot end by itself");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within($"the cancellation of {what}"));
    }

    private static Task Never(CancellationToken cancel) => new TaskCompletionSource().Task.WaitAsync(cancel);

    /// <summary>A medium that never answers.</summary>
    private sealed class StuckStream : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await Never(cancellationToken);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Never(cancellationToken);
            return 0;
        }
    }
}
