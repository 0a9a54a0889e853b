using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance.Channels;

/// <summary>What both halves rely on in a transport, at the level of its channels: names, parties and the ends of a set.
/// A new transport is done when it passes this and <see cref="ChannelTrafficContract"/>.</summary>
public abstract class ChannelContract(VdiTransport transport) : ChannelFixture(transport)
{
    [Fact]
    [Spec("C1n2")]
    [Spec("AT23")]
    public void Create_NameInUse_IsRefusedUntilThePrimaryIsGone()
    {
        SetName name = NewName();
        IClientChannel first = Create(name);
        Assert.Equal(VdResult.ProtocolError, Transport.Create("", name, Wishes(1), out IClientChannel? second)?.Result);
        Assert.Null(second);
        first.Dispose();
        Create(name).Dispose();
    }

    [Fact]
    [Spec("N3")]
    public void Create_OtherCase_IsAnotherSet()
    {
        SetName lower = NewName();
        Assert.True(SetName.TryParse(lower.Value.ToUpperInvariant(), out SetName upper, out _));
        Create(lower);
        Create(upper);
    }

    [Fact]
    [Spec("V12")]
    public void Open_NoSuchSet_IsInvalid()
    {
        Assert.Equal(VdResult.Invalid, Transport.Open("", NewName(), out IServerChannel? server)?.Result);
        Assert.Null(server);
    }

    [Fact]
    [Spec("V13")]
    public void Open_Twice_IsMisplaced()
    {
        SetName name = NewName();
        Create(name);
        IServerChannel first = Open(name);
        Assert.Equal(VdResult.ProtocolError, Transport.Open("", name, out _)?.Result);

        // Nor after the first server has left: the set has had its one operation.
        first.Dispose();
        Assert.Equal(VdResult.ProtocolError, Transport.Open("", name, out _)?.Result);
    }

    [Fact]
    [Spec("G2")]
    public void Open_Set_ShowsTheClientsWishes()
    {
        SetName name = NewName();
        SetConfiguration wishes = Wishes(7) with
        {
            Features = VdFeatures.LikeTape | VdFeatures.Discard,
            PrefixZoneSizeBytes = 1000,
            AlignmentBytes = 4096,
            SoftFileMarkBlockSizeBytes = 5,
            EomWarningSizeBytes = 6,
            ServerTimeoutMilliseconds = 7,
        };
        Assert.Null(Transport.Create("", name, wishes, out IClientChannel? client));
        Own(client!);
        Assert.Equal(7, client!.DeviceCount);
        Assert.Equal(wishes, Open(name).Wishes);
    }

    [Fact]
    [Spec("P4")]
    [Spec("C2n")]
    public void Join_BeforeThePrimaryIsConfigured_IsMisplaced()
    {
        SetName name = NewName();
        Assert.Equal(VdResult.ProtocolError, Transport.Join("", name, out _)?.Result);
        IClientChannel primary = Create(name);
        Assert.Equal(VdResult.ProtocolError, Transport.Join("", name, out _)?.Result);
        IServerChannel server = Open(name);
        Configure(server);
        Assert.Equal(WaitOutcome.Ready, primary.WaitConfigured(Limit, out _));
        IClientChannel secondary = Join(name);
        Assert.Equal(WaitOutcome.Ready, secondary.WaitConfigured(TimeSpan.Zero, out SetConfiguration? configuration));
        Assert.Equal(Final(server), configuration);
        Assert.Equal(1, secondary.DeviceCount);
    }

    [Fact]
    [Spec("C2n")]
    public void Join_AbortedSet_SaysSo()
    {
        Parties parties = NewParties(1);
        parties.Server.SignalAbort(AbortReason.ServerSignalled, "enough");
        AwaitAbort(parties.Primary);
        Assert.Equal(VdResult.Aborted, Transport.Join("", parties.Name, out _)?.Result);
    }

    [Fact]
    [Spec("C3n")]
    [Spec("G10")]
    public async Task WaitConfigured_UntilPublished_TimesOutThenIsReady()
    {
        SetName name = NewName();
        IClientChannel client = Create(name);
        Assert.Equal(WaitOutcome.TimedOut, client.WaitConfigured(TimeSpan.Zero, out _));
        Assert.Equal(WaitOutcome.TimedOut, client.WaitConfigured(TimeSpan.FromMilliseconds(5), out _));
        IServerChannel server = Open(name);
        Assert.Equal(WaitOutcome.TimedOut, client.WaitConfigured(TimeSpan.Zero, out _));
        Task<(WaitOutcome Outcome, SetConfiguration? Configuration)> waiter = Started(() =>
            (client.WaitConfigured(Limit, out SetConfiguration? configuration), configuration));
        Configure(server);
        Assert.Equal((WaitOutcome.Ready, Final(server)), await Within(waiter, "the configuration"));
        Assert.Equal(WaitOutcome.Ready, client.WaitConfigured(TimeSpan.Zero, out _));
    }

