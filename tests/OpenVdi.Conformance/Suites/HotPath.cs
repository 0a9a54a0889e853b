using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>What a command costs: nothing for the collector, on either side.</summary>
public abstract class HotPath(TransportKind kind) : ConformanceSuite(kind)
{
    private const int Warm = 2000, Measured = 10_000;

    /// <summary>One in flight makes both sides sleep and wake for each; several keep the queues filled.</summary>
    [Theory, InlineData(1), InlineData(4)]
    [Spec("A4"), Spec("Q2"), Spec("B8"), Spec("B10")]
    public void RoundTrips_AfterWarmUp_AllocateNothingOnEitherSide(int inFlight)
    {
        BothHalves set = NewSet(new SetShape { BufferSizeBytes = 4096, BufferCount = 8 }).Running();
        var engine = new Engine(set, Warm, Measured);
        PendingCall<long> client = PendingCall.Begin("the client's loop", () => Serve(set.ClientDevice));
        engine.Begin(inFlight);

        Assert.Equal(Warm + Measured, client.AwaitResult() >> 40);
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.Equal(0, engine.AllocatedBytes);
        Assert.Equal(0, client.AwaitResult() & ((1L << 40) - 1));
    }

    [Fact]
    public void RoundTrips_ThatDoAllocate_AreSeenByTheSameMeasure()
    {
        // The detector, shown a fault that it must find: a callback that boxes.
        BothHalves set = NewSet(new SetShape { BufferSizeBytes = 4096, BufferCount = 8 }).Running();
        var engine = new Engine(set, Warm, Measured) { Leaks = true };
        PendingCall<long> client = PendingCall.Begin("the client's loop", () => Serve(set.ClientDevice));
        engine.Begin(1);

        client.AwaitResult();
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.True(engine.AllocatedBytes >= Measured * 16, $"{engine.AllocatedBytes} bytes seen");
    }

    /// <summary>Serves until the device is closed.</summary>
    /// <returns>The number of commands above, the bytes allocated while it measured in the lower 40 bits.</returns>
    private static long Serve(ClientVirtualDevice device)
    {
        long before = 0;
        long after = 0;
        int count = 0;
        while (device.GetCommand(Await.Limit, out ClientCommand command) == VdResult.Ok)
        {
            command.Buffer.Span[0]++;
            Assert.True(device.CompleteCommand(in command, CompletionCode.Success, command.SizeBytes) == VdResult.Ok);
            count++;
            if (count == Warm)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }
            else if (count == Warm + Measured)
            {
                after = GC.GetAllocatedBytesForCurrentThread();
            }
        }

        return ((long)count << 40) | (after - before);
    }

    /// <summary>An engine whose callbacks, on the agent's thread, free, allocate and send again, and measure.</summary>
    private sealed class Engine(BothHalves set, int warm, int measured)
    {
        private readonly ServerVirtualDeviceSet _set = set.ServerSet;
        private readonly ServerVirtualDevice _device = set.ServerDevice;
        private long _before;
        private int _sent;
        private int _completed;
        private object? _leak;

        public bool Leaks { get; init; }

        public long AllocatedBytes { get; private set; } = -1;

        public void Begin(int inFlight)
        {
            // Counted first: the agent's thread counts on from here as soon as the first command is out.
            _sent = inFlight;
            for (int i = 0; i < inFlight; i++)
            {
                Send(new ServerCommand { Code = CommandCode.Write, SizeBytes = 4096, CompletionRoutine = Completed });
            }
        }

        private void Completed(ServerCommand command)
        {
            _completed++;
            if (_completed == warm)
            {
                _before = GC.GetAllocatedBytesForCurrentThread();
            }
            else if (_completed == warm + measured)
            {
                AllocatedBytes = GC.GetAllocatedBytesForCurrentThread() - _before;
                _device.CloseDevice();
            }

            Invariant.That(_set.FreeBuffer(command.Buffer) == VdResult.Ok);
            _leak = Leaks ? (object)_completed : _leak;
            if (_sent < warm + measured)
            {
                _sent++;
                Send(command);
            }
        }

        private void Send(ServerCommand command)
        {
            Invariant.That(_set.AllocateBuffer(out DeviceBuffer buffer, 4096, 0) == VdResult.Ok);
            command.Buffer = buffer;
            Invariant.That(_device.SendCommand(command) == VdResult.Ok);
        }
    }
}

[Collection(InProcessCollection.Name)]
public sealed class HotPathInProcess(InProcessKind kind) : HotPath(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class HotPathSharedMemory(SharedMemoryKind kind) : HotPath(kind), IClassFixture<SharedMemoryKind>;
