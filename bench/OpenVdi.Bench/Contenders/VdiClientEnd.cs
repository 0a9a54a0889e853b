using System.Diagnostics;
using OpenVdi.Bench.Work;
using OpenVdi.Client;
using OpenVdi.SharedMemory;

namespace OpenVdi.Bench.Contenders;

/// <summary>The backup program: a thread for each device that takes commands until the device is closed.</summary>
internal sealed class VdiClientEnd : BenchEnd
{
    private readonly ClientVirtualDeviceSet _set = new(SharedMemoryTransport.Default);
    private readonly string _name;
    private readonly Thread[] _threads;
    private readonly long _createTimestamp;
    private readonly CountdownEvent _opening;
    private long _openTimestamp;

    public VdiClientEnd(PayloadSet payloads, string name)
        : base(Role.Client, payloads, payloads.Plan.Devices)
    {
        _name = name;
        _opening = new CountdownEvent(Plan.Devices);
        _createTimestamp = Stopwatch.GetTimestamp();
        Check(_set.CreateEx(null, name, new SetConfiguration { DeviceCount = (uint)Plan.Devices }), "Create");
        _threads = [.. Lanes.Select(lane => StartThread($"device {lane.Device}", () => Serve(lane)))];
    }

    /// <summary>From before Create until every device was open: the first command is possible.</summary>
    public TimeSpan SetUpTime
    {
        get
        {
            if (!_opening.Wait(BenchLimits.Wait))
            {
                throw new BenchFailureException($"client: the devices did not open; {Signal.Error}");
            }

            return Stopwatch.GetElapsedTime(_createTimestamp, Volatile.Read(ref _openTimestamp));
        }
    }

    public override void Go()
    {
        // The server's first command is the start.
    }

    protected override void Release()
    {
        // The server has closed the devices, or has failed: then this one's process ends.
        Array.ForEach(_threads, thread => thread.Join());
        Check(_set.Close(), "Close");
        _set.Dispose();
        _opening.Dispose();
    }

    private void Serve(Lane lane)
    {
        Check(_set.GetConfiguration(Timeout.InfiniteTimeSpan, out _), "GetConfiguration");
        Check(_set.OpenDevice(VdiServerEnd.DeviceName(_name, lane.Device), out ClientVirtualDevice? opened), "OpenDevice");
        ClientVirtualDevice device = opened!;
        Volatile.Write(ref _openTimestamp, Stopwatch.GetTimestamp());
        _ = _opening.Signal();
        while (true)
        {
            VdResult result = device.GetCommand(Timeout.InfiniteTimeSpan, out ClientCommand command);
            if (result == VdResult.Closed)
            {
                return;
            }

            Check(result, "GetCommand");
            uint transferred = 0;
            if (command.Code is CommandCode.Read or CommandCode.Write)
            {
                lane.Work(lane.Finished, command.Buffer.Span);
                lane.Finish();
                transferred = command.SizeBytes;
            }

            Check(device.CompleteCommand(command, CompletionCode.Success, transferred), "CompleteCommand");
        }
    }

    private void Check(VdResult result, string call)
    {
        if (result != VdResult.Ok)
        {
            throw new BenchFailureException($"client: {call}: {result} {_set.LastFailure} {_set.Abort}");
        }
    }
}