    [Fact]
    [Spec("AT10")]
    public async Task WaitConfigured_Abort_Wakes()
    {
        SetName name = NewName();
        IClientChannel client = Create(name);
        IServerChannel server = Open(name);
        Task<WaitOutcome> waiter = Started(() => client.WaitConfigured(Timeout.InfiniteTimeSpan, out _));
        server.SignalAbort(AbortReason.ServerSignalled, "cannot work with that");
        Assert.Equal(WaitOutcome.Aborted, await Within(waiter, "the abort"));
    }

    [Fact]
    public async Task NameDevice_InOrder_WakesWhoWaitsForNames()
    {
        Parties parties = NewParties(3);
        Assert.Equal(0, parties.Primary.NamedDeviceCount);
        Task<WaitOutcome> waiter = Started(() => parties.Primary.WaitNamed(1));
        parties.Server.NameDevice(0, parties.Name.Value);
        parties.Server.NameDevice(1, "zweites Gerät \U0001F4BE");
        Assert.Equal(WaitOutcome.Ready, await Within(waiter, "the second name"));
        Assert.Equal(2, parties.Primary.NamedDeviceCount);
        Assert.Equal(parties.Name.Value, parties.Primary.DeviceName(0));
        Assert.Equal("zweites Gerät \U0001F4BE", parties.Primary.DeviceName(1));
        Assert.Equal("zweites Gerät \U0001F4BE", Join(parties.Name).DeviceName(1));

        waiter = Started(() => parties.Primary.WaitNamed(2));
        parties.Server.SignalAbort(AbortReason.ServerSignalled, "no third one");
        Assert.Equal(WaitOutcome.Aborted, await Within(waiter, "the abort"));
    }

    [Fact]
    [Spec("P5")]
    public void TryClaimDevice_ByAnyParty_SucceedsOnce()
    {
        Parties parties = NewParties(3);
        IClientChannel secondary = Join(parties.Name);
        Assert.True(secondary.TryClaimDevice(1));
        Assert.False(parties.Primary.TryClaimDevice(1));
        Assert.False(secondary.TryClaimDevice(1));
        Assert.True(parties.Primary.TryClaimDevice(2));
        Assert.Equal((true, false), (parties.Primary.IsDeviceClaimed(1), parties.Primary.IsDeviceClaimed(0)));
        Assert.Equal((2, 0), (parties.Primary.OpenDeviceCount, parties.Primary.ClosedDeviceCount));

        secondary.MarkDeviceClosed(1);
        Assert.Equal((1, 1), (parties.Primary.OpenDeviceCount, secondary.ClosedDeviceCount));
        Assert.False(parties.Primary.TryClaimDevice(1));
    }

