using System.Diagnostics;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>The floor's server: one thread for all devices, which refills a buffer as soon as it comes back.</summary>
internal sealed unsafe class FloorServerEnd : BenchEnd
{
    private const int FirstForgotten = 20;

    private readonly FloorMemory _memory;
    private readonly FloorRing[] _commands;
    private readonly FloorRing[] _completions;
    private readonly long _spinTicks;
    private readonly Thread _thread;
    private readonly bool _forgets;
    private int _wakeCount;
    private volatile bool _start;
    private volatile bool _stop;

    /// <param name="payloads">The private memory.</param>
    /// <param name="spin">How long to spin before sleeping.</param>
    /// <param name="forgets">Whether to forget all wake-ups after the first few: a known defect, for the watchdog.</param>
    public FloorServerEnd(PayloadSet payloads, TimeSpan spin, bool forgets = false)
        : base(Role.Server, payloads, payloads.Plan.Devices)
    {
        _memory = new FloorMemory(Plan, endpoint: null);
        _commands = [.. Lanes.Select(lane => _memory.Commands(lane.Device))];
        _completions = [.. Lanes.Select(lane => _memory.Completions(lane.Device))];
        _spinTicks = (long)(spin.TotalSeconds * Stopwatch.Frequency);
        _forgets = forgets;
        _thread = StartThread("floor server", Serve);
    }

    public override string Endpoint => _memory.Endpoint;

    public override void Go()
    {
        _start = true;
        WaitWord.Announce(_memory.ServerWord);
    }

    protected override void Release()
    {
        _stop = true;
        WaitWord.Announce(_memory.ServerWord);
        _thread.Join();
        _memory.Dispose();
    }

    private void Serve()
    {
        while (!_stop)
        {
            if (_start)
            {
                _start = false;
                Start();
            }

            bool any = false;
            for (int device = 0; device < _completions.Length; device++)
            {
                while (_completions[device].TryTake(out uint buffer))
                {
                    any = true;
                    Complete(device, buffer);
                }
            }

            if (!any)
            {
                Wait();
            }
        }
    }

    private void Start()
    {
        for (int device = 0; device < Lanes.Length; device++)
        {
            for (uint buffer = 0; buffer < Plan.BuffersPerDevice && Lanes[device].CanIssue; buffer++)
            {
                Issue(device, buffer);
            }
        }
    }

    private void Complete(int device, uint buffer)
    {
        Lane lane = Lanes[device];
        if (!lane.IsProducer)
        {
            lane.Work(lane.Finished, _memory.Buffer(device, buffer));
        }

        // Asked before: with the last transfer the measuring thread may prepare the next run.
        bool hasMore = lane.CanIssue;
        lane.Finish();
        if (hasMore)
        {
            Issue(device, buffer);
        }
    }

    private void Issue(int device, uint buffer)
    {
        Lane lane = Lanes[device];
        int transfer = lane.Issue();
        if (lane.IsProducer)
        {
            lane.Work(transfer, _memory.Buffer(device, buffer));
        }

        _commands[device].Publish(buffer);
        if (!_forgets || ++_wakeCount < FirstForgotten)
        {
            WaitWord.Announce(_memory.ClientWord(device));
        }
    }

    private void Wait()
    {
        if (_spinTicks > 0)
        {
            long end = Stopwatch.GetTimestamp() + _spinTicks;
            do
            {
                if (HasWork())
                {
                    return;
                }

                Processor.Pause();
            }
            while (Stopwatch.GetTimestamp() < end);
        }

        uint armed = WaitWord.Arm(_memory.ServerWord);
        if (HasWork())
        {
            WaitWord.Disarm(_memory.ServerWord, armed);
        }
        else
        {
            WaitWord.Sleep(_memory.ServerWord, armed);
        }
    }

    private bool HasWork()
    {
        foreach (ref FloorRing ring in _completions.AsSpan())
        {
            if (ring.HasEntry)
            {
                return true;
            }
        }

        return _start || _stop;
    }
}
