using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The client's transition table, cell by cell through the real classes: C1 to C9. The notes to it are in
/// <see cref="ClientNotes"/>.</summary>
public abstract class ClientTransitions(TransportKind kind) : ConformanceSuite(kind)
{
    [Theory, MemberData(nameof(SpecCells.Client), MemberType = typeof(SpecCells))]
    [Spec("C1"), Spec("C2"), Spec("C3"), Spec("C4"), Spec("C5"), Spec("C6"), Spec("C7"), Spec("C8"), Spec("C9"), Spec("C5n")]
    public void Call_InEverySpecifiedState_AnswersAsTheCellSays(string row, string state, string cell)
    {
        Subject subject = Drive(state, allClosed: row == "C9");
        Assert.Equal(state, subject.Set.State.ToString());
        (string status, string next) = SpecCells.FirstOutcome(row, state);

        Assert.All(
            Call(row, subject),
            result => Assert.True(
                status == result.SpecName(), $"'{cell}': expected {status}, found {result} ({subject.Set.LastFailure})"));
        Assert.Equal(next, subject.Set.State.ToString());
    }

    /// <summary>The row's call, with arguments for the first outcome that the cell names.</summary>
    private List<VdResult> Call(string row, Subject subject)
    {
        ClientVirtualDeviceSet set = subject.Set;
        switch (row)
        {
            case "C1":
                return [set.CreateEx(null, NewName(), new SetConfiguration())];
            case "C2":
                return [set.OpenInSecondaryEx(null, NewSet().Running().Name)];
            case "C3":
                PendingCall<VdResult> waiting = PendingCall.Begin("GetConfiguration", () => set.GetConfiguration(Limit, out _));
                if (set.State == ClientSetState.Configurable)
                {
                    waiting.AwaitBlocked();
                    NewServer().Open(subject.Name).Begin(VdFeatures.WriteMedia).Request(65536, 1).End();
                }

                return [waiting.AwaitResult()];
            case "C4":
                VdResult opened = set.OpenDevice(subject.Name, out ClientVirtualDevice? device);
                Assert.Equal(opened == VdResult.Ok, device is not null);
                return [opened];
            case "C5":
                return [subject.Device.GetCommand(Limit, out _)];
            case "C6":
                return [subject.Device.CompleteCommand(subject.Held, CompletionCode.Success, 512)];
            case "C7":
                return [set.MapBufferHandle(subject.Handle, out _), set.GetBufferHandle(subject.Address, out _)];
            case "C8":
                return [set.SignalAbort()];
            case "C9":
                return [set.Close()];
            default:
                throw new InvalidOperationException($"a row without a call: {row}");
        }
    }

    /// <summary>Brings a real set into a state, with what the calls need: a device and a command held, if need be left over
    /// from an earlier life of the same object (C5n).</summary>
    /// <param name="allClosed">In Active, whether every device that was opened is closed again.</param>
    private Subject Drive(string state, bool allClosed)
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice(set.DeviceName(1));
        set.Server.StartAgent();

        // The other device stays free: it keeps the set Active, and C4n's third test from answering for the fourth.
        set.Client.OpenDevice(set.Name);
        DeviceBuffer buffer = set.Server.Allocate(512);
        set.Server.Send(CommandCode.Write, buffer);
        set.Server.Send(CommandCode.Flush);
        var subject = new Subject
        {
            Set = set.ClientSet,
            Name = set.Name,
            Device = set.ClientDevice,
            Held = set.Client.Expect(CommandCode.Write),
            Handle = buffer.Handle,
        };
        subject.Address = subject.Held.Buffer.Address;

        switch (state)
        {
            case "Active" when allClosed:
                set.Client.Complete(subject.Held);
                set.Client.Serve(CommandCode.Flush);
                Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());
                set.Client.ExpectEnd(VdResult.Closed);
                return subject;
            case "Active":
                return subject;
            case "NormallyTerminated":
                set.Client.Complete(subject.Held);
                set.Client.Serve(CommandCode.Flush);
                set.Client.OpenDevice(set.DeviceName(1));
                set.Terminated();
                return subject;
            case "Aborted":
                Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
                return subject;
            default:
                break;
        }

        // The earlier states: the same object in a new life, its device and command left over from this one.
        Assert.Equal(VdResult.DevicesOpen, set.ClientSet.Close());
        set.Server.Dispose();
        if (state == "DoesNotExist")
        {
            return subject;
        }

        string name = NewName();
        set.Client.Create(name, new SetConfiguration());
        subject.Name = name;
        if (state == "Initializing")
        {
            ScriptedServer server = NewServer().Open(name).Begin(VdFeatures.WriteMedia).Request(512, 1).End();
            set.Client.GetConfiguration();
            subject.Handle = server.Allocate(512).Handle;
            Assert.Equal(VdResult.Ok, set.ClientSet.MapBufferHandle(subject.Handle, out nint address));
            subject.Address = address;
        }

        return subject;
    }

    private sealed class Subject
    {
        public required ClientVirtualDeviceSet Set { get; init; }

        public required string Name { get; set; }

        public required ClientVirtualDevice Device { get; init; }

        public required ClientCommand Held { get; init; }

        public required uint Handle { get; set; }

        public nint Address { get; set; }
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ClientTransitionsInProcess(InProcessKind kind) : ClientTransitions(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ClientTransitionsSharedMemory(SharedMemoryKind kind)
    : ClientTransitions(kind), IClassFixture<SharedMemoryKind>;
