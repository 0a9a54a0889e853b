namespace OpenVdi.Conformance;

/// <summary>A database for the snapshot scenarios: its writes wait while it is frozen.</summary>
internal sealed class FreezableDatabase
{
    private readonly object _gate = new();
    private bool _isFrozen;

    /// <summary>Writes done so far.</summary>
    public int WriteCount { get; private set; }

    /// <summary>How often it was frozen.</summary>
    public int FreezeCount { get; private set; }

    /// <summary>Whether writes wait now.</summary>
    public bool IsFrozen
    {
        get
        {
            lock (_gate)
            {
                return _isFrozen;
            }
        }
    }

    /// <summary>Suspends writes.</summary>
    public void Freeze()
    {
        lock (_gate)
        {
            _isFrozen = true;
            FreezeCount++;
        }
    }

    /// <summary>Lets writes go on.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            _isFrozen = false;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A write, which waits as long as the database is frozen.</summary>
    public bool Write()
    {
        lock (_gate)
        {
            while (_isFrozen)
            {
                Monitor.Wait(_gate);
            }

            WriteCount++;
            return true;
        }
    }
}
