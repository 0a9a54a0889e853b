using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The completion agent: A1 to A8, AT24, AT25.</summary>
public abstract class Agent(TransportKind kind) : ConformanceSuite(kind)
{
    [Fact, Spec("A1"), Spec("A3"), Spec("A4")]
    public void Callbacks_OfEveryCompletion_RunOnTheThreadLentToTheAgentWithTheirOwnCommand()
    {
        BothHalves set = NewSet(2).Running();
        for (int i = 0; i < 20; i++)
        {
            set.Server.Send(CommandCode.Flush, device: i % 2);
        }

        for (int i = 0; i < 20; i++)
        {
            set.Client.Serve(CommandCode.Flush, device: i % 2);
        }

        Assert.All(set.Server.Sent, s =>
        {
            Assert.Equal(CompletionCode.Success, s.AwaitCompletion());
            Assert.Equal(set.Server.Agent!.ManagedThreadId, s.CallbackThreadId);
            Assert.Same(s.Command, s.CalledWith);
            Assert.Same(s, s.Command.CompletionContext);
        });
    }

    [Fact, Spec("A3")]
    public void Callbacks_OfADeviceWhoseClientAnswersAtOnce_LeaveTheOtherDeviceItsTurn()
    {
        const int Endless = 1000;
        BothHalves set = NewSet(2).Running();
        int rounds = 0;
        int roundsBeforeOther = Endless;
        using var ended = new ManualResetEventSlim();
        set.Server.Send(CommandCode.Flush, onCompleted: _ =>
        {
            set.Server.Send(CommandCode.Flush, device: 1, onCompleted: _ => roundsBeforeOther = rounds);
            set.Client.Serve(CommandCode.Flush, device: 1);
            Again();
        });
        set.Client.Serve(CommandCode.Flush);
        Assert.True(ended.Wait(Limit));
        Assert.InRange(roundsBeforeOther, 0, 2);

        void Again()
        {
            if (roundsBeforeOther < Endless || ++rounds == Endless)
            {
                ended.Set();
                return;
            }

            set.Server.Send(CommandCode.Flush, onCompleted: _ => Again());
            set.Client.Serve(CommandCode.Flush);
        }
    }

    [Fact, Spec("A2"), Spec("E3"), Spec("S12/Active")]
    public void SendCommand_WithoutARunningAgent_IsAProtocolErrorWithItsCallback()
    {
        BothHalves set = NewSet().Opened();
        SentCommand refused = set.Server.TrySend(CommandCode.Flush);
        Assert.Equal(
            (VdResult.ProtocolError, CompletionCode.InvalidHandle, 1),
            (refused.Result, refused.CodeInCallback, refused.CallbackCount));

        set.Server.StartAgent();
        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
    }

    [Fact, Spec("A4"), Spec("AT25")]
    public void Callback_CallingEveryFunctionThatItMay_DoesNotDeadlock()
    {
        BothHalves set = NewSet(2).Running();
        var seen = new List<VdResult>();
        SentCommand? nested = null;
        SentCommand outer = set.Server.Send(CommandCode.Flush, onCompleted: sent =>
        {
            seen.Add(set.ServerSet.AllocateBuffer(out DeviceBuffer buffer, 512, 0));
            nested = set.Server.Send(CommandCode.Write, buffer);
            seen.Add(set.ServerSet.AllocateBuffer(out DeviceBuffer second, 512, 0));
            seen.Add(set.ServerSet.FreeBuffer(second));
            seen.Add(set.ServerSet.GetConfiguration(out _));
            seen.Add(set.ServerSet.RequestBuffers(512, 0, 1));
            seen.Add(set.ServerSet.ExecuteCompletionAgent() == VdResult.ProtocolError ? VdResult.Ok : VdResult.Unexpected);
            seen.Add(set.Server.Devices[1].CloseDevice());
        });
        set.Client.Serve(CommandCode.Flush);
        outer.AwaitCompletion();
        set.Client.Serve(CommandCode.Write);
        Assert.Equal(CompletionCode.Success, nested!.AwaitCompletion());
        Assert.All(seen, r => Assert.Equal(VdResult.Ok, r));
        Assert.Equal(7, seen.Count);
        set.Client.ExpectEnd(VdResult.Closed, 1);
    }

    [Fact, Spec("A4"), Spec("X2")]
    public void Callback_CallingSignalAbort_EndsTheSetAndTheAgent()
    {
        BothHalves set = NewSet().Running();
        SentCommand first = set.Server.Send(CommandCode.Flush, onCompleted: _ => set.ServerSet.SignalAbort());
        SentCommand second = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        Assert.Equal(CompletionCode.Success, first.AwaitCompletion());
        Assert.Equal(CompletionCode.OperationAborted, second.AwaitCompletion());
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
    }

