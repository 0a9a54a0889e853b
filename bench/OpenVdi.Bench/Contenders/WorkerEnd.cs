using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>An end with a thread for each device that waits for Go, carries its transfers, and waits again.</summary>
internal abstract class WorkerEnd : BenchEnd
{
    private readonly Semaphore[] _gates;
    private Thread[] _threads = [];
    private volatile bool _stop;

    protected WorkerEnd(Role role, PayloadSet payloads, int laneCount)
        : base(role, payloads, laneCount) =>
        _gates = [.. Lanes.Select(_ => new Semaphore(0, 1))];

    public override void Go()
    {
        if (_threads.Length == 0)
        {
            _threads = [.. Lanes.Select(lane => StartThread($"{GetType().Name} {lane.Device}", () => Serve(lane)))];
        }

        foreach (Semaphore gate in _gates)
        {
            _ = gate.Release();
        }
    }

    /// <summary>Carries all transfers of a run.</summary>
    protected abstract void Carry(Lane lane);

    protected override void Release()
    {
        _stop = true;
        for (int device = 0; device < _threads.Length; device++)
        {
            // An end that failed is still at its gate's other side; its process is about to end.
            _ = _gates[device].Release();
            _threads[device].Join();
        }

        Array.ForEach(_gates, gate => gate.Dispose());
    }

    private void Serve(Lane lane)
    {
        while (true)
        {
            _ = _gates[lane.Device].WaitOne();
            if (_stop)
            {
                return;
            }

            Carry(lane);
        }
    }
}
