using System.Diagnostics;

namespace OpenVdi.Testing;

/// <summary>Waits of tests: one generous limit, and each names what it awaits.</summary>
public static class Await
{
    /// <summary>Far above what anything here takes, even on a busy machine: reaching it is a failure.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits for an event that the awaited thing itself sets.</summary>
    public static void Signalled(WaitHandle handle, string what)
    {
        if (!handle.WaitOne(Limit))
        {
            throw new ScriptFailedException($"awaited in vain for {Limit.TotalSeconds:0} s: {what}");
        }
    }

    /// <summary>Waits for a task that the awaited thing itself completes.</summary>
    public static void Signalled(Task signal, string what)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (!signal.Wait(Limit))
        {
            throw new ScriptFailedException($"awaited in vain for {Limit.TotalSeconds:0} s: {what}");
        }
    }

    /// <summary>Waits for the end of a thread.</summary>
    public static void Ended(Thread thread, string what)
    {
        if (!thread.Join(Limit))
        {
            throw new ScriptFailedException($"awaited in vain for {Limit.TotalSeconds:0} s: the end of {what}");
        }
    }

    /// <summary>
    /// Waits until a condition is true that nothing announces, such as a state that another party's call changes. It
    /// yields the core between looks, so that the awaited thread runs also where there is only one, and ends at the limit.
    /// </summary>
    public static void Until(Func<bool> condition, string description)
    {
        ArgumentNullException.ThrowIfNull(condition);
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                throw new ScriptFailedException($"awaited in vain for {Limit.TotalSeconds:0} s: {description}");
            }

            Thread.Yield();
        }
    }
}
