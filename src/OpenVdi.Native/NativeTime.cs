namespace OpenVdi.Native;

/// <summary>Time limits of the C++ header: milliseconds in a time_t, negative without end (14.7).</summary>
internal static class NativeTime
{
    // A hundred years; beyond what the clocks behind a wait can add.
    private const long MaxMilliseconds = 100L * 365 * 24 * 3600 * 1000;

    public static TimeSpan From(long milliseconds) => milliseconds < 0
        ? Timeout.InfiniteTimeSpan
        : TimeSpan.FromMilliseconds(Math.Min(milliseconds, MaxMilliseconds), 0);
}