    [Fact]
    [Spec("Y1")]
    [Spec("Y2")]
    public async Task SignalAbort_ByAnyParty_IsSeenByAllAndKeepsTheFirstReason()
    {
        Parties parties = NewParties(2);
        IClientChannel secondary = Join(parties.Name);
        Assert.True(secondary.TryClaimDevice(1));
        IClientDeviceChannel device = secondary.Device(1);
        uint seen = device.Look();
        Task<WaitOutcome> client = Started(() => device.Wait(Timeout.InfiniteTimeSpan, seen));
        Task<WaitOutcome> agent = Started(() => parties.Server.WaitCompletions(Timeout.InfiniteTimeSpan, out _));

        parties.Primary.SignalAbort(AbortReason.ClientSignalled, "the operator pressed a key");
        parties.Primary.SignalAbort(AbortReason.InternalFailure, "too late to be a reason");
        Assert.Equal(WaitOutcome.Aborted, await Within(client, "the abort at the secondary"));
        Assert.Equal(WaitOutcome.Aborted, await Within(agent, "the abort at the agent"));
        foreach (ISetChannel channel in (ISetChannel[])[parties.Primary, secondary, parties.Server])
        {
            Assert.True(channel.IsAborted);
            Assert.Equal(AbortReason.ClientSignalled, channel.Abort?.Reason);
        }

        // Between processes the words may arrive after the reason; the one who spoke them has them.
        Assert.Contains("pressed a key", parties.Primary.Abort?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("X4")]
    public void Dispose_ServerBeforeAllMarks_Aborts()
    {
        Parties parties = NewParties(2);
        parties.Server.NameDevice(0, parties.Name.Value);
        parties.Server.SendCloseMark(0);
        parties.Server.Dispose();
        Assert.Equal(AbortReason.ServerClosed, AwaitAbort(parties.Primary).Reason);
    }

    [Fact]
    [Spec("T5")]
    [Spec("T6")]
    public void Dispose_ServerAfterAllMarks_LeavesTheClientItsCommands()
    {
        Parties parties = NewParties(1);
        Assert.True(parties.Server.TrySend(0, Command(1)));
        parties.Server.SendCloseMark(0);
        parties.Server.Dispose();

        Assert.True(parties.Primary.TryClaimDevice(0));
        IClientDeviceChannel device = parties.Primary.Device(0);
        Assert.Equal(Command(1), Take(device));
        Assert.Equal(DeviceCommand.CloseMark, Take(device).Code);
        Assert.False(parties.Primary.IsAborted);
    }

    [Fact]
    [Spec("X3")]
    [Spec("X10")]
    public void Dispose_PrimaryBeforeAllMarks_Aborts()
    {
        Parties parties = NewParties(1);
        parties.Primary.Dispose();
        Assert.Equal(AbortReason.ClientClosed, AwaitAbort(parties.Server).Reason);
    }

    [Fact]
    [Spec("X10")]
    public void Dispose_PrimaryBeforeConfiguration_Aborts()
    {
        SetName name = NewName();
        IClientChannel client = Create(name);
        IServerChannel server = Open(name);
        client.Dispose();
        Assert.Equal(AbortReason.ClientClosed, AwaitAbort(server).Reason);
    }

    [Fact]
    [Spec("T4")]
    [Spec("T6")]
    public void Dispose_PrimaryAfterAllMarks_IsOrderly()
    {
        Parties parties = NewParties(1);
        parties.Server.SendCloseMark(0);
        Assert.True(parties.Primary.TryClaimDevice(0));
        Assert.Equal(DeviceCommand.CloseMark, Take(parties.Primary.Device(0)).Code);
        parties.Primary.MarkDeviceClosed(0);
        parties.Primary.Dispose();
        Assert.Equal(VdResult.Invalid, Transport.Open("", parties.Name, out _)?.Result);

        // The agent's channel works to the end; no abort ends this wait.
        parties.Server.WakeAgent();
        Assert.Equal(WaitOutcome.Ready, parties.Server.WaitCompletions(Limit, out _));
        Assert.False(parties.Server.IsAborted);
        Create(parties.Name).Dispose();
    }

    [Fact]
    [Spec("P7")]
    public void Dispose_SecondaryWithAnOpenDevice_Aborts()
    {
        Parties parties = NewParties(2);
        IClientChannel secondary = Join(parties.Name);
        Assert.True(secondary.TryClaimDevice(1));
        secondary.Dispose();
        Assert.Equal(AbortReason.ClientClosed, AwaitAbort(parties.Server).Reason);
    }

    [Fact]
    [Spec("P7")]
    public void Dispose_SecondaryWithoutAnOpenDevice_IsItsOwnAffair()
    {
        Parties parties = NewParties(2);
        IClientChannel idle = Join(parties.Name);
        IClientChannel done = Join(parties.Name);
        Assert.True(done.TryClaimDevice(1));
        parties.Server.SendCloseMark(1);
        Assert.Equal(DeviceCommand.CloseMark, Take(done.Device(1)).Code);
        done.MarkDeviceClosed(1);
        idle.Dispose();
        done.Dispose();

        // The set works on: a command goes through, and back.
        Assert.True(parties.Primary.TryClaimDevice(0));
        Assert.True(parties.Server.TrySend(0, Command(9)));
        Assert.Equal(Command(9), Take(parties.Primary.Device(0)));
        parties.Primary.Device(0).Complete(new DeviceCompletion(9, CompletionCode.Success, 0, 0, 1));
        Assert.Equal(9u, TakeCompletion(parties.Server, 0).Tag);
        Assert.False(parties.Server.IsAborted);
    }

    [Fact]
    public void Dispose_Twice_IsOnce()
    {
        Parties parties = NewParties(1);
        parties.Server.Dispose();
        parties.Server.Dispose();
        parties.Primary.Dispose();
        parties.Primary.Dispose();
        Create(parties.Name).Dispose();
    }

    [Fact]
    public void ListSets_LifeOfASet_IsTold()
    {
        SetName name = NewName();
        Assert.DoesNotContain(Transport.ListSets(), set => set.Name == name.Value);
        IClientChannel primary = Create(name);
        Assert.Equal(("Configurable", 1, 0), Listed(name, static set => (set.State, set.DeviceCount, set.ServerProcessId)));
        IServerChannel server = Open(name);
        Configure(server, 65536);
        primary.WaitConfigured(Limit, out _);
        Assert.Equal(
            ("Initializing", Environment.ProcessId, Environment.ProcessId, 65536L),
            Listed(name, static set => (set.State, set.PrimaryProcessId, set.ServerProcessId, set.BufferAreaBytes)));
        primary.TryClaimDevice(0);
        Assert.Equal(("Active", 1), Listed(name, static set => (set.State, set.OpenDeviceCount)));
        server.SignalAbort(AbortReason.ServerSignalled, "end");
        AwaitAbort(primary);
        Assert.Equal("Aborted", Listed(name, static set => set.State));
        server.Dispose();
        primary.Dispose();
        Assert.DoesNotContain(Transport.ListSets(), set => set.Name == name.Value);
    }

    private T Listed<T>(SetName name, Func<SetStatus, T> part) =>
        part(Assert.Single(Transport.ListSets(), set => set.Name == name.Value));
}
