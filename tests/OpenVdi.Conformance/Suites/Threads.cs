using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>Calls that meet: Close beside calls in progress, many senders, many workers. Sets may be used from any thread
/// (1.8); every call in progress ends, every command has one end.</summary>
public abstract class Threads(TransportKind kind) : ConformanceSuite(kind)
{
    [Fact, Spec("Y2"), Spec("C9n"), Spec("X3")]
    public void Close_WhileAnotherThreadWaitsInGetCommand_EndsThatWaitWithAbort()
    {
        for (int round = 0; round < 30; round++)
        {
            BothHalves set = NewSet().Running();
            PendingCall<VdResult> waiting = PendingCall.Begin(
                "GetCommand", () => set.ClientDevice.GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
            Assert.Equal(VdResult.DevicesOpen, set.ClientSet.Close());
            Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
            set.Dispose();
        }
    }

    [Fact, Spec("Y2"), Spec("C9/Configurable"), Spec("X10")]
    public void Close_WhileAnotherThreadWaitsInGetConfiguration_EndsThatWaitWithAbort()
    {
        for (int round = 0; round < 30; round++)
        {
            BothHalves set = NewSet().Connected();
            PendingCall<VdResult> waiting = PendingCall.Begin(
                "GetConfiguration", () => set.ClientSet.GetConfiguration(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
            Assert.Equal(VdResult.Ok, set.ClientSet.Close());
            Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
            set.Dispose();
        }
    }

    [Fact, Spec("Y2"), Spec("C9/Initializing")]
    public void Close_WhileAnotherThreadWaitsInOpenDevice_EndsThatWaitWithAbort()
    {
        for (int round = 0; round < 30; round++)
        {
            BothHalves set = NewSet(2).Configured();
            PendingCall<VdResult> waiting = PendingCall.Begin(
                "OpenDevice('b')", () => set.ClientSet.OpenDevice("b", out _)).AwaitBlocked();
            Assert.Equal(VdResult.Ok, set.ClientSet.Close());
            Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
            set.Dispose();
        }
    }

    [Fact, Spec("A6"), Spec("S15/Active"), Spec("X4")]
    public void Close_WhileTheAgentRuns_MakesItReturnNoErrorEveryTime()
    {
        for (int round = 0; round < 60; round++)
        {
            BothHalves set = NewSet().Configured();
            if (round % 2 == 1)
            {
                set.Server.OpenDevice(set.Name);
            }

            set.Server.StartAgent();
            Assert.Equal(round % 2 == 1 ? VdResult.ProtocolError : VdResult.Ok, set.ServerSet.Close());
            Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
            set.Dispose();
        }
    }

    [Fact, Spec("A5"), Spec("Q1"), Spec("D2/Active")]
    public void SendCommand_FromManyThreadsToOneDevice_LosesAndDoublesNothing()
    {
        BothHalves set = NewSet().Running();
        const int Senders = 4, Each = 500;
        using var room = new SemaphoreSlim(60);
        PendingCall<bool>[] senders = [.. Enumerable.Range(0, Senders).Select(s => PendingCall.Begin($"sender {s}", () =>
        {
            for (int i = 0; i < Each; i++)
            {
                Assert.True(room.Wait(Limit), "no completion makes room");
                set.Server.Send(CommandCode.SkipBlocks, sizeBytes: (uint)((s * Each) + i), onCompleted: _ => room.Release());
            }

            return true;
        }))];
        int[] last = [-1, -1, -1, -1];
        for (int i = 0; i < Senders * Each; i++)
        {
            // Each sender's own come in its own order.
            int number = (int)set.Client.Serve(CommandCode.SkipBlocks).SizeBytes;
            Assert.Equal(last[number / Each] + 1, number % Each);
            last[number / Each] = number % Each;
        }

        Assert.All(senders, s => Assert.True(s.AwaitResult()));
        Assert.All(set.Server.Sent, s => Assert.Equal((CompletionCode.Success, 1), (s.AwaitCompletion(), s.CallbackCount)));
        set.ClosedInOrder();
    }

    [Fact, Spec("Q2"), Spec("D26")]
    public void CompleteCommand_FromAnotherThreadThanGetCommand_IsAsGood()
    {
        // An asynchronous client: one thread fetches, another completes, a third waits for what comes next.
        BothHalves set = NewSet().Running();
        using var fetched = new System.Collections.Concurrent.BlockingCollection<ClientCommand>();
        PendingCall<int> completer = PendingCall.Begin("the completing thread", () =>
        {
            int count = 0;
            foreach (ClientCommand command in fetched.GetConsumingEnumerable())
            {
                set.Client.Complete(in command);
                count++;
            }

            return count;
        });
        PendingCall<VdResult> fetcher = PendingCall.Begin("the fetching thread", () =>
        {
            VdResult result;
            while ((result = set.ClientDevice.GetCommand(Limit, out ClientCommand command)) == VdResult.Ok)
            {
                fetched.Add(command);
            }

            fetched.CompleteAdding();
            return result;
        });
        for (int i = 0; i < 500; i++)
        {
            set.Server.Send(CommandCode.Flush);
            if (i % 8 == 7)
            {
                Assert.Equal(CompletionCode.Success, set.Server.Sent[i].AwaitCompletion());
            }
        }

        Assert.All(set.Server.Sent, s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
        set.Server.CloseDevices();
        Assert.Equal(VdResult.Closed, fetcher.AwaitResult());
        Assert.Equal(500, completer.AwaitResult());
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ThreadsInProcess(InProcessKind kind) : Threads(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ThreadsSharedMemory(SharedMemoryKind kind) : Threads(kind), IClassFixture<SharedMemoryKind>;
