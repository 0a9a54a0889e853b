namespace OpenVdi.SharedMemory;

/// <summary>Whether the set is aborted, as this party knows it: once seen, it stays, whatever becomes of the shared word.</summary>
internal sealed class AbortLatch(ControlArea control)
{
    private volatile bool _isAborted;
    private AbortNotice? _notice;

    /// <summary>Asked on every call: a flag of our own and a word that hardly ever changes.</summary>
    public bool IsAborted
    {
        get
        {
            if (!_isAborted && control.AbortWord != AbortReason.None)
            {
                _isAborted = true;
            }

            return _isAborted;
        }
    }

    /// <summary>The first reason, with its words where whoever aborted the set lived to say them.</summary>
    public AbortNotice? Notice
    {
        get
        {
            if (!IsAborted)
            {
                return null;
            }

            AbortReason word = control.AbortWord;
            return Volatile.Read(ref _notice)
                ?? control.ReadAbortText()
                ?? new AbortNotice(word == AbortReason.None ? AbortReason.InternalFailure : word, $"the set was aborted ({word})");
        }
    }

    /// <summary>Aborts the set for all.</summary>
    /// <returns>Whether this was the first reason, so that the others are to be told the words.</returns>
    public bool Mark(AbortReason reason, string detail)
    {
        bool isFirst = control.TryMarkAborted(reason, detail);
        if (isFirst)
        {
            Keep(reason, detail);
        }

        _isAborted = true;
        return isFirst;
    }

    /// <summary>Takes the words of whoever aborted the set first.</summary>
    public void Take(AbortReason reason, string detail)
    {
        control.TryMarkAborted(reason, detail);
        Keep(reason, detail);
        _isAborted = true;
    }

    private void Keep(AbortReason reason, string detail) =>
        Interlocked.CompareExchange(ref _notice, new AbortNotice(reason, detail), null);
}
