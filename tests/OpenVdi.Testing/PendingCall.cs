using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace OpenVdi.Testing;

/// <summary>A call that may block, on a thread of its own: for "is waiting when ..." situations.</summary>
/// <typeparam name="T">What the call returns.</typeparam>
public sealed class PendingCall<T> : IPendingCall
{
    private readonly string _what;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private Exception? _failure;
    private int _taskId;

    /// <summary>Begins the call.</summary>
    public PendingCall(string what, Func<T> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        _what = what;
        _thread = new Thread(() =>
        {
            _taskId = OperatingSystem.IsLinux() ? KernelThread.CurrentId() : 0;
            _begun.SetResult();
            try
            {
                _result = call();
            }
            catch (Exception failure)   // Belongs to the one who asks for the result.
            {
                _failure = failure;
            }
        })
        { IsBackground = true, Name = what };
        _thread.Start();
    }

    /// <summary>Whether the call has returned.</summary>
    public bool IsOver => !_thread.IsAlive;

    /// <summary>The managed number of the thread that the call runs on.</summary>
    public int ManagedThreadId => _thread.ManagedThreadId;

    /// <summary>
    /// Waits until the call is blocked. The observable is the thread itself: in a managed wait (WaitSleepJoin), or asleep
    /// in the kernel (Linux says 'S') without having run in between two looks. A look that errs says "blocked" a moment
    /// early; the situations that use it are right either way, only then less telling.
    /// </summary>
    public PendingCall<T> AwaitBlocked()
    {
        Await.Signalled(_begun.Task, $"{_what}: its thread to begin");
        Await.Until(IsBlocked, $"{_what} to block");
        return this;
    }

    /// <summary>Waits for the call's return.</summary>
    public T AwaitResult()
    {
        Await.Ended(_thread, _what);
        return _failure is null ? _result! : throw new ScriptFailedException($"{_what} threw: {_failure}");
    }

    /// <inheritdoc/>
    public void AwaitEnd() => Await.Ended(_thread, _what);

    private bool IsBlocked()
    {
        if (!_thread.IsAlive)
        {
            throw new ScriptFailedException($"{_what} was to block, but it returned {_result}{_failure}");
        }

        return (_thread.ThreadState & System.Threading.ThreadState.WaitSleepJoin) != 0
            || (OperatingSystem.IsLinux() && SleepsInKernel(_taskId));
    }

    /// <summary>Asleep, and the count of its voluntary switches stands still over several yields of ours.</summary>
    [SupportedOSPlatform("linux")]
    private static bool SleepsInKernel(int taskId)
    {
        string? first = SleepMark(taskId);
        for (int look = 0; first is not null && look < 8; look++)
        {
            Thread.Yield();
            if (SleepMark(taskId) != first)
            {
                return false;
            }
        }

        return first is not null;
    }

    private static string? SleepMark(int taskId)
    {
        string status;
        try
        {
            status = File.ReadAllText($"/proc/self/task/{taskId}/status");
        }
        catch (IOException)
        {
            // The thread has ended since it was asked whether it lives.
            return null;
        }

        if (!status.Contains("State:\tS", StringComparison.Ordinal))
        {
            return null;
        }

        int at = status.IndexOf("voluntary_ctxt_switches:", StringComparison.Ordinal);
        return status[at..];
    }
}

/// <summary>The kernel's number of a thread, under which /proc speaks of it.</summary>
internal static partial class KernelThread
{
    [LibraryImport("libc", EntryPoint = "gettid")]
    public static partial int CurrentId();
}

/// <summary>A pending call whose result is of no interest.</summary>
public interface IPendingCall
{
    /// <summary>Waits for the call's return.</summary>
    void AwaitEnd();
}

/// <summary>Begins calls without naming their type.</summary>
public static class PendingCall
{
    /// <summary>Begins a call on a thread of its own.</summary>
    public static PendingCall<T> Begin<T>(string what, Func<T> call) => new(what, call);

    /// <summary>A stopwatch's reading around a call, for the few rows that are about time.</summary>
    public static TimeSpan Time(Action call)
    {
        ArgumentNullException.ThrowIfNull(call);
        long start = Stopwatch.GetTimestamp();
        call();
        return Stopwatch.GetElapsedTime(start);
    }
}
