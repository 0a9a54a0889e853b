using System.Diagnostics;
using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>serverTimeOut and the timeouts of calls: Z1 to Z8, X8, AT14, AT15.</summary>
/// <remarks>These rows are about time, so these tests take some: as little as tells right from wrong on a busy machine.
/// What is early is always a fault; what is late is one only by far.</remarks>
public abstract class Timeouts(TransportKind kind) : ConformanceSuite(kind)
{
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(5);

    [Fact, Spec("Z1"), Spec("Z4"), Spec("X8"), Spec("AT14")]
    public void ServerTimeout_WithACommandPending_AbortsAfterTwoAndBeforeThreeIntervals()
    {
        const int Interval = 200;
        BothHalves set = NewSet(Shape(Interval)).Running();
        long sentAt = Stopwatch.GetTimestamp();
        SentCommand sent = set.Server.Send(CommandCode.Flush);
        set.Client.Expect(CommandCode.Flush);
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        TimeSpan after = Stopwatch.GetElapsedTime(sentAt);

        Assert.InRange(after.TotalMilliseconds, 2 * Interval, (3 * Interval) + s_slack.TotalMilliseconds);
        Assert.Equal(CompletionCode.OperationAborted, sent.AwaitCompletion());
        Assert.Equal(AbortReason.ClientSilent, set.ServerSet.Abort!.Reason);
        Assert.Equal(AbortReason.ClientSilent, set.ClientSet.Abort!.Reason);
        set.Client.ExpectEnd(VdResult.Aborted);
    }

    [Fact, Spec("Z2"), Spec("Z5")]
    public void ServerTimeout_Zero_IsNoLimit()
    {
        // Z5: that it is an aid for debugging is why zero is the default, and the default must not end a slow mount.
        Assert.Equal(0u, new SetConfiguration().ServerTimeoutMilliseconds);
        BothHalves set = NewSet().Running();
        SentCommand sent = set.Server.Send(CommandCode.Load);
        ClientCommand held = set.Client.Expect(CommandCode.Load);
        using var never = new ManualResetEvent(false);
        Assert.False(never.WaitOne(TimeSpan.FromMilliseconds(300)));
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        set.Client.Complete(in held);
        Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
    }

    [Fact, Spec("Z3"), Spec("AT15")]
    public void ServerTimeout_WithNothingPending_NeverAborts()
    {
        // Ten intervals of idleness, measured by the client's own wait for a command that does not come.
        BothHalves set = NewSet(Shape(200)).Running();
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromSeconds(2), out _));
        Assert.Equal(ServerSetState.Active, set.ServerSet.State);
        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        set.ClosedInOrder();
    }

    [Fact, Spec("Z3")]
    public void ServerTimeout_WithACompletionNowAndThen_StartsAgainWithEach()
    {
        // One command is held all the time. Four silences of 1.4 intervals, each ended by a completion: none is long enough,
        // and no part of one may count for the next.
        const int Interval = 500;
        BothHalves set = NewSet(Shape(Interval)).Running();
        SentCommand held = set.Server.Send(CommandCode.Load);
        ClientCommand command = set.Client.Expect(CommandCode.Load);
        for (int silence = 1; silence <= 4; silence++)
        {
            Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromMilliseconds(1.4 * Interval), out _));
            SentCommand other = set.Server.Send(CommandCode.Flush);
            set.Client.Serve(CommandCode.Flush);
            Assert.Equal(CompletionCode.Success, other.AwaitCompletion());
        }

        Assert.Equal(0, held.CallbackCount);
        set.Client.Complete(in command);
        Assert.Equal(CompletionCode.Success, held.AwaitCompletion());
    }

    [Fact, Spec("Z3"), Spec("Z4")]
    public void ServerTimeout_AfterLongIdleness_CountsFromTheCommandAndNotFromBefore()
    {
        const int Interval = 200;
        BothHalves set = NewSet(Shape(Interval)).Running();
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromMilliseconds(3.5 * Interval), out _));
        long sentAt = Stopwatch.GetTimestamp();
        set.Server.Send(CommandCode.Flush);
        set.Client.Expect(CommandCode.Flush);
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());

        Assert.InRange(
            Stopwatch.GetElapsedTime(sentAt).TotalMilliseconds, 2 * Interval, (3 * Interval) + s_slack.TotalMilliseconds);
    }

    [Fact, Spec("Z6"), Spec("Z7"), Spec("R3")]
    public void Timeouts_OfTheClientsCalls_TakeTheirTimeAndChangeNothing()
    {
        BothHalves set = NewSet().Begun();
        TimeSpan waited = PendingCall.Time(
            () => Assert.Equal(VdResult.TimedOut, set.ClientSet.GetConfiguration(TimeSpan.FromMilliseconds(50), out _)));
        Assert.InRange(waited.TotalMilliseconds, 49, s_slack.TotalMilliseconds);
        Assert.Equal(ClientSetState.Configurable, set.ClientSet.State);
        set.Server.Request(65536, 1).End();
        set.Client.GetConfiguration();
        set.Server.OpenDevice(set.Name);
        set.Client.OpenDevice(set.Name);
        waited = PendingCall.Time(
            () => Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromMilliseconds(50), out _)));
        Assert.InRange(waited.TotalMilliseconds, 49, s_slack.TotalMilliseconds);
        Assert.Equal(ClientSetState.Active, set.ClientSet.State);
    }

    [Fact, Spec("Z8")]
    public void BeginConfiguration_WithTheShortestTimeout_GivesTheClientAllTheTimeItNeeds()
    {
        BothHalves set = NewSet().Connected();
        Assert.Equal(
            VdResult.Ok, set.ServerSet.BeginConfiguration(VdFeatures.WriteMedia, 512, 0, 65536, TimeSpan.FromTicks(1)));
        Assert.Equal(VdResult.TimedOut, set.ClientSet.GetConfiguration(TimeSpan.FromMilliseconds(20), out _));
        set.Server.Request(65536, 1).End();
        set.Client.GetConfiguration();
    }

    private static SetShape Shape(uint milliseconds) =>
        new() { Wishes = new SetConfiguration { ServerTimeoutMilliseconds = milliseconds } };
}

[Collection(InProcessCollection.Name)]
public sealed class TimeoutsInProcess(InProcessKind kind) : Timeouts(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class TimeoutsSharedMemory(SharedMemoryKind kind) : Timeouts(kind), IClassFixture<SharedMemoryKind>;
