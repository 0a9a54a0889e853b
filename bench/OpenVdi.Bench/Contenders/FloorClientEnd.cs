using System.Diagnostics;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>The floor's client: a thread for each device.</summary>
internal sealed unsafe class FloorClientEnd : BenchEnd
{
    private readonly FloorMemory _memory;
    private readonly long _spinTicks;
    private readonly Thread[] _threads;
    private volatile bool _stop;

    public FloorClientEnd(PayloadSet payloads, TimeSpan spin, string endpoint)
        : base(Role.Client, payloads, payloads.Plan.Devices)
    {
        _memory = new FloorMemory(Plan, endpoint);
        _spinTicks = (long)(spin.TotalSeconds * Stopwatch.Frequency);
        _threads = [.. Lanes.Select(lane => StartThread($"floor client {lane.Device}", () => Run(lane)))];
    }

    public override void Go()
    {
        // The server's first command is the start.
    }

    protected override void Release()
    {
        _stop = true;
        foreach (Lane lane in Lanes)
        {
            WaitWord.Announce(_memory.ClientWord(lane.Device));
            _threads[lane.Device].Join();
        }

        _memory.Dispose();
    }

    private void Run(Lane lane)
    {
        FloorRing commands = _memory.Commands(lane.Device);
        FloorRing completions = _memory.Completions(lane.Device);
        uint* word = _memory.ClientWord(lane.Device);
        while (!_stop)
        {
            while (commands.TryTake(out uint buffer))
            {
                lane.Work(lane.Finished, _memory.Buffer(lane.Device, buffer));

                // Counted before it is handed back: the run's next transfer must find it counted.
                lane.Finish();
                completions.Publish(buffer);
                WaitWord.Announce(_memory.ServerWord);
            }

            Wait(commands, word);
        }
    }

    private void Wait(in FloorRing commands, uint* word)
    {
        if (_spinTicks > 0)
        {
            long end = Stopwatch.GetTimestamp() + _spinTicks;
            do
            {
                if (commands.HasEntry)
                {
                    return;
                }

                Processor.Pause();
            }
            while (Stopwatch.GetTimestamp() < end);
        }

        uint armed = WaitWord.Arm(word);
        if (commands.HasEntry || _stop)
        {
            WaitWord.Disarm(word, armed);
        }
        else
        {
            WaitWord.Sleep(word, armed);
        }
    }
}
