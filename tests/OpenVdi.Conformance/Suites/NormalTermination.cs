using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>The orderly end: T1 to T10.</summary>
public abstract class NormalTermination(TransportKind kind) : ConformanceSuite(kind)
{
    [Fact, Spec("T1"), Spec("T2"), Spec("T3"), Spec("T4"), Spec("T5"), Spec("C5/Active")]
    public void Termination_StepByStep_GoesThroughTheSpecifiedStates()
    {
        BothHalves set = NewSet(2).Running();
        SentCommand sent = set.Server.SendWrite(new byte[512]);
        set.Client.Serve(CommandCode.Write);
        sent.AwaitCompletion();

        Assert.Equal(VdResult.Ok, set.Server.Devices[0].CloseDevice());
        Assert.Equal(DeviceState.Closed, set.Server.Devices[0].State);
        set.Client.ExpectEnd(VdResult.Closed, 0);
        Assert.Equal(ClientSetState.Active, set.ClientSet.State);
        Assert.False(set.Server.Agent!.IsOver);

        Assert.Equal(VdResult.Ok, set.Server.Devices[1].CloseDevice());
        set.Client.ExpectEnd(VdResult.Closed, 1);
        Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.Equal(ServerSetState.NormallyTerminated, set.ServerSet.State);

        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        Assert.Null(set.ClientSet.Abort);
        Assert.Null(set.ServerSet.Abort);
    }

    [Fact, Spec("T2"), Spec("D23")]
    public void CloseDevice_WithCommandsQueued_LetsTheClientHaveThemFirst()
    {
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 5).Select(i => set.Server.Send(CommandCode.SkipBlocks, sizeBytes: (uint)i))];
        set.Server.CloseDevices();
        for (uint i = 0; i < 5; i++)
        {
            Assert.Equal(i, set.Client.Serve(CommandCode.SkipBlocks).SizeBytes);
        }

        set.Client.ExpectEnd(VdResult.Closed);
        Assert.All(sent, s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
    }

    [Fact, Spec("T4"), Spec("T6")]
    public void Close_OfTheClientBeforeTheAgentIsDone_WaitsForNobodyAndAbortsNothing()
    {
        // The agent is held in a callback; the client has seen every VD_E_CLOSE and goes.
        BothHalves set = NewSet().Running();
        using var leave = new ManualResetEvent(false);
        SentCommand sent = set.Server.Send(
            CommandCode.Flush, onCompleted: _ => Await.Signalled(leave, "the script's word to leave the callback"));
        set.Client.Serve(CommandCode.Flush);
        set.Server.CloseDevices();
        set.Client.ExpectEnd(VdResult.Closed);

        PendingCall<VdResult> close = PendingCall.Begin("client Close", set.ClientSet.Close);
        Assert.Equal(VdResult.Ok, close.AwaitResult());
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        leave.Set();
        Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.Equal(ServerSetState.NormallyTerminated, set.ServerSet.State);
        set.Server.Close();
    }

    [Theory, InlineData(true), InlineData(false)]
    [Spec("T6"), Spec("B34")]
    public void Close_InEitherOrder_IsNoErrorAndTheSetVanishesWithTheLast(bool clientFirst)
    {
        BothHalves set = NewSet().Running();
        set.Terminated();
        Action[] closes = [set.Client.Close, set.Server.Close];
        closes[clientFirst ? 0 : 1]();
        closes[clientFirst ? 1 : 0]();
        Assert.Empty(Kind.Remains(set.Name));

        // And the name is free.
        NewClient().Create(set.Name, new SetConfiguration());
    }

    [Fact, Spec("T5"), Spec("B12")]
    public void Close_OfTheServerFirst_LeavesTheClientToReadItsCloseAndToCloseItself()
    {
        // The server is done before the client has looked: what it closed is still told.
        BothHalves set = NewSet().Running();
        SentCommand last = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        last.AwaitCompletion();
        set.Server.CloseDevices();
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        set.Server.Close();

        set.Client.ExpectEnd(VdResult.Closed);
        Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
        set.Client.Close();
    }

    [Theory, InlineData(true), InlineData(false)]
    [Spec("T7"), Spec("X11")]
    public void Close_SeenByTheClient_IsTheSameForSuccessAndFailureOfTheStatement(bool succeeds)
    {
        // The statement's result travels over SQL; what the client sees here must not pretend to be it.
        BothHalves set = NewSet().Running();
        SentCommand sent = set.Server.SendWrite(new byte[512]);
        set.Client.Serve(CommandCode.Write, succeeds ? CompletionCode.Success : CompletionCode.DiskFull);
        sent.AwaitCompletion();
        set.ClosedInOrder();
        Assert.Null(set.ClientSet.Abort);
    }

    [Fact, Spec("T8"), Spec("D3/IO-ERROR")]
    public void CloseDevice_AfterACommandError_WaitsForWhatIsOutstandingWithoutAnAbort()
    {
        BothHalves set = NewSet().Running();
        SentCommand failing = set.Server.SendWrite(new byte[512]);
        SentCommand pending = set.Server.SendWrite(new byte[512]);
        ClientCommand first = set.Client.Expect(CommandCode.Write);
        ClientCommand second = set.Client.Expect(CommandCode.Write);
        set.Client.Complete(in first, CompletionCode.DiskFull);
        failing.AwaitCompletion();
        set.Client.Complete(in second);
        Assert.Equal(CompletionCode.Success, pending.AwaitCompletion());
        set.ClosedInOrder();
    }

    [Fact, Spec("T9")]
    public void Listing_OfALiveSet_SaysWhatTheHistoryOfAnEngineNeeds()
    {
        // The history tables (device_type = 7) are the engine's. What this library can tell it: that the device is
        // virtual, by name, as long as it lives.
        BothHalves set = NewSet(2).Running();
        Assert.Equal(2, Transport.ListSets().Single(s => s.Name == set.Name).DeviceCount);
        Assert.Equal([set.Name, "device 2"], set.Server.Devices.Select(d => d.Name));
    }

    [Fact, Spec("T10"), Spec("C9/NT"), Spec("C1n3")]
    public void Close_InNormallyTerminated_IsNoErrorAndTheObjectCreatesAgain()
    {
        BothHalves set = NewSet().Running();
        set.Terminated();
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
        Assert.Equal(ClientSetState.DoesNotExist, set.ClientSet.State);
        Assert.Equal(VdResult.Ok, set.ClientSet.CreateEx(null, NewName(), new SetConfiguration()));
        Assert.Equal(ClientSetState.Configurable, set.ClientSet.State);
    }
}

[Collection(InProcessCollection.Name)]
public sealed class NormalTerminationInProcess(InProcessKind kind) : NormalTermination(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class NormalTerminationSharedMemory(SharedMemoryKind kind)
    : NormalTermination(kind), IClassFixture<SharedMemoryKind>;
