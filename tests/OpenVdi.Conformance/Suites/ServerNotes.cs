using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The notes to the server's transition table, S-n1 to S-n5, and the second outcomes of its cells.</summary>
public abstract class ServerNotes(TransportKind kind) : ConformanceSuite(kind)
{
    [Fact, Spec("S1/DNE"), Spec("V12"), Spec("R10")]
    public void Open_ForASetThatIsNotThere_IsInvalidAndMayBeRetried()
    {
        string name = NewName();
        ServerVirtualDeviceSet server = NewServerSet();
        Assert.Equal(VdResult.Invalid, server.Open(null, name));
        Assert.Equal(ServerSetState.DoesNotExist, server.State);
        Assert.Equal(VdResult.Invalid, server.Open(null, null));
        Assert.Equal(VdResult.Invalid, server.Open(null, ""));
        Assert.Equal(VdResult.Invalid, server.Open(null, @"a\b"));

        NewClient().Create(name, new SetConfiguration());
        Assert.Equal(VdResult.Ok, server.Open(null, name));
    }

    [Fact, Spec("S1/DNE"), Spec("S-n4")]
    public void Open_AfterCloseOnTheSameObject_FindsTheNextSet()
    {
        // S-n4 advises to release the object; 3.4 says that after Close it is where it began, and so S1 lets it open.
        BothHalves set = NewSet().Running();
        ServerVirtualDevice old = set.ServerDevice;
        Assert.Equal(VdResult.ProtocolError, set.ServerSet.Close());
        BothHalves next = NewSet().Created();
        Assert.Equal(VdResult.Ok, set.ServerSet.Open(null, next.Name));
        Assert.Equal(ServerSetState.Connected, set.ServerSet.State);
        Assert.Null(set.ServerSet.Abort);
        Assert.Equal(VdResult.ProtocolError, old.SendCommand(new ServerCommand { Code = CommandCode.Flush }));
        Assert.Equal(VdResult.ProtocolError, old.CloseDevice());
    }

    [Fact, Spec("V13")]
    public void Open_OfASetThatAServerHas_IsAProtocolErrorWithoutHarm()
    {
        BothHalves set = NewSet().Running();
        ServerVirtualDeviceSet other = NewServerSet();
        Assert.Equal(VdResult.ProtocolError, other.Open(null, set.Name));
        Assert.Equal(ServerSetState.DoesNotExist, other.State);

        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        set.ClosedInOrder();
    }

    [Fact, Spec("S-n1"), Spec("S3/Abort"), Spec("S4/Abort"), Spec("S6/Abort"), Spec("R12"), Spec("R13"), Spec("R15")]
    public void Configuration_StartedAfterAnAbort_IsAProtocolErrorInEachOfItsSteps()
    {
        // What is started after the abort answers as the table says; for what is in progress, see the next test.
        foreach (Func<BothHalves, BothHalves> stage in new Func<BothHalves, BothHalves>[] { s => s.Connected(), s => s.Begun() })
        {
            BothHalves set = stage(NewSet());
            Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
            Assert.Equal(ServerSetState.Aborted, set.ServerSet.State);
            Assert.Equal(
                VdResult.ProtocolError, set.ServerSet.BeginConfiguration(default, 512, 0, 65536, Timeout.InfiniteTimeSpan));
            Assert.Equal(VdResult.ProtocolError, set.ServerSet.RequestBuffers(65536, 0, 1));
            Assert.Equal(VdResult.ProtocolError, set.ServerSet.EndConfiguration());
            Assert.Equal(VdResult.ProtocolError, set.ServerSet.QueryAvailableBuffers(65536, 0, out _));
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    [Spec("S-n1"), Spec("Y2"), Spec("R13"), Spec("R15")]
    public void Configuration_InProgressWhenTheAbortArrives_IsAborted(bool afterConfiguration)
    {
        using var transport = new PausingTransport(Transport);
        using var set = new BothHalves(transport, NewName());
        _ = afterConfiguration ? set.Configured() : set.Begun();
        if (!afterConfiguration)
        {
            set.Server.Request(65536, 1);
        }

        transport.IsPausing = true;
        PendingCall<VdResult> call = PendingCall.Begin(
            "the configuring call",
            () => afterConfiguration ? set.ServerSet.RequestBuffers(65536, 0, 1) : set.ServerSet.EndConfiguration());
        transport.AwaitPause();
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());

        // The object is not locked meanwhile: it sees the abort.
        Assert.Equal(ServerSetState.Aborted, set.ServerSet.State);
        transport.Continue();
        Assert.Equal(VdResult.Aborted, call.AwaitResult());
    }

    [Fact, Spec("S15"), Spec("S-n4")]
    public void Close_WhileBuffersAreBeingMade_WaitsForThemAndReleasesThem()
    {
        using var transport = new PausingTransport(Transport);
        using var set = new BothHalves(transport, NewName());
        set.Configured();
        transport.IsPausing = true;
        PendingCall<VdResult> request = PendingCall.Begin("RequestBuffers", () => set.ServerSet.RequestBuffers(65536, 0, 1));
        transport.AwaitPause();
        PendingCall<VdResult> close = PendingCall.Begin("Close", set.ServerSet.Close).AwaitBlocked();
        transport.Continue();
        Assert.Equal(VdResult.Ok, close.AwaitResult());
        Assert.Equal(VdResult.Aborted, request.AwaitResult());
        Assert.Equal(ServerSetState.DoesNotExist, set.ServerSet.State);
    }

    [Fact, Spec("S-n2"), Spec("Y5"), Spec("S9/Abort"), Spec("S10/Abort")]
    public void AllocateBuffer_AfterAnAbort_GivesNoneAndFreeBufferStillTakesThemBack()
    {
        BothHalves set = NewSet().Running();
        DeviceBuffer held = set.Server.Allocate();
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());

        Assert.Equal(VdResult.Aborted, set.ServerSet.AllocateBuffer(out DeviceBuffer none, 512, 0));
        Assert.True(none.IsEmpty);
        Assert.Equal(VdResult.Ok, set.ServerSet.FreeBuffer(held));
        Assert.Equal(VdResult.Invalid, set.ServerSet.FreeBuffer(held));
    }

