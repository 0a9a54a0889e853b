using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The abnormal end: what triggers it, X1 to X11, and what it does, Y1 to Y12.</summary>
/// <remarks>The death of a process (X5 to X7) needs processes; here a party's whole half is given up at once instead, which
/// is what the other half sees of it in the first place.</remarks>
public abstract class Aborts(TransportKind kind) : ConformanceSuite(kind)
{
    /// <summary>The ways in which a set with a command outstanding can end early, and the reason both halves must see.</summary>
    public static TheoryData<string, AbortReason> Triggers => new()
    {
        { "X1", AbortReason.ClientSignalled },
        { "X1 secondary", AbortReason.ClientSignalled },
        { "X2", AbortReason.ServerSignalled },
        { "X3", AbortReason.ClientClosed },
        { "X3 secondary", AbortReason.ClientClosed },
        { "X4", AbortReason.ServerClosed },
    };

    [Theory, MemberData(nameof(Triggers))]
    [Spec("X1"), Spec("X2"), Spec("X3"), Spec("X4"), Spec("Y1"), Spec("Y2"), Spec("Y3"), Spec("Y6")]
    [Spec("Y11"), Spec("P6"), Spec("P7")]
    public void Trigger_OfEachKind_EndsEveryWaitAndEveryCommandOnBothSides(string trigger, AbortReason reason)
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        set.Client.OpenDevice(set.Name);
        ScriptedClient secondary = NewClient().Join(set.Name);
        secondary.OpenDevice("b");
        SentCommand[] sent = [.. Enumerable.Range(0, 4).Select(i => set.Server.Send(CommandCode.Flush, device: i % 2))];
        set.Client.Expect(CommandCode.Flush);
        secondary.Expect(CommandCode.Flush);
        ScriptedClient other = NewClient().Join(set.Name);

        VdResult result = trigger switch
        {
            "X1" => set.ClientSet.SignalAbort(),
            "X1 secondary" => secondary.Set.SignalAbort(),
            "X2" => set.ServerSet.SignalAbort(),
            "X3" => set.ClientSet.Close(),
            "X3 secondary" => secondary.Set.Close(),
            _ => set.ServerSet.Close(),
        };
        Assert.Equal(
            trigger[..2] switch { "X3" => VdResult.DevicesOpen, "X4" => VdResult.ProtocolError, _ => VdResult.Ok }, result);

        Assert.All(sent, s => Assert.Equal(CompletionCode.OperationAborted, s.AwaitCompletion()));
        VdResult agent = set.Server.AwaitAgent();
        Assert.Equal(trigger == "X4" ? VdResult.Ok : VdResult.Aborted, agent);
        Assert.All(sent, s => Assert.Equal(1, s.CallbackCount));
        Assert.Equal(trigger == "X4" ? VdResult.ProtocolError : VdResult.Aborted, set.Server.TrySend(CommandCode.Flush).Result);
        if (trigger != "X3")
        {
            set.Client.ExpectEnd(VdResult.Aborted);
            Assert.Equal(reason, set.ClientSet.Abort!.Reason);
        }

        if (trigger != "X3 secondary")
        {
            secondary.ExpectEnd(VdResult.Aborted);
        }

