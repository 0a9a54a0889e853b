using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>The device's tables, cell by cell through the real classes: D1 to D3 at the server, D20 to D27 at the client.
/// The error protocol, D4 to D12, is in <see cref="DeviceErrors"/>.</summary>
public abstract class Devices(TransportKind kind) : ConformanceSuite(kind)
{
    [Theory, MemberData(nameof(SpecCells.Device), MemberType = typeof(SpecCells))]
    [Spec("D1"), Spec("D2"), Spec("D3"), Spec("S12/Active")]
    public void Call_InEverySpecifiedState_AnswersAsTheCellSays(string row, string state, string cell)
    {
        (string status, string next) = SpecCells.FirstOutcome(row, state);
        if (state == "Unopened")
        {
            // A device that the server has not opened is no object yet; the rule's only home is the machine.
            ServerDeviceEvent call = row switch
            {
                "D1" => ServerDeviceEvent.SendClearError,
                "D2" => ServerDeviceEvent.SendOther,
                _ => ServerDeviceEvent.CloseDevice,
            };
            Step<DeviceState> step = DeviceMachine.Next(DeviceState.Unopened, call);
            Assert.Equal((status, next), (step.Status.SpecName(), step.Next.ToString()));
            return;
        }

        BothHalves set = Drive(state);
        Assert.Equal(state, set.ServerDevice.State.ToString());

        VdResult found = row switch
        {
            "D1" => set.Server.TrySend(CommandCode.ClearError).Result,
            "D2" => set.Server.TrySend(CommandCode.Flush).Result,
            _ => set.ServerDevice.CloseDevice(),
        };

        Assert.True(status == found.SpecName(), $"'{cell}': expected {status}, found {found}");
        Assert.Equal(next, set.ServerDevice.State.ToString());
    }

    [Fact, Spec("D1/Active"), Spec("D11")]
    public void SendCommand_ClearErrorOnADeviceWithoutError_IsDeliveredLikeAnyOther()
    {
        BothHalves set = NewSet().Running();
        SentCommand flush = set.Server.Send(CommandCode.Flush);
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        SentCommand rewind = set.Server.Send(CommandCode.Rewind);
        set.Client.Serve(CommandCode.Flush);
        set.Client.Serve(CommandCode.ClearError);
        set.Client.Serve(CommandCode.Rewind);

        Assert.All([flush, clear, rewind], s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
        Assert.Equal(DeviceState.Active, set.ServerDevice.State);
    }

    [Fact, Spec("D2/Active"), Spec("D3/Active")]
    public void SendCommand_BeforeTheClientHasOpenedTheDevice_IsQueued()
    {
        // Each side keeps its own flag of what is open: the server's is what counts for SendCommand.
        BothHalves set = NewSet().Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.StartAgent();
        SentCommand sent = set.Server.Send(CommandCode.Flush);
        Assert.Equal(0, sent.CallbackCount);

        set.Client.OpenDevice(set.Name);
        set.Client.Serve(CommandCode.Flush);
        Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
    }

    [Fact, Spec("D20"), Spec("Q1"), Spec("R5")]
    public void GetCommand_WithACommandThere_GivesIt()
    {
        BothHalves set = NewSet().Running();
        set.Server.Send(CommandCode.SetPosition, sizeBytes: 2, position: 0x1_0000_0001);

        Assert.Equal(VdResult.Ok, set.ClientDevice.GetCommand(TimeSpan.Zero, out ClientCommand command));
        Assert.Equal((CommandCode.SetPosition, 2u, 0x1_0000_0001ul), (command.Code, command.SizeBytes, command.Position));
    }

    [Fact, Spec("D20")]
    public void GetCommand_WaitingWhenACommandComes_GivesIt()
    {
        BothHalves set = NewSet().Running();
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetCommand", () => set.ClientDevice.GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        set.Server.Send(CommandCode.Flush);

        Assert.Equal(VdResult.Ok, waiting.AwaitResult());
    }

    [Fact, Spec("D21"), Spec("D22"), Spec("Z7"), Spec("AT30")]
    public void GetCommand_WithNothingThere_TimesOutAtOnceOrAfterTheTimeGiven()
    {
        BothHalves set = NewSet().Running();
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));   // Warm.