    [Fact, Spec("S-n3")]
    public void AnyFunction_BeforeOpen_IsAProtocolError()
    {
        ServerVirtualDeviceSet set = NewServerSet();
        Assert.Equal(VdResult.ProtocolError, set.GetConfiguration(out SetConfiguration? none));
        Assert.Null(none);
        Assert.Equal(VdResult.ProtocolError, set.BeginConfiguration(default, 512, 0, 65536, TimeSpan.Zero));
        Assert.Equal(VdResult.ProtocolError, set.RequestBuffers(65536, 0, 1));
        Assert.Equal(VdResult.ProtocolError, set.QueryAvailableBuffers(65536, 0, out uint count));
        Assert.Equal(0u, count);
        Assert.Equal(VdResult.ProtocolError, set.EndConfiguration());
        Assert.Equal(VdResult.ProtocolError, set.OpenDevice("a", out ServerVirtualDevice? device));
        Assert.Null(device);
        Assert.Equal(VdResult.ProtocolError, set.ExecuteCompletionAgent());
        Assert.Equal(VdResult.ProtocolError, set.AllocateBuffer(out DeviceBuffer buffer, 512, 0));
        Assert.True(buffer.IsEmpty);
        Assert.Equal(VdResult.ProtocolError, set.FreeBuffer(4096, 512));
        Assert.False(set.IsSharedBuffer(4096));
        Assert.Equal(VdResult.ProtocolError, set.SignalAbort());
        Assert.Equal(VdResult.ProtocolError, set.Close());
    }

    [Fact, Spec("S-n4"), Spec("S15/Active"), Spec("AT17"), Spec("X4"), Spec("B34")]
    public void Close_WithDevicesOpenAndCommandsPending_SaysSoAbortsAndReleasesEverything()
    {
        BothHalves set = NewSet(2).Running();
        DeviceBuffer buffer = set.Server.Allocate();
        nint address = buffer.Address;
        SentCommand fetched = set.Server.Send(CommandCode.Write, buffer);
        ClientCommand held = set.Client.Expect(CommandCode.Write);
        SentCommand queued = set.Server.Send(CommandCode.Flush);
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetCommand", () => set.Client.Devices[1].GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();

        Assert.Equal(VdResult.ProtocolError, set.ServerSet.Close());

        Assert.Equal(ServerSetState.DoesNotExist, set.ServerSet.State);
        Assert.Equal(CompletionCode.OperationAborted, fetched.AwaitCompletion());
        Assert.Equal(CompletionCode.OperationAborted, queued.AwaitCompletion());
        _ = set.Server.AwaitAgent();
        Assert.Equal((1, 1), (fetched.CallbackCount, queued.CallbackCount));
        Assert.Equal(0, buffer.Address);
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.False(set.ServerSet.IsSharedBuffer(address));
        Assert.Equal(VdResult.ProtocolError, set.ServerDevice.SendCommand(new ServerCommand { Code = CommandCode.Flush }));
        Assert.Equal(VdResult.ProtocolError, set.ServerDevice.CloseDevice());

        // The client: told, and still in possession of what it holds (Y8) until its own Close.
        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
        held.Buffer.Span.Fill(1);
        Assert.Equal(VdResult.Aborted, set.ClientDevice.CompleteCommand(in held, CompletionCode.Success, 1));
        Assert.Equal(AbortReason.ServerClosed, set.ClientSet.Abort!.Reason);
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
    }

