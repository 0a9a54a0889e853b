namespace OpenVdi.TestPeer;

/// <summary>Checks a server's callbacks: exactly one for each command (A5), and no outcome that cannot be. Thread-safe.</summary>
internal sealed class CallbackLedger
{
    /// <summary>So many words of the same failure say enough.</summary>
    private const int MaxViolationCount = 20;

    private readonly Lock _lock = new();
    private readonly List<string> _violations = [];
    private readonly HashSet<Entry> _outstanding = [];
    private long _sentCount;
    private long _calledCount;
    private long _abortedCount;

    public long SentCount => Interlocked.Read(ref _sentCount);

    public long CalledCount => Interlocked.Read(ref _calledCount);

    public long AbortedCount => Interlocked.Read(ref _abortedCount);

    public string Violations
    {
        get
        {
            lock (_lock)
            {
                return string.Join("; ", _violations);
            }
        }
    }

    public void Sending(Entry entry)
    {
        lock (_lock)
        {
            _sentCount++;
            if (!_outstanding.Add(entry))
            {
                Add($"{entry.Name}: sent while it is outstanding");
            }
        }
    }

    public void Called(Entry entry, CompletionCode code, uint bytesTransferred, uint sizeBytes)
    {
        lock (_lock)
        {
            _calledCount++;
            _abortedCount += code == CompletionCode.OperationAborted ? 1 : 0;
            if (!_outstanding.Remove(entry))
            {
                Add($"{entry.Name}: callback with {(int)code} although none was outstanding");
            }

            if (bytesTransferred > sizeBytes)
            {
                Add($"{entry.Name}: {bytesTransferred} bytes transferred of a command of {sizeBytes}");
            }
        }
    }

    /// <summary>To be asked when the agent has returned: no command may be left.</summary>
    public void Finish()
    {
        lock (_lock)
        {
            foreach (Entry entry in _outstanding)
            {
                Add($"{entry.Name}: no callback although the agent has returned");
            }
        }
    }

    public void Report(string violation)
    {
        lock (_lock)
        {
            Add(violation);
        }
    }

    private void Add(string violation)
    {
        if (_violations.Count < MaxViolationCount)
        {
            _violations.Add(violation);
        }
    }

    /// <summary>One command's place in the ledger; used again for the next.</summary>
    internal class Entry(string name)
    {
        public string Name { get; } = name;
    }
}
