using OpenVdi.Bench.Interop;

namespace OpenVdi.Bench.Contenders;

/// <summary>
/// The floor's wake word: odd while somebody sleeps on it. Who has published something makes an odd word even again and
/// wakes; who wants to sleep makes it odd, looks once more, and sleeps on the odd value.
/// </summary>
internal static unsafe class WaitWord
{
    /// <summary>Wakes the sleeper, if there is one. To be called after publishing.</summary>
    public static void Announce(uint* word)
    {
        // Full fence: what was published is visible before the word is read. Pairs with the exchange in TryArm: one of
        // the two sides sees the other.
        Interlocked.MemoryBarrier();
        uint seen = Volatile.Read(ref *word);

        // Only the value seen is cleared: a plain exchange could clear the mark of the next sleep.
        if ((seen & 1) != 0 && Interlocked.CompareExchange(ref *word, seen + 1, seen) == seen)
        {
            LinuxNative.FutexWake(word);
        }
    }

    /// <summary>Says that a sleep is near. The caller looks once more, then <see cref="Sleep"/> or <see cref="Disarm"/>.</summary>
    public static uint Arm(uint* word)
    {
        uint seen = Volatile.Read(ref *word);
        _ = Interlocked.CompareExchange(ref *word, seen + 1, seen);
        return seen + 1;
    }

    public static void Sleep(uint* word, uint armed)
    {
        while (Volatile.Read(ref *word) == armed)
        {
            LinuxNative.FutexWait(word, armed);
        }
    }

    public static void Disarm(uint* word, uint armed) => _ = Interlocked.CompareExchange(ref *word, armed + 1, armed);
}