        // The best of several: a poll that waited would wait in each.
        TimeSpan polled = Enumerable.Range(0, 5).Min(look => PendingCall.Time(
            () => Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.Zero, out _))));
        TimeSpan waited = PendingCall.Time(
            () => Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromMilliseconds(50), out _)));

        // Upper bounds leave room for a busy machine; the lower one is the promise, less a tick of the clock.
        Assert.InRange(polled.TotalMilliseconds, 0, 20);
        Assert.InRange(waited.TotalMilliseconds, 49, 5000);
        Assert.Equal(DeviceState.Active, set.ClientDevice.State);
        Assert.Equal(ClientSetState.Active, set.ClientSet.State);

        // "No state change": what comes afterwards is delivered.
        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
    }

    [Theory, InlineData(-1), InlineData(-5), InlineData(-3_600_000)]
    [Spec("D22"), Spec("Z7"), Spec("Z6")]
    public void GetCommandAndGetConfiguration_WithAnyNegativeTimeout_WaitWithoutEnd(int milliseconds)
    {
        var negative = TimeSpan.FromMilliseconds(milliseconds);
        BothHalves set = NewSet().Begun();
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetConfiguration", () => set.ClientSet.GetConfiguration(negative, out _)).AwaitBlocked();
        set.Server.Request(65536, 1).End();
        Assert.Equal(VdResult.Ok, waiting.AwaitResult());
        set.Server.OpenDevice(set.Name);
        set.Server.StartAgent();
        set.Client.OpenDevice(set.Name);
        waiting = PendingCall.Begin("GetCommand", () => set.ClientDevice.GetCommand(negative, out _)).AwaitBlocked();
        set.Server.Send(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, waiting.AwaitResult());
    }

    [Fact, Spec("D23"), Spec("D24"), Spec("T2")]
    public void GetCommand_AfterTheServerClosedTheDevice_GivesWhatIsQueuedThenClosedThenProtocolErrors()
    {
        BothHalves set = NewSet(2).Running();
        SentCommand queued = set.Server.Send(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());
        ClientCommand command = set.Client.Serve(CommandCode.Flush);
        Assert.Equal(CompletionCode.Success, queued.AwaitCompletion());

        Assert.Equal(VdResult.Closed, set.ClientDevice.GetCommand(Limit, out _));
        Assert.Equal(DeviceState.Closed, set.ClientDevice.State);
        Assert.Equal(VdResult.ProtocolError, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
        Assert.Equal(VdResult.ProtocolError, set.ClientDevice.CompleteCommand(in command, CompletionCode.Success, 0));

        // The other device of the set is open all the while.
        set.Server.Send(CommandCode.Flush, device: 1);
        set.Client.Serve(CommandCode.Flush, device: 1);
    }

    [Fact, Spec("D23"), Spec("A5")]
    public void CompleteCommand_OfWhatIsHeldWhenClosedWasReported_IsAProtocolErrorAndTheServerGetsItsCallback()
    {
        BothHalves set = NewSet(2).Running();
        SentCommand held = set.Server.Send(CommandCode.Flush);
        ClientCommand command = set.Client.Expect(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());
        set.Client.ExpectEnd(VdResult.Closed);

        Assert.Equal(VdResult.ProtocolError, set.ClientDevice.CompleteCommand(in command, CompletionCode.Success, 0));
        Assert.Equal(CompletionCode.OperationAborted, held.AwaitCompletion());
        Assert.Equal(1, held.CallbackCount);
    }

    [Fact, Spec("D23")]
    public void GetCommand_WaitingWhenTheServerClosesTheDevice_IsClosed()
    {
        BothHalves set = NewSet().Running();
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetCommand", () => set.ClientDevice.GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());

        Assert.Equal(VdResult.Closed, waiting.AwaitResult());
        Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
    }

    [Theory, InlineData(false), InlineData(true)]
    [Spec("D25"), Spec("Y2"), Spec("Y4"), Spec("Y7"), Spec("AT9"), Spec("R6")]
    public void GetCommandAndCompleteCommand_OnAbort_AreAbortedWaitingOrNot(bool byServer)
    {
        BothHalves set = NewSet(2).Running();
        set.Server.Send(CommandCode.Flush);
        ClientCommand held = set.Client.Expect(CommandCode.Flush);
        set.Server.Send(CommandCode.Rewind);   // Queued, never to be delivered (Y4).
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetCommand", () => set.Client.Devices[1].GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        Assert.Equal(VdResult.Ok, byServer ? set.ServerSet.SignalAbort() : set.ClientSet.SignalAbort());

        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
        Assert.Equal(VdResult.Aborted, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
        Assert.Equal(VdResult.Aborted, set.ClientDevice.CompleteCommand(in held, CompletionCode.Success, 0));
        Assert.Equal(DeviceState.Aborted, set.ClientDevice.State);
        Assert.Equal(DeviceState.Aborted, set.ServerDevice.State);
    }

    [Fact, Spec("D26")]
    public void CompleteCommand_OfAnotherDevicesCommand_IsInvalidAndHarmless()
    {
        BothHalves set = NewSet(2).Running();
        SentCommand first = set.Server.Send(CommandCode.Flush, device: 0);
        SentCommand second = set.Server.Send(CommandCode.Rewind, device: 1);
        ClientCommand ofFirst = set.Client.Expect(CommandCode.Flush, 0);

        Assert.Equal(VdResult.Invalid, set.Client.Devices[1].CompleteCommand(in ofFirst, CompletionCode.Success, 0));
        ClientCommand ofSecond = set.Client.Expect(CommandCode.Rewind, 1);
        Assert.Equal(VdResult.Invalid, set.Client.Devices[1].CompleteCommand(in ofFirst, CompletionCode.DiskFull, 0));
        Assert.Equal(VdResult.Invalid, set.Client.Devices[0].CompleteCommand(in ofSecond, CompletionCode.DiskFull, 0));
        Assert.Equal((0, 0), (first.CallbackCount, second.CallbackCount));

        set.Client.Complete(in ofFirst, device: 0);
        set.Client.Complete(in ofSecond, device: 1);
        Assert.Equal(CompletionCode.Success, first.AwaitCompletion());
        Assert.Equal(CompletionCode.Success, second.AwaitCompletion());
    }

    [Fact, Spec("D27"), Spec("M1"), Spec("A5")]
    public void CompleteCommand_Twice_IsInvalidTheSecondTimeAlsoWhenItsPlaceIsInUseAgain()
    {
        BothHalves set = NewSet().Running();
        SentCommand sent = set.Server.Send(CommandCode.Flush);
        ClientCommand command = set.Client.Serve(CommandCode.Flush);
        Assert.Equal(VdResult.Invalid, set.ClientDevice.CompleteCommand(in command, CompletionCode.Success, 0));
        sent.AwaitCompletion();

        for (int i = 0; i < 200; i++)
        {
            SentCommand next = set.Server.Send(CommandCode.Rewind);
            ClientCommand fresh = set.Client.Expect(CommandCode.Rewind);
            Assert.Equal(VdResult.Invalid, set.ClientDevice.CompleteCommand(in command, CompletionCode.DiskFull, 0));
            set.Client.Complete(in fresh);
            Assert.Equal(CompletionCode.Success, next.AwaitCompletion());
        }

        Assert.Equal(1, sent.CallbackCount);
    }

    private BothHalves Drive(string state)
    {
        BothHalves set = NewSet(2).Running();
        switch (state)
        {
            case "IOError":
                SentCommand failing = set.Server.Send(CommandCode.Flush);
                set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
                Assert.Equal(CompletionCode.DiskFull, failing.AwaitCompletion());
                break;
            case "Closed":
                Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());
                break;
            case "Aborted":
                Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
                break;
            default:
                break;
        }

        return set;
    }
}

[Collection(InProcessCollection.Name)]
public sealed class DevicesInProcess(InProcessKind kind) : Devices(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class DevicesSharedMemory(SharedMemoryKind kind) : Devices(kind), IClassFixture<SharedMemoryKind>;
