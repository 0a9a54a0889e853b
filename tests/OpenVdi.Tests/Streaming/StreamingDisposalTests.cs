using OpenVdi.Client;
using OpenVdi.Streaming;
using OpenVdi.Transport;

namespace OpenVdi.Tests.Streaming;

/// <summary>Disposal in every state ends every wait and leaves no name behind.</summary>
public sealed class StreamingDisposalTests
{
    [Fact]
    public async Task Client_Created_IsGone()
    {
        InProcessTransport transport = new();
        await BackupSession.Create("set", new() { Transport = transport }).DisposeAsync().Within("the disposal");
        Assert.Empty(transport.ListSets());
        BackupSession again = BackupSession.Create("set", new() { Transport = transport });
        await again.DisposeAsync().Within("the disposal");
        await again.DisposeAsync().Within("the second disposal");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => again.WaitForServerAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => again.OpenDeviceAsync("set"));
        Assert.Throws<ObjectDisposedException>(() => again.Abort("late"));
    }

    [Fact]
    public async Task Client_WaitingForTheEngine_EndsTheWait()
    {
        InProcessTransport transport = new();
        BackupSession client = BackupSession.Create("set", new() { Transport = transport });
        Task wait = client.WaitForServerAsync();
        await client.DisposeAsync().Within("the disposal");
        await AssertAborted(wait, "the wait");
        Assert.Empty(transport.ListSets());
    }

    [Fact]
    public async Task Client_Configured_AbortsTheEngine()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        Task flush = pair.Engine.Devices[0].FlushAsync().AsTask();
        await pair.Client.DisposeAsync().Within("the disposal");
        await AssertAborted(flush, "the flush");
    }

    [Fact]
    public async Task Client_TakingRunningReading_EndsEachWait()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, deviceCount: 3);
        DevicePump[] pumps = await Task.WhenAll(pair.Client.DeviceNames.Select(name => pair.Client.OpenDeviceAsync(name)));
        using VirtualDeviceStream stream = pumps[2].OpenBackupStream(static _ => default);
        Task[] waits =
        [
            pumps[0].TakeAsync().AsTask(),
            pumps[1].RunAsync(new FuncHandler(static (_, _) => new(DeviceAnswer.Done))),
            stream.CopyToAsync(Stream.Null),
        ];
        await pair.Client.DisposeAsync().Within("the disposal");
        foreach (Task wait in waits)
        {
            await AssertAborted(wait, "a wait");
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => pumps[0].TakeAsync().AsTask());
    }

    // The memory goes with Close: a handler that still uses it must have left before.
    [Fact]
    public async Task Client_HandlerInProgress_IsWaitedForBeforeTheMemoryGoes()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        TaskCompletionSource entered = new(), leave = new();
        byte last = 0;
        Task run = pump.RunAsync(new FuncHandler(async (command, cancel) =>
        {
            entered.SetResult();
            await leave.Task;
            Assert.True(cancel.IsCancellationRequested);
            last = command.Buffer.Span[^1];
            return DeviceAnswer.Transferred((int)command.SizeBytes);
        }));
        byte[] sent = new byte[512];
        sent[^1] = 77;
        await pair.Engine.Devices[0].WriteAsync(sent);
        await entered.Task.Within("the handler");
        Task disposal = pair.Client.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        leave.SetResult();
        await disposal.Within("the disposal");
        await AssertAborted(run, "the run");
        Assert.Equal(77, last);
    }

    [Fact]
    public async Task Client_StreamCopyInProgress_IsWaitedForBeforeTheMemoryGoes()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        using VirtualDeviceStream stream = pump.OpenBackupStream(static _ => default);
        HeldStream medium = new();
        Task copy = stream.CopyToAsync(medium);
        await pair.Engine.Devices[0].WriteAsync(new byte[512]);
        await medium.Entered.Task.Within("the medium");
        Task disposal = pair.Client.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        medium.Leave.SetResult();
        await disposal.Within("the disposal");
        await AssertAborted(copy, "the copy");
        Assert.Equal(512, medium.ByteCount);
    }

    // A command that nobody takes any more does not keep the device's thread.
    [Fact]
    public async Task Client_WithACommandThatNobodyTook_IsGone()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        TaskCompletionSource entered = new();
        using CancellationTokenSource cancel = new();
        Task run = pump.RunAsync(
            new FuncHandler(async (_, token) =>
            {
                entered.SetResult();
                await new TaskCompletionSource().Task.WaitAsync(token);
                return DeviceAnswer.Done;
            }),
            cancel.Token);
        await pair.Engine.Devices[0].WriteAsync(new byte[512]);
        await entered.Task.Within("the handler");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Within("the run"));
        await pair.Client.DisposeAsync().Within("the disposal");
    }

    [Fact]
    public async Task Client_HandlerThatHeedsItsToken_EndsAborted()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        TaskCompletionSource entered = new();
        Task run = pump.RunAsync(new FuncHandler(async (_, token) =>
        {
            entered.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(token);
            return DeviceAnswer.Done;
        }));
        await pair.Engine.Devices[0].WriteAsync(new byte[512]);
        await entered.Task.Within("the handler");
        await pair.Client.DisposeAsync().Within("the disposal");
        await AssertAborted(run, "the run");
    }

    [Fact]
    public async Task Client_AllDevicesClosed_IsNoAbort()
    {
        SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        Task serving = pair.Client.RunAsync(static _ => new FuncHandler(static (_, _) => new(DeviceAnswer.Done)));
        await pair.Engine.Devices[0].CloseAsync().Within("the close");
        await serving.Within("the device");
        await pair.DisposeAsync();
        Assert.Null(pair.Client.AbortNotice);
        Assert.Null(pair.Engine.AbortNotice);
    }

    [Fact]
    public async Task Client_AfterAnAbort_IsGone()
    {
        InProcessTransport transport = new();
        SessionPair pair = await SessionPair.CreateAsync(transport, EngineOperation.Backup);
        await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        pair.Engine.Abort("no");
        await pair.DisposeAsync();
        Assert.Empty(transport.ListSets());
        Assert.Equal(AbortReason.ServerSignalled, pair.Client.AbortNotice!.Reason);
    }

    [Fact]
    public async Task Engine_Opened_AbortsTheProgram()
    {
        InProcessTransport transport = new();
        await using BackupSession client = BackupSession.Create("set", new() { Transport = transport });
        EngineSession engine = await EngineSession.OpenAsync("set", new() { Transport = transport }).Within("the set");
        Task wait = client.WaitForServerAsync();
        await engine.DisposeAsync().Within("the disposal");
        await engine.DisposeAsync().Within("the second disposal");
        await AssertAborted(wait, "the program's wait");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.ConfigureAsync(EngineOperation.Backup));
    }

    [Fact]
    public async Task Engine_WithCommandsOutstanding_EndsThemAborted()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[512]);
        Task<EngineCompletion> outstanding = device.ExecuteAsync(CommandCode.Flush).AsTask();
        await pair.Engine.DisposeAsync().Within("the disposal");
        Assert.Equal(CompletionCode.OperationAborted, (await outstanding.Within("the flush")).Code);
        await Assert.ThrowsAsync<VirtualDeviceException>(() => device.FlushAsync().Within("the refusal"));
    }

    private static async Task AssertAborted(Task wait, string what)
    {
        VirtualDeviceException abort = await Assert.ThrowsAsync<VirtualDeviceException>(() => wait.Within(what));
        Assert.Equal(VdResult.Aborted, abort.Result);
    }

    private sealed class HeldStream : MemoryStream
    {
        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource Leave { get; } = new();

        public int ByteCount { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Entered.SetResult();
            await Leave.Task;
            ByteCount = buffer.Span.Length;
        }
    }
}