    [Theory, InlineData(true), InlineData(false)]
    [Spec("A4"), Spec("A6"), Spec("S15")]
    public void Callback_CallingClose_EndsTheAgentAndReleasesAll(bool inOrder)
    {
        BothHalves set = NewSet().Running();
        VdResult closed = VdResult.Unexpected;
        SentCommand sent = set.Server.Send(CommandCode.Flush, onCompleted: _ =>
        {
            if (inOrder)
            {
                set.ServerDevice.CloseDevice();
            }

            closed = set.ServerSet.Close();
        });
        set.Client.Serve(CommandCode.Flush);
        sent.AwaitCompletion();
        _ = set.Server.AwaitAgent();
        Assert.Equal(inOrder ? VdResult.Ok : VdResult.ProtocolError, closed);
        Assert.Equal(ServerSetState.DoesNotExist, set.ServerSet.State);
        set.Client.ExpectEnd(inOrder ? VdResult.Closed : VdResult.Aborted);
    }

    [Fact, Spec("A4")]
    public void Callbacks_OfManyCompletionsAtOnce_NeverOverlap()
    {
        BothHalves set = NewSet(4).Running();
        int inside = 0;
        int overlaps = 0;
        for (int i = 0; i < 200; i++)
        {
            set.Server.Send(CommandCode.Flush, device: i % 4, onCompleted: _ =>
            {
                overlaps += Interlocked.Increment(ref inside) - 1;
                Thread.SpinWait(50);
                Interlocked.Decrement(ref inside);
            });
        }

        PendingCall<bool>[] workers = [.. Enumerable.Range(0, 4).Select(d => PendingCall.Begin($"worker {d}", () =>
        {
            for (int i = 0; i < 50; i++)
            {
                set.Client.Serve(CommandCode.Flush, device: d);
            }

            return true;
        }))];
        Assert.All(workers, w => Assert.True(w.AwaitResult()));
        Assert.All(set.Server.Sent, s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
        Assert.Equal(0, overlaps);
    }

    [Fact, Spec("A5"), Spec("M1")]
    public void Callbacks_ByWhateverPath_AreExactlyOnePerCommand()
    {
        BothHalves set = NewSet().Running();
        SentCommand done = set.Server.Send(CommandCode.Flush);            // Completion.
        set.Client.Serve(CommandCode.Flush);
        SentCommand failed = set.Server.Send(CommandCode.Flush);          // Failing completion.
        SentCommand flushed = set.Server.Send(CommandCode.Rewind);        // Flushed by it (D5).
        set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
        flushed.AwaitCompletion();
        SentCommand rejected = set.Server.TrySend(CommandCode.Rewind);    // Rejected (D7).
        SentCommand clear = set.Server.Send(CommandCode.ClearError);      // Cleared.
        set.Client.Serve(CommandCode.ClearError);
        clear.AwaitCompletion();
        SentCommand held = set.Server.Send(CommandCode.Flush);            // In the client's hands at the abort.
        set.Client.Expect(CommandCode.Flush);
        SentCommand queued = set.Server.Send(CommandCode.Flush);          // Queued at the abort.
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        SentCommand late = set.Server.TrySend(CommandCode.Flush);         // After it.
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        SentCommand gone = set.Server.TrySend(CommandCode.Flush);         // After Close.

        CompletionCode aborted = CompletionCode.OperationAborted;
        Assert.Equal(
            [
                (done, CompletionCode.Success), (failed, CompletionCode.DiskFull), (flushed, CompletionCode.IODevice),
                (rejected, CompletionCode.IODevice), (clear, CompletionCode.Success), (held, aborted), (queued, aborted),
                (late, aborted), (gone, CompletionCode.InvalidHandle),
            ],
            set.Server.Sent.Select(s => (s, s.CodeInCallback)));
        Assert.All(set.Server.Sent, s => Assert.Equal(1, s.CallbackCount));
    }

    [Fact, Spec("A6"), Spec("T1"), Spec("T3")]
    public void ExecuteCompletionAgent_WithAllClosedButOneOutstanding_StaysForItsCallback()
    {
        BothHalves set = NewSet(2).Running();
        SentCommand last = set.Server.Send(CommandCode.Flush);
        ClientCommand held = set.Client.Expect(CommandCode.Flush);
        set.Server.CloseDevices();
        set.Client.ExpectEnd(VdResult.Closed, 1);
        set.Server.Agent!.AwaitBlocked();
        Assert.False(set.Server.Agent.IsOver);
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);

        set.Client.Complete(in held);
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.Equal((CompletionCode.Success, 1), (last.CodeInCallback, last.CallbackCount));
        Assert.Equal(ServerSetState.NormallyTerminated, set.ServerSet.State);
    }

