namespace OpenVdi.Server;

/// <summary>When a silent client is given up: serverTimeOut's rule, without a clock of its own. Spec: Z1 to Z4.</summary>
/// <remarks>The agent waits in intervals of t. An interval that ends with commands pending and without any completion
/// counts; the third in a row is the abort: later than 2t after the last progress, at the latest 3t.</remarks>
internal struct SilenceClock
{
    private readonly TimeSpan _interval;
    private TimeSpan _intervalEnd;
    private int _silentIntervalCount;

    /// <param name="interval">serverTimeOut; zero: never give up (Z2).</param>
    /// <param name="now">A monotonic time.</param>
    public SilenceClock(TimeSpan interval, TimeSpan now)
    {
        _interval = interval;
        _intervalEnd = now + interval;
        _silentIntervalCount = 0;
    }

    /// <summary>Whether there is no limit, so that nobody needs to look at a clock.</summary>
    public readonly bool IsOff => _interval == TimeSpan.Zero;

    /// <summary>How long the agent may wait before it has to ask <see cref="IsOver"/>.</summary>
    public readonly TimeSpan WaitFrom(TimeSpan now) => _intervalEnd > now ? _intervalEnd - now : TimeSpan.Zero;

    /// <summary>A completion came: the clock starts again (Z3).</summary>
    public void NoteProgress(TimeSpan now)
    {
        _intervalEnd = now + _interval;
        _silentIntervalCount = 0;
    }

    /// <summary>Whether an interval has ended, and <see cref="IsOver"/> is to be asked.</summary>
    public readonly bool IsDue(TimeSpan now) => now >= _intervalEnd;

    /// <summary>Ends an interval; says whether the client has been silent for too long.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isPending">Whether commands are outstanding; idle time does not count (Z3).</param>
    public bool IsOver(TimeSpan now, bool isPending)
    {
        _intervalEnd = now + _interval;
        _silentIntervalCount = isPending ? _silentIntervalCount + 1 : 0;
        return _silentIntervalCount > 2;
    }
}
