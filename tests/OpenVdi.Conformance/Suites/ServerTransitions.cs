using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The server's transition table, cell by cell through the real classes: S1 to S15. The notes to it are in
/// <see cref="ServerNotes"/>.</summary>
public abstract class ServerTransitions(TransportKind kind) : ConformanceSuite(kind)
{
    [Theory, MemberData(nameof(SpecCells.Server), MemberType = typeof(SpecCells))]
    [Spec("S1"), Spec("S2"), Spec("S3"), Spec("S4"), Spec("S5"), Spec("S6"), Spec("S7"), Spec("S8"), Spec("S9"), Spec("S10")]
    [Spec("S11"), Spec("S12"), Spec("S13"), Spec("S14"), Spec("S15")]
    public void Call_InEverySpecifiedState_AnswersAsTheCellSays(string row, string state, string cell)
    {
        Subject subject = Drive(state, withAgent: row != "S8");
        Assert.Equal(state, subject.Set.State.ToString());

        // S12/Active points to the device's table: a device in order takes the command.
        IReadOnlyList<SpecOutcome> outcomes = SpecTables.Cell(row, state).Outcomes;
        SpecOutcome expected = outcomes.Count > 0 ? outcomes[0] : new SpecOutcome("NOERROR", null);
        string next = expected.Next ?? (row == "S15" && state == "Active" ? "DoesNotExist" : state);

        string found = Call(row, state, subject);

        Assert.True(
            expected.Status == found, $"'{cell}': expected {expected.Status}, found {found} ({subject.Set.LastFailure})");
        if (row == "S8" && next == "Active")
        {
            Await.Until(() => subject.Set.State == ServerSetState.Active, "the agent to make the set active");
        }

        Assert.Equal(next, subject.Set.State.ToString());
    }

    /// <summary>The row's call, with arguments for the first outcome that the cell names.</summary>
    private string Call(string row, string state, Subject subject)
    {
        ServerVirtualDeviceSet set = subject.Set;
        switch (row)
        {
            case "S1":
                string name = NewName();
                NewClient().Create(name, new SetConfiguration());
                return set.Open(null, name).SpecName();
            case "S2":
                VdResult got = set.GetConfiguration(out SetConfiguration? configuration);
                Assert.Equal(got == VdResult.Ok, configuration is not null);
                return got.SpecName();
            case "S3":
                return set.BeginConfiguration(VdFeatures.WriteMedia, 512, 0, 65536, Timeout.InfiniteTimeSpan).SpecName();
            case "S4":
                return set.RequestBuffers(65536, 0, 1).SpecName();
            case "S5":
                return set.QueryAvailableBuffers(65536, 0, out _).SpecName();
            case "S6":
                return set.EndConfiguration().SpecName();
            case "S7":
                return set.OpenDevice(state == "Active" ? "b" : subject.Name, out _).SpecName();
            case "S8":
                return RunAgent(set, returns: state is not ("Initializing" or "Active"));
            case "S9":
                return set.AllocateBuffer(out _, 512, 0).SpecName();
            case "S10":
                return set.FreeBuffer(subject.Address, 512).SpecName();
            case "S11":
                return set.IsSharedBuffer(subject.Address) ? "TRUE" : "FALSE";
            case "S12":
                return subject.Device.SendCommand(new ServerCommand { Code = CommandCode.Flush }).SpecName();
            case "S13":
                return subject.Device.CloseDevice().SpecName();
            case "S14":
                return set.SignalAbort().SpecName();
            case "S15":
                return set.Close().SpecName();
            default:
                throw new InvalidOperationException($"a row without a call: {row}");
        }
    }

    /// <summary>Where the agent runs it does not return: that it blocks is its NOERROR.</summary>
    private static string RunAgent(ServerVirtualDeviceSet set, bool returns)
    {
        PendingCall<VdResult> agent = PendingCall.Begin("ExecuteCompletionAgent", set.ExecuteCompletionAgent);
        if (returns)
        {
            return agent.AwaitResult().SpecName();
        }

        agent.AwaitBlocked();
        return VdResult.Ok.SpecName();
    }

    /// <summary>Brings a real set into a state, with what the calls need: a device and a buffer, if need be left over from
    /// an earlier set. In Active, one device is open and one is not.</summary>
    private Subject Drive(string state, bool withAgent)
    {
        BothHalves set = NewSet(2).Configured();
        var subject = new Subject { Set = set.ServerSet, Name = set.Name, Address = set.Server.Allocate(512).Address };
        if (state == "Initializing")
        {
            subject.Device = Leftover();
            return subject;
        }

        subject.Device = set.Server.OpenDevice(set.Name);
        set.Client.OpenDevice(set.Name);
        if (withAgent || state != "Active")
        {
            set.Server.StartAgent();
        }

        switch (state)
        {
            case "Active":
                return subject;
            case "NormallyTerminated":
                set.Server.OpenDevice("b");
                set.Client.OpenDevice("b");
                set.Terminated();
                return subject;
            case "Aborted":
                Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
                Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
                return subject;
            default:
                break;
        }

        // The earlier states: a new set, with a device and an address of the old one.
        Assert.Equal(VdResult.ProtocolError, set.ServerSet.Close());
        if (state == "DoesNotExist")
        {
            return subject;
        }

        BothHalves next = NewSet();
        _ = state == "Connected" ? next.Connected() : next.Begun();
        subject.Set = next.ServerSet;
        subject.Name = next.Name;
        return subject;
    }

    private ServerVirtualDevice Leftover()
    {
        BothHalves old = NewSet().Running();
        Assert.Equal(VdResult.ProtocolError, old.ServerSet.Close());
        return old.ServerDevice;
    }

    private sealed class Subject
    {
        public required ServerVirtualDeviceSet Set { get; set; }

        public required string Name { get; set; }

        public required nint Address { get; init; }

        public ServerVirtualDevice Device { get; set; } = null!;
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ServerTransitionsInProcess(InProcessKind kind) : ServerTransitions(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ServerTransitionsSharedMemory(SharedMemoryKind kind)
    : ServerTransitions(kind), IClassFixture<SharedMemoryKind>;
