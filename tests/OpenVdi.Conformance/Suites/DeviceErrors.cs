using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The error protocol of a device: D4 to D12, F8.</summary>
public abstract class DeviceErrors(TransportKind kind) : ConformanceSuite(kind)
{
    [Theory, InlineData(CompletionCode.DiskFull), InlineData(CompletionCode.HandleEof), InlineData(CompletionCode.EndOfMedia)]
    [InlineData(CompletionCode.FilemarkDetected), InlineData(CompletionCode.NotSupported), InlineData((CompletionCode)31337)]
    [Spec("D4"), Spec("K26")]
    public void CompleteCommand_WithAnyCodeButSuccess_MovesTheDeviceToIOErrorAtThatMoment(CompletionCode code)
    {
        BothHalves set = NewSet(2).Running();
        SentCommand sent = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush, code);

        // At the client at once; at the server by the time that the callback runs.
        Assert.Equal(DeviceState.IOError, set.ClientDevice.State);
        Assert.Equal(code, sent.AwaitCompletion());
        Assert.Equal(DeviceState.IOError, set.ServerDevice.State);

        // One device's error is not the other's.
        Assert.Equal(DeviceState.Active, set.Server.Devices[1].State);
        Assert.Equal(VdResult.Ok, set.Server.TrySend(CommandCode.Flush, device: 1).Result);
    }

    [Fact, Spec("D4")]
    public void Callback_OfAFailingCommand_FindsTheDeviceInIOError()
    {
        BothHalves set = NewSet().Running();
        DeviceState seen = DeviceState.Unopened;
        SentCommand sent = set.Server.Send(CommandCode.Flush, onCompleted: _ => seen = set.ServerDevice.State);
        set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
        sent.AwaitCompletion();

        Assert.Equal(DeviceState.IOError, seen);
    }

    [Fact, Spec("D5"), Spec("AT6")]
    public void CompleteCommand_FailingWithCommandsUnfetched_CompletesThoseWithIODeviceUnseenByTheClient()
    {
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(1, 4).Select(i => set.Server.Send(CommandCode.SkipBlocks, sizeBytes: (uint)i))];
        set.Client.Serve(CommandCode.SkipBlocks);
        set.Client.Serve(CommandCode.SkipBlocks, CompletionCode.EndOfMedia);

        Assert.Equal(
            [CompletionCode.Success, CompletionCode.EndOfMedia, CompletionCode.IODevice, CompletionCode.IODevice],
            sent.Select(s => s.AwaitCompletion()));
        Assert.All(sent, s => Assert.Equal(1, s.CallbackCount));
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromMilliseconds(20), out _));
    }

    [Fact, Spec("D6"), Spec("AT7"), Spec("D1/IO-ERROR")]
    public void ClearError_WithAFetchedCommandPending_IsHeldBackUntilThatIsCompleted()
    {
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(1, 4).Select(i => set.Server.Send(CommandCode.SkipBlocks, sizeBytes: (uint)i))];
        set.Client.Serve(CommandCode.SkipBlocks);
        ClientCommand second = set.Client.Expect(CommandCode.SkipBlocks);
        ClientCommand third = set.Client.Expect(CommandCode.SkipBlocks);
        set.Client.Complete(in second, CompletionCode.EndOfMedia);
        Assert.Equal(CompletionCode.EndOfMedia, sent[1].AwaitCompletion());
        Assert.Equal(CompletionCode.IODevice, sent[3].AwaitCompletion());

        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromMilliseconds(20), out _));
        Assert.Equal(0, sent[2].CallbackCount);

        set.Client.Complete(in third);
        set.Client.Serve(CommandCode.ClearError);
        Assert.Equal(CompletionCode.Success, sent[2].AwaitCompletion());
        Assert.Equal(CompletionCode.Success, clear.AwaitCompletion());
        Assert.Equal(DeviceState.Active, set.ServerDevice.State);
    }

    [Fact, Spec("D6")]
    public void ClearError_HeldBack_ReleasesAWaitingGetCommandWhenThePendingOneIsCompleted()
    {
        BothHalves set = NewSet().Running();
        SentCommand failing = set.Server.Send(CommandCode.SkipBlocks);
        set.Server.Send(CommandCode.SkipMarks);
        ClientCommand first = set.Client.Expect(CommandCode.SkipBlocks);
        ClientCommand second = set.Client.Expect(CommandCode.SkipMarks);
        set.Client.Complete(in first, CompletionCode.EndOfMedia);
        failing.AwaitCompletion();
        set.Server.Send(CommandCode.ClearError);

        CommandCode got = default;
        PendingCall<VdResult> waiting = PendingCall.Begin("GetCommand", () =>
        {
            VdResult result = set.ClientDevice.GetCommand(Timeout.InfiniteTimeSpan, out ClientCommand command);
            got = command.Code;
            return result;
        }).AwaitBlocked();
        set.Client.Complete(in second);

        Assert.Equal(VdResult.Ok, waiting.AwaitResult());
        Assert.Equal(CommandCode.ClearError, got);
    }

    [Fact, Spec("D7"), Spec("E2"), Spec("D2/IO-ERROR"), Spec("R23")]
    public void SendCommand_InIOError_IsRejectedAtOnceWithItsCallbackOnTheCallersThread()
    {
        BothHalves set = NewSet().Running();
        SentCommand failing = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
        failing.AwaitCompletion();

        bool before = true;
        SentCommand rejected = set.Server.TrySend(CommandCode.Rewind, onCompleted: s => before = s.CallbackCount == 1);
        Assert.Equal(VdResult.IOError, rejected.Result);
        Assert.True(before);
        Assert.Equal(1, rejected.CallbackCount);
        Assert.Equal(CompletionCode.IODevice, rejected.CodeInCallback);
        Assert.Equal(1117, (int)rejected.Command.CompletionCode);
        Assert.Equal(Environment.CurrentManagedThreadId, rejected.CallbackThreadId);
        Assert.Same(rejected.Command, rejected.CalledWith);
    }

    [Fact, Spec("D8"), Spec("K13"), Spec("D1/IO-ERROR")]
    public void ClearError_CompletedWithSuccess_MakesTheDeviceActiveAgainForAnything()
    {
        BothHalves set = NewSet().Running();
        for (int round = 1; round <= 3; round++)
        {
            SentCommand failing = set.Server.Send(CommandCode.Flush);
            set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
            failing.AwaitCompletion();
            SentCommand clear = set.Server.Send(CommandCode.ClearError);
            Assert.Equal(DeviceState.IOError, set.ServerDevice.State);
            set.Client.Serve(CommandCode.ClearError);
            Assert.Equal(CompletionCode.Success, clear.AwaitCompletion());
            Assert.Equal(DeviceState.Active, set.ServerDevice.State);
            Assert.Equal(DeviceState.Active, set.ClientDevice.State);

            SentCommand write = set.Server.SendWrite(new byte[512]);
            set.Client.Serve(CommandCode.Write);
            Assert.Equal(CompletionCode.Success, write.AwaitCompletion());
        }

        set.ClosedInOrder();
    }

    [Fact, Spec("D9")]
    public void ClearError_CompletedWithAnError_LeavesTheDeviceInIOErrorAndMayBeSentAgain()
    {
        BothHalves set = NewSet().Running();
        SentCommand failing = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
        failing.AwaitCompletion();
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        set.Client.Serve(CommandCode.ClearError, CompletionCode.BusReset);
        Assert.Equal(CompletionCode.BusReset, clear.AwaitCompletion());
        Assert.Equal(DeviceState.IOError, set.ServerDevice.State);
        Assert.Equal(VdResult.IOError, set.Server.TrySend(CommandCode.Flush).Result);

        clear = set.Server.Send(CommandCode.ClearError);
        set.Client.Serve(CommandCode.ClearError);
        Assert.Equal(CompletionCode.Success, clear.AwaitCompletion());
        Assert.Equal(DeviceState.Active, set.ServerDevice.State);
    }

    [Theory, InlineData(false), InlineData(true)]
    [Spec("D10"), Spec("D3/IO-ERROR"), Spec("T8")]
    public void CloseDeviceOrSignalAbort_InsteadOfClearError_IsWhatTheClientSeesNext(bool abort)
    {
        BothHalves set = NewSet().Running();
        SentCommand failing = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
        failing.AwaitCompletion();
        if (abort)
        {
            Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
            set.Client.ExpectEnd(VdResult.Aborted);
            Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        }
        else
        {
            Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());
            set.Client.ExpectEnd(VdResult.Closed);
            Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
            Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
        }
    }

    [Fact, Spec("D12"), Spec("D6"), Spec("Q2")]
    public void Errors_WithAsynchronousIOPending_AreRecoveredInOrder()
    {
        // Six in the client's hands, two of them fail: one error to clear, nothing lost, nothing doubled.
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 8).Select(i => set.Server.Send(CommandCode.SkipBlocks, sizeBytes: (uint)i))];
        ClientCommand[] held = [.. Enumerable.Range(0, 6).Select(_ => set.Client.Expect(CommandCode.SkipBlocks))];
        set.Client.Complete(in held[4], CompletionCode.DiskFull);
        set.Client.Complete(in held[1]);
        set.Client.Complete(in held[2], CompletionCode.BusReset);
        Assert.Equal(CompletionCode.BusReset, sent[2].AwaitCompletion());
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        foreach (int i in new[] { 5, 0, 3 })
        {
            Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
            set.Client.Complete(in held[i]);
        }

        set.Client.Serve(CommandCode.ClearError);
        Assert.Equal(CompletionCode.Success, clear.AwaitCompletion());
        CompletionCode ok = CompletionCode.Success;
        Assert.Equal(
            [ok, ok, CompletionCode.BusReset, ok, CompletionCode.DiskFull, ok, CompletionCode.IODevice, CompletionCode.IODevice],
            sent.Select(s => s.AwaitCompletion()));
        Assert.All(sent, s => Assert.Equal(1, s.CallbackCount));
        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
    }

    [Fact, Spec("D5"), Spec("D8")]
    public void SendCommand_RacingWithTheFailure_NeitherReachesTheClientNorIsLost()
    {
        // The server goes on sending while the client fails every third command: each ends once, and what the client sees
        // between a failure and the next ClearError is nothing.
        BothHalves set = NewSet(new SetShape { BufferCount = 1 }).Running();
        const int Rounds = 50;
        int delivered = 0;
        PendingCall<bool> client = PendingCall.Begin("the client's loop", () =>
        {
            bool failed = false;
            while (set.ClientDevice.GetCommand(Limit, out ClientCommand command) == VdResult.Ok)
            {
                Assert.False(failed && command.Code != CommandCode.ClearError, "a command behind a failure was delivered");
                delivered++;
                failed = command.Code != CommandCode.ClearError && delivered % 3 == 0;
                Assert.Equal(
                    VdResult.Ok,
                    set.ClientDevice.CompleteCommand(
                        in command, failed ? CompletionCode.DiskFull : CompletionCode.Success, 0));
            }

            return true;
        });
        for (int refused = 0; refused < Rounds;)
        {
            VdResult result = set.Server.TrySend(CommandCode.Flush).Result;
            if (result == VdResult.IOError)
            {
                refused++;
                set.Server.Send(CommandCode.ClearError).AwaitCompletion();
            }
            else if (result == VdResult.QueueFull)
            {
                Thread.Yield();
            }
        }

        Assert.All(set.Server.Sent, s => s.AwaitCompletion());
        set.Server.CloseDevices();
        Assert.True(client.AwaitResult());
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.All(set.Server.Sent, s => Assert.Equal(1, s.CallbackCount));
        Assert.Equal(
            delivered,
            set.Server.Sent.Count(s => s.CodeInCallback is CompletionCode.Success or CompletionCode.DiskFull));
    }

    [Fact, Spec("F8")]
    public void FailingCompletion_OnTheWire_ComesInTheSpecifiedOrder()
    {
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 4).Select(_ => set.Server.SendWrite(new byte[512]))];
        ClientCommand first = set.Client.Expect(CommandCode.Write);
        ClientCommand second = set.Client.Expect(CommandCode.Write);
        set.Client.Complete(in first, CompletionCode.EndOfMedia, 512);
        Assert.Equal(CompletionCode.IODevice, sent[3].AwaitCompletion());
        set.Client.Complete(in second, bytes: 512);
        sent[1].AwaitCompletion();
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        set.Client.Serve(CommandCode.ClearError);
        clear.AwaitCompletion();
        SentCommand mark = set.Server.Send(CommandCode.WriteMark);
        SentCommand load = set.Server.Send(CommandCode.Load);
        set.Client.Serve(CommandCode.WriteMark);
        set.Client.Serve(CommandCode.Load);
        load.AwaitCompletion();

        Assert.Equal(
            [(sent[0], 1), (sent[2], 2), (sent[3], 3), (sent[1], 4), (clear, 5), (mark, 6), (load, 7)],
            set.Server.Sent.OrderBy(s => s.CallbackOrder).Select(s => (s, s.CallbackOrder)));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class DeviceErrorsInProcess(InProcessKind kind) : DeviceErrors(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class DeviceErrorsSharedMemory(SharedMemoryKind kind) : DeviceErrors(kind), IClassFixture<SharedMemoryKind>;