    [Theory, InlineData("Connected"), InlineData("Configurable"), InlineData("Initializing"), InlineData("Active")]
    [Spec("S-n5"), Spec("S14"), Spec("X2"), Spec("G8")]
    public void SignalAbort_FromEveryStateInWhichTheSetExists_ReachesTheClient(string state)
    {
        BothHalves set = NewSet();
        _ = state switch
        {
            "Connected" => set.Connected(),
            "Configurable" => set.Begun(),
            "Initializing" => set.Configured(),
            _ => set.Running(),
        };
        Assert.Equal(state, set.ServerSet.State.ToString());
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort("cannot work with this"));

        Assert.Equal(ServerSetState.Aborted, set.ServerSet.State);
        Assert.Equal(ClientSetState.Aborted, set.ClientSet.State);
        Assert.Equal(VdResult.Aborted, set.ClientSet.GetConfiguration(Limit, out _));
        Assert.Equal(AbortReason.ServerSignalled, set.ClientSet.Abort!.Reason);
        Await.Until(
            () => set.ClientSet.Abort.Detail.Contains("cannot work with this", StringComparison.Ordinal),
            "the words of the server's reason at the client");
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
    }

    [Fact, Spec("S6/Configurable"), Spec("B5")]
    public void EndConfiguration_Succeeding_MovesBothHalvesToInitializing()
    {
        BothHalves set = NewSet().Begun();
        Assert.Equal(ClientSetState.Configurable, set.ClientSet.State);
        set.Server.Request(65536, 2).End();
        Assert.Equal(ServerSetState.Initializing, set.ServerSet.State);
        set.Client.GetConfiguration();
        Assert.Equal(ClientSetState.Initializing, set.ClientSet.State);
    }

    [Fact, Spec("S7/Active"), Spec("R16"), Spec("AT3")]
    public void OpenDevice_UntilAllAreOpened_ThenSaysDevicesOpen()
    {
        BothHalves set = NewSet(3).Configured();
        for (int i = 0; i < 3; i++)
        {
            set.Server.OpenDevice(set.DeviceName(i));
            Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        }

        Assert.Equal(VdResult.DevicesOpen, set.ServerSet.OpenDevice("d", out ServerVirtualDevice? fourth));
        Assert.Null(fourth);
    }

    [Fact, Spec("S8/Active"), Spec("AT24"), Spec("R17")]
    public void ExecuteCompletionAgent_ASecondTime_IsAProtocolErrorAndTheFirstGoesOn()
    {
        BothHalves set = NewSet().Opened();
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        set.Server.StartAgent();
        Assert.Equal(VdResult.ProtocolError, set.ServerSet.ExecuteCompletionAgent());

        SentCommand sent = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
    }

    [Fact, Spec("S11"), Spec("B11"), Spec("R20")]
    public void IsSharedBuffer_ForEachKindOfAddress_IsTrueOnlyInsideABufferArea()
    {
        BothHalves set = NewSet().Running();
        DeviceBuffer buffer = set.Server.Allocate();
        BothHalves other = NewSet().Running();

        Assert.True(set.ServerSet.IsSharedBuffer(buffer.Address));
        Assert.True(set.ServerSet.IsSharedBuffer(buffer.Address + 65535));
        Assert.False(set.ServerSet.IsSharedBuffer(0));
        Assert.False(other.ServerSet.IsSharedBuffer(buffer.Address));

        // Kept while mapped: after an abort too, until Close.
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
        Assert.True(set.ServerSet.IsSharedBuffer(buffer.Address));
    }

    [Fact, Spec("S13/Active"), Spec("S13/NT"), Spec("T3")]
    public void CloseDevice_OfTheLastDevice_TerminatesTheSetOnceTheAgentIsDone()
    {
        BothHalves set = NewSet(2).Running();
        Assert.Equal(VdResult.Ok, set.Server.Devices[0].CloseDevice());
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        Assert.Equal(VdResult.Ok, set.Server.Devices[1].CloseDevice());
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.Equal(ServerSetState.NormallyTerminated, set.ServerSet.State);
        Assert.Equal(VdResult.Closed, set.Server.Devices[0].CloseDevice());
    }

    [Fact, Spec("S15/Active"), Spec("R22")]
    public void Close_InActiveWithNoDeviceOpen_IsNoError()
    {
        // Active through the agent alone: no device was opened yet.
        BothHalves set = NewSet().Configured();
        set.Server.StartAgent();
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());

        // It was no normal termination, though: the client learns of it.
        Assert.Equal(VdResult.Aborted, set.ClientSet.OpenDevice(set.Name, out _));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ServerNotesInProcess(InProcessKind kind) : ServerNotes(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ServerNotesSharedMemory(SharedMemoryKind kind) : ServerNotes(kind), IClassFixture<SharedMemoryKind>;