        Assert.Equal(ClientSetState.Aborted, other.Set.State);
        Assert.Equal(reason, set.ServerSet.Abort!.Reason);
        Assert.False(string.IsNullOrWhiteSpace(set.ServerSet.Abort.Detail));
    }

    [Fact, Spec("X5"), Spec("AT11")]
    public void Client_GoneWithoutAWord_EndsTheServersCommandsAndFreesTheName()
    {
        // In one process, "gone" is Dispose; the kill is tested across processes.
        BothHalves set = NewSet().Running();
        SentCommand sent = set.Server.Send(CommandCode.Flush);
        set.Client.Expect(CommandCode.Flush);
        set.Client.Dispose();

        Assert.Equal(CompletionCode.OperationAborted, sent.AwaitCompletion());
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        NewClient().Create(set.Name, new SetConfiguration());
    }

    [Fact, Spec("X6"), Spec("AT12")]
    public void Server_GoneWithoutAWord_EndsTheClientsWaitAndItsCloseIsNoError()
    {
        BothHalves set = NewSet().Running();
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetCommand", () => set.ClientDevice.GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        set.Server.Dispose();
        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
        Assert.Empty(Kind.Remains(set.Name));
    }

    [Fact, Spec("X6")]
    public void Server_GoneBeforeEndConfiguration_EndsTheClientsWait()
    {
        BothHalves set = NewSet().Begun();
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetConfiguration", () => set.ClientSet.GetConfiguration(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        set.Server.Dispose();
        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
    }

    [Fact, Spec("X7"), Spec("P8"), Spec("AT13")]
    public void Secondary_ThatDoesNothingMore_DisturbsNobodyUntilThePrimaryAborts()
    {
        // A secondary that hangs with a command in its hands: that it died would show no more of it.
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        set.Client.OpenDevice(set.Name);
        ScriptedClient secondary = NewClient().Join(set.Name);
        secondary.OpenDevice("b");
        SentCommand stuck = set.Server.Send(CommandCode.Flush, device: 1);
        secondary.Expect(CommandCode.Flush);

        for (int i = 0; i < 50; i++)
        {
            SentCommand sent = set.Server.Send(CommandCode.Flush);
            set.Client.Serve(CommandCode.Flush);
            Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
        }

        Assert.Equal(0, stuck.CallbackCount);
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        Assert.Equal(CompletionCode.OperationAborted, stuck.AwaitCompletion());
    }

    [Fact, Spec("X9"), Spec("B26")]
    public void GetCommand_WithABufferThatCannotBeMapped_AbortsTheSet()
    {
        // A server of its own making: the bare channel, with a handle of an area that there is not.
        BothHalves set = NewSet().Created();
        Assert.True(SetName.TryParse(set.Name, out SetName name, out _));
        Assert.Null(Transport.Open(string.Empty, name, out IServerChannel? channel));
        using IServerChannel server = channel!;
        Assert.Null(ConfigurationRules.Negotiate(
            server.Wishes, VdFeatures.WriteMedia, 512, 0, 65536, out SetConfiguration? configuration));
        server.PublishConfiguration(configuration!, QueueLimits.CapacityFor(1));
        server.NameDevice(0, set.Name);
        set.Client.GetConfiguration();
        set.Client.OpenDevice(set.Name);
        Assert.True(server.TrySend(0, new DeviceCommand(0, CommandCode.Write, 512, 0, BufferHandle.Encode(7, 0), 0)));

        set.Client.ExpectEnd(VdResult.Aborted);
        Assert.Equal(ClientSetState.Aborted, set.ClientSet.State);
        Assert.Contains(set.ClientSet.Abort!.Reason, new[] { AbortReason.InternalFailure, AbortReason.PeerViolation });
    }

    [Theory, InlineData("Connected"), InlineData("Configurable"), InlineData("Initializing")]
    [Spec("X10"), Spec("C9/Configurable"), Spec("C9/Initializing")]
    public void Close_OfTheClientBeforeADeviceIsOpen_IsNoErrorHereAndAnAbortThere(string serverState)
    {
        BothHalves set = NewSet();
        _ = serverState switch
        {
            "Connected" => set.Connected(),
            "Configurable" => set.Begun(),
            _ => set.Configured(),
        };
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
        Await.Until(() => set.ServerSet.State == ServerSetState.Aborted, "the server to learn that the client is gone");
        Assert.Equal(VdResult.Aborted, set.ServerSet.GetConfiguration(out _));
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        Assert.Empty(Kind.Remains(set.Name));
    }

    [Fact, Spec("X11"), Spec("Y11")]
    public void SignalAbort_ForAKilledStatement_TellsTheClientWhy()
    {
        BothHalves set = NewSet().Running();
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort("the statement was killed by session 57"));
        set.Client.ExpectEnd(VdResult.Aborted);
        Await.Until(
            () => set.ClientSet.Abort!.Detail.Contains("session 57", StringComparison.Ordinal),
            "the words of the server's reason at the client");
    }

    [Theory, InlineData(true), InlineData(false)]
    [Spec("Y1"), Spec("C8/Abort"), Spec("S14/Abort"), Spec("R8"), Spec("R21")]
    public void SignalAbort_RepeatedAndByBoth_IsIdempotentAndKeepsTheFirstReason(bool serverFirst)
    {
        BothHalves set = NewSet().Running();
        Assert.Equal(VdResult.Ok, serverFirst ? set.ServerSet.SignalAbort("first") : set.ClientSet.SignalAbort("first"));
        Assert.Equal(ClientSetState.Aborted, set.ClientSet.State);
        Assert.Equal(ServerSetState.Aborted, set.ServerSet.State);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort("later"));
            Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort("later"));
        }

        AbortReason first = serverFirst ? AbortReason.ServerSignalled : AbortReason.ClientSignalled;
        Assert.Equal((first, first), (set.ClientSet.Abort!.Reason, set.ServerSet.Abort!.Reason));

        // The words may travel after the fact, but they are the first one's on both sides.
        Await.Until(
            () => set.ClientSet.Abort is { Detail: "first" } && set.ServerSet.Abort is { Detail: "first" },
            "the words of the first reason on both sides");
    }

    [Fact, Spec("Y1")]
    public void SignalAbort_WhileThePartnerIsStuckInACallback_ReturnsWithoutWaiting()
    {
        BothHalves set = NewSet().Running();
        using var entered = new ManualResetEvent(false);
        using var leave = new ManualResetEvent(false);
        set.Server.Send(CommandCode.Flush, onCompleted: _ =>
        {
            entered.Set();
            Await.Signalled(leave, "the script's word to leave the callback");
        });
        set.Client.Serve(CommandCode.Flush);
        Await.Signalled(entered, "the callback");

        PendingCall<VdResult> abort = PendingCall.Begin("SignalAbort", set.ClientSet.SignalAbort);
        Assert.Equal(VdResult.Ok, abort.AwaitResult());
        Assert.False(set.Server.Agent!.IsOver);
        leave.Set();
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
    }

    [Fact, Spec("Y4"), Spec("Y7"), Spec("D25"), Spec("AT8")]
    public void SignalAbort_ByTheClientWithFiveOutstanding_EndsAllFive()
    {
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 5).Select(_ => set.Server.Send(CommandCode.Flush))];
        ClientCommand held = set.Client.Expect(CommandCode.Flush);
        set.Client.Expect(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());

        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        Assert.All(sent, s => Assert.Equal((CompletionCode.OperationAborted, 1), (s.AwaitCompletion(), s.CallbackCount)));
        Assert.Equal(VdResult.Aborted, set.ClientDevice.CompleteCommand(in held, CompletionCode.Success, 0));
        Assert.Equal(VdResult.Aborted, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
    }

    [Fact, Spec("Y5"), Spec("S9/Abort")]
    public void AllocateBuffer_OnAnAbortedSetWithFreeBuffers_GivesNone()
    {
        BothHalves set = NewSet().Running();
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
        Assert.Equal(VdResult.Aborted, set.ServerSet.AllocateBuffer(out DeviceBuffer none, 512, 0));
        Assert.True(none.IsEmpty);
        Assert.Equal(VdResult.ProtocolError, set.ServerSet.RequestBuffers(512, 0, 1));
    }

    [Fact, Spec("Y9"), Spec("Y10"), Spec("Y12"), Spec("D3/Aborted"), Spec("S13/Abort"), Spec("R24")]
    public void Abort_AfterIt_LeavesNothingUsefulButClose()
    {
        BothHalves set = NewSet().Running();
        set.Server.Send(CommandCode.Flush);
        set.Client.Expect(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());

        Assert.Equal(VdResult.Aborted, set.ServerDevice.CloseDevice());
        Assert.Equal(DeviceState.Aborted, set.ServerDevice.State);
        Assert.Equal(VdResult.Aborted, set.ServerSet.OpenDevice("x", out _));
        Assert.Equal(VdResult.Aborted, set.ServerSet.ExecuteCompletionAgent());
        Assert.Equal(VdResult.Aborted, set.ServerSet.GetConfiguration(out _));
        Assert.Equal(VdResult.Aborted, set.ClientSet.GetConfiguration(Limit, out _));
        Assert.Equal(VdResult.Aborted, set.ClientSet.OpenDevice(set.Name, out _));

        // Y9, Y10: neither waits for VD_E_CLOSE or for the other's Close.
        Assert.Equal(VdResult.Ok, PendingCall.Begin("server Close", set.ServerSet.Close).AwaitResult());
        Assert.Equal(VdResult.Ok, PendingCall.Begin("client Close", set.ClientSet.Close).AwaitResult());
    }

    [Theory, InlineData(2), InlineData(3), InlineData(5), InlineData(8), InlineData(13), InlineData(21)]
    [Spec("A5"), Spec("Y6"), Spec("Y2")]
    public void SignalAbort_AtAnyMomentOfATransfer_EndsEachCommandOnce(int afterCommands)
    {
        BothHalves set = NewSet(2).Running();
        PendingCall<bool>[] workers = [.. Enumerable.Range(0, 2).Select(d => PendingCall.Begin($"worker {d}", () =>
        {
            int served = 0;
            while (set.Client.Devices[d].GetCommand(Limit, out ClientCommand command) == VdResult.Ok)
            {
                if (++served == afterCommands && d == 0)
                {
                    set.ClientSet.SignalAbort();
                }

                set.Client.Devices[d].CompleteCommand(in command, CompletionCode.Success, 0);
            }

            return true;
        }))];
        VdResult sending;
        int next = 0;
        do
        {
            sending = set.Server.TrySend(CommandCode.Flush, device: next++ % 2).Result;
        }
        while (sending is VdResult.Ok or VdResult.QueueFull);

        Assert.Equal(VdResult.Aborted, sending);
        Assert.All(workers, w => Assert.True(w.AwaitResult()));
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        Assert.All(set.Server.Sent, s => Assert.Equal(1, s.CallbackCount));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class AbortsInProcess(InProcessKind kind) : Aborts(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class AbortsSharedMemory(SharedMemoryKind kind) : Aborts(kind), IClassFixture<SharedMemoryKind>;
