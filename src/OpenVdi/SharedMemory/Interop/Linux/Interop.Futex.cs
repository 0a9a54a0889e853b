using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // linux/futex.h; without the private flag, for the word is shared between processes.
    private const int FUTEX_WAIT = 0, FUTEX_WAKE = 1;

    // The one number that differs: asm/unistd.h of x86-64, asm-generic/unistd.h elsewhere.
    private static readonly nint s_futexCall = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 202 : 98;

    /// <summary>Sleeps while the word has the value, for at most the time, without end when that is negative. Returns for any
    /// reason: the caller looks.</summary>
    internal static void FutexWait(uint* word, uint value, TimeSpan limit)
    {
        TimeSpec time = new(limit);
        _ = futex(s_futexCall, word, FUTEX_WAIT, (nint)value, limit < TimeSpan.Zero ? null : &time, null, 0);
    }

    /// <summary>Wakes all that sleep on the word.</summary>
    internal static void FutexWake(uint* word) => _ = futex(s_futexCall, word, FUTEX_WAKE, int.MaxValue, null, null, 0);

    [LibraryImport(Libc, EntryPoint = "syscall")]
    private static partial nint futex(
        nint number, uint* word, nint operation, nint value, TimeSpec* limit, uint* word2, nint value3);

    private readonly struct TimeSpec
    {
        private readonly long _seconds;
        private readonly long _nanoseconds;

        public TimeSpec(TimeSpan time)
        {
            _seconds = time.Ticks / TimeSpan.TicksPerSecond;
            _nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * 100;
        }
    }
}
