using System.Diagnostics;

namespace OpenVdi.Transport;

/// <summary>When a wait ends that may be woken more than once before. Made when the wait begins.</summary>
internal readonly struct InProcessDeadline
{
    // Monitor takes at most int.MaxValue milliseconds; a longer wait goes on after a look.
    private const double LongestSliceMilliseconds = 24 * 60 * 60 * 1000;

    private readonly TimeSpan _timeout;
    private readonly long _begun;

    public InProcessDeadline(TimeSpan timeout)
    {
        _timeout = timeout;
        _begun = timeout > TimeSpan.Zero ? Stopwatch.GetTimestamp() : 0;
    }

    /// <summary>Waits, with the gate held, for a pulse or the end. False when the time is over already.</summary>
    public bool WaitOn(object gate)
    {
        if (_timeout < TimeSpan.Zero)
        {
            Monitor.Wait(gate);
            return true;
        }

        TimeSpan rest = _timeout == TimeSpan.Zero ? TimeSpan.Zero : _timeout - Stopwatch.GetElapsedTime(_begun);
        if (rest <= TimeSpan.Zero)
        {
            return false;
        }

        // Rounded up: the last part of a millisecond is slept, not spun.
        Monitor.Wait(gate, (int)Math.Min(Math.Ceiling(rest.TotalMilliseconds), LongestSliceMilliseconds));
        return true;
    }
}
