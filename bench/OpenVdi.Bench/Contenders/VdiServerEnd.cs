using System.Diagnostics;
using OpenVdi.Bench.Work;
using OpenVdi.Server;
using OpenVdi.SharedMemory;

namespace OpenVdi.Bench.Contenders;

/// <summary>The engine: it refills a buffer and sends the next command inside the completion routine, on the agent's
/// thread.</summary>
internal sealed class VdiServerEnd : BenchEnd
{
    private const uint BlockSizeBytes = 512;
    private const uint TransferUnitBytes = 65536;

    private readonly ServerVirtualDeviceSet _set = new(SharedMemoryTransport.Default);
    private readonly ServerVirtualDevice[] _devices;
    private readonly ServerCommand[][] _transfers;
    private readonly ServerCommand[] _starts;
    private Thread? _agent;

    public VdiServerEnd(PayloadSet payloads)
        : base(Role.Server, payloads, payloads.Plan.Devices)
    {
        _devices = new ServerVirtualDevice[Plan.Devices];
        _transfers = new ServerCommand[Plan.Devices][];
        _starts = new ServerCommand[Plan.Devices];
    }

    public override string Endpoint { get; } = $"openvdi-bench-{Guid.NewGuid():N}";

    /// <summary>How long EndConfiguration took.</summary>
    public TimeSpan EndConfigurationTime { get; private set; }

    /// <summary>The name of a device in a set.</summary>
    public static string DeviceName(string setName, int device) => device == 0 ? setName : $"{setName}-{device}";

    public override void Connect()
    {
        Check(_set.Open(null, Endpoint), "Open");
        VdFeatures direction = Plan.Direction == Direction.Backup ? VdFeatures.WriteMedia : VdFeatures.ReadMedia;
        uint size = (uint)Plan.TransferBytes;
        uint largest = Math.Max(size, TransferUnitBytes);
        Check(_set.BeginConfiguration(direction, BlockSizeBytes, 4096, largest, Timeout.InfiniteTimeSpan), "BeginConfiguration");
        Check(_set.RequestBuffers(size, 4096, (uint)(Plan.Devices * Plan.BuffersPerDevice)), "RequestBuffers");
        long start = Stopwatch.GetTimestamp();
        Check(_set.EndConfiguration(), "EndConfiguration");
        EndConfigurationTime = Stopwatch.GetElapsedTime(start);
        foreach (Lane lane in Lanes)
        {
            Check(_set.OpenDevice(DeviceName(Endpoint, lane.Device), out ServerVirtualDevice? device), "OpenDevice");
            _devices[lane.Device] = device!;
            _transfers[lane.Device] = [.. Enumerable.Range(0, Plan.BuffersPerDevice).Select(_ => NewTransfer(lane, size))];
            _starts[lane.Device] = new ServerCommand
            {
                Code = CommandCode.Flush,
                CompletionContext = lane,
                CompletionRoutine = OnStart,
            };
        }

        _agent = StartThread("agent", RunAgent);
        if (!SpinWait.SpinUntil(() => _set.IsAgentRunning, BenchLimits.Wait))
        {
            throw new BenchFailureException($"server: the agent did not start; {Signal.Error}");
        }
    }

    public override void Go()
    {
        // The agent's thread does all the work: also the first filling, when this command comes back.
        foreach (Lane lane in Lanes)
        {
            Check(_devices[lane.Device].SendCommand(_starts[lane.Device]), "SendCommand");
        }
    }

    protected override void Release()
    {
        if (_agent is not null)
        {
            foreach (ServerVirtualDevice device in _devices)
            {
                Check(device.CloseDevice(), "CloseDevice");
            }

            _agent.Join();
        }

        Check(_set.Close(), "Close");
        _set.Dispose();
    }

    private void RunAgent() => Check(_set.ExecuteCompletionAgent(), "ExecuteCompletionAgent");

    private ServerCommand NewTransfer(Lane lane, uint size)
    {
        Check(_set.AllocateBuffer(out Transport.DeviceBuffer buffer, size, 4096), "AllocateBuffer");
        return new ServerCommand
        {
            Code = Plan.Direction == Direction.Backup ? CommandCode.Write : CommandCode.Read,
            SizeBytes = size,
            Buffer = buffer,
            CompletionContext = lane,
            CompletionRoutine = OnTransfer,
        };
    }

    private void OnStart(ServerCommand command)
    {
        Lane lane = (Lane)command.CompletionContext!;
        if (!HasSucceeded(lane, command, 0))
        {
            return;
        }

        foreach (ServerCommand transfer in _transfers[lane.Device])
        {
            if (lane.CanIssue)
            {
                Issue(lane, transfer);
            }
        }
    }

    private void OnTransfer(ServerCommand command)
    {
        Lane lane = (Lane)command.CompletionContext!;
        if (!HasSucceeded(lane, command, command.SizeBytes))
        {
            return;
        }

        if (!lane.IsProducer)
        {
            lane.Work(lane.Finished, command.Buffer.Span);
        }

        // Asked before: with the last transfer the measuring thread may prepare the next run.
        bool hasMore = lane.CanIssue;
        lane.Finish();
        if (hasMore)
        {
            Issue(lane, command);
        }
    }

    private void Issue(Lane lane, ServerCommand command)
    {
        int transfer = lane.Issue();
        if (lane.IsProducer)
        {
            lane.Work(transfer, command.Buffer.Span);
        }

        VdResult result = _devices[lane.Device].SendCommand(command);
        if (result != VdResult.Ok)
        {
            lane.Fail($"SendCommand: {result}");
        }
    }

    private static bool HasSucceeded(Lane lane, ServerCommand command, uint expectedBytes)
    {
        if (command.CompletionCode == CompletionCode.Success && command.BytesTransferred == expectedBytes)
        {
            return true;
        }

        lane.Fail($"{command.Code}: completion code {command.CompletionCode}, {command.BytesTransferred} bytes, expected {expectedBytes}");
        return false;
    }

    private void Check(VdResult result, string call)
    {
        if (result != VdResult.Ok)
        {
            throw new BenchFailureException($"server: {call}: {result} {_set.LastFailure} {_set.Abort}");
        }
    }
}
