namespace OpenVdi.Bench.Work;

/// <summary>Tells the thread that measures when all devices of one side have carried a run, or that one failed.</summary>
internal sealed class RunSignal : IDisposable
{
    // No spin: the waiter shares a core with those that it measures.
    private readonly ManualResetEventSlim _done = new(initialState: false, spinCount: 0);
    private int _left;
    private volatile string? _error;

    public string? Error => _error;

    public void Reset(int lanes)
    {
        _left = lanes;
        _done.Reset();
        if (lanes == 0)
        {
            _done.Set();
        }
    }

    public void LaneFinished()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _done.Set();
        }
    }

    /// <summary>Ends the run with a reason. The first one is kept.</summary>
    public void Fail(string error)
    {
        _ = Interlocked.CompareExchange(ref _error, error, null);
        _done.Set();
    }

    public bool Wait(TimeSpan limit) => _done.Wait(limit);

    public void Dispose() => _done.Dispose();
}