    [Fact, Spec("A6"), Spec("S15/Active")]
    public void ExecuteCompletionAgent_WhenTheServerCloses_ReturnsNoError()
    {
        BothHalves set = NewSet().Configured();
        set.Server.StartAgent();
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
    }

    [Fact, Spec("A6"), Spec("X4"), Spec("A8")]
    public void ExecuteCompletionAgent_WhenTheServerClosesEarly_ReturnsAfterEveryCallback()
    {
        BothHalves set = NewSet().Running();
        int callbacksAtReturn = -1;
        int callbacks = 0;
        for (int i = 0; i < 5; i++)
        {
            set.Server.Send(CommandCode.Flush, onCompleted: _ => callbacks++);
        }

        PendingCall<int> watcher = PendingCall.Begin("the agent's return", () =>
        {
            set.Server.AwaitAgent();
            return callbacksAtReturn = Volatile.Read(ref callbacks);
        });
        Assert.Equal(VdResult.ProtocolError, set.ServerSet.Close());
        Assert.Equal(5, watcher.AwaitResult());

        // A8: there is no library to unload here; what the row guards against is a callback after the return.
        Assert.Equal(5, callbacks);
        Assert.All(set.Server.Sent, s => Assert.Equal(CompletionCode.OperationAborted, s.CodeInCallback));
    }

    [Fact, Spec("A7"), Spec("Y6")]
    public void Abort_WithCompletionsRecordedButNotProcessed_ReplacesTheirCode()
    {
        // The agent is kept inside the first callback while the client answers the rest and then aborts.
        BothHalves set = NewSet().Running();
        using var entered = new ManualResetEvent(false);
        using var leave = new ManualResetEvent(false);
        SentCommand first = set.Server.Send(CommandCode.Flush, onCompleted: _ =>
        {
            entered.Set();
            Await.Signalled(leave, "the script's word to leave the callback");
        });
        SentCommand[] rest = [.. Enumerable.Range(0, 3).Select(_ => set.Server.Send(CommandCode.Flush))];
        set.Client.Serve(CommandCode.Flush);
        Await.Signalled(entered, "the first callback");
        set.Client.Serve(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        leave.Set();

        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        Assert.Equal(CompletionCode.Success, first.CodeInCallback);
        Assert.All(rest, s => Assert.Equal((CompletionCode.OperationAborted, 1), (s.CodeInCallback, s.CallbackCount)));
    }

    [Fact, Spec("S8/Abort"), Spec("A6")]
    public void ExecuteCompletionAgent_OnAnAbortedSet_ReturnsAtOnce()
    {
        BothHalves set = NewSet().Opened();
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        Assert.Equal(VdResult.Aborted, set.ServerSet.ExecuteCompletionAgent());
    }

    [Fact, Spec("A4")]
    public void Callback_ThatThrows_AbortsTheSetAndEveryCommandStillHasItsCallback()
    {
        BothHalves set = NewSet().Opened();
        var agent = PendingCall.Begin("the agent", () =>
        {
            try
            {
                return (Result: set.ServerSet.ExecuteCompletionAgent(), Thrown: (Exception?)null);
            }
            catch (InvalidTimeZoneException thrown)
            {
                return (VdResult.Unexpected, thrown);
            }
        });
        Await.Until(() => set.ServerSet.State == ServerSetState.Active && agent.AwaitBlocked() is not null, "the agent to wait");
        SentCommand thrower = set.Server.Send(CommandCode.Flush, onCompleted: _ => throw new InvalidTimeZoneException());
        SentCommand other = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);

        Assert.NotNull(agent.AwaitResult().Thrown);
        Assert.Equal((1, 1), (thrower.CallbackCount, other.CallbackCount));
        Assert.Equal(CompletionCode.OperationAborted, other.CodeInCallback);
        set.Client.ExpectEnd(VdResult.Aborted);
    }
}

[Collection(InProcessCollection.Name)]
public sealed class AgentInProcess(InProcessKind kind) : Agent(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class AgentSharedMemory(SharedMemoryKind kind) : Agent(kind), IClassFixture<SharedMemoryKind>;
