namespace OpenVdi.SharedMemory;

/// <summary>A word in shared memory on which one side sleeps and the other wakes it, with a system call only when somebody
/// does sleep. Bit 0 says that; the rest counts the wake-ups.</summary>
/// <remarks>
/// The sleeper sets bit 0 with a full fence and then looks once more for what it waits for; the waker publishes, with a full
/// fence, and then looks at bit 0. One of them sees the other. The waker clears the bit by compare-and-exchange of the value
/// it saw: a plain exchange could clear the bit of a sleeper that came later, whose wake-up would be lost.
/// </remarks>
internal static unsafe class WakeWord
{
    private const uint Sleeping = 1;

    /// <summary>Wakes the sleepers, if any. The caller has published what they wait for.</summary>
    public static void Signal(uint* word)
    {
        // Pairs with the exchange in Sleep: our stores before, the bit after.
        Interlocked.MemoryBarrier();
        uint value = Volatile.Read(ref *word);
        while ((value & Sleeping) != 0)
        {
            uint found = Interlocked.CompareExchange(ref *word, (value + 2) & ~Sleeping, value);
            if (found == value)
            {
                Interop.FutexWake(word);
                return;
            }

            value = found;
        }
    }

    /// <summary>Wakes the sleepers whatever the word says: for an abort, when the peer may have overwritten it.</summary>
    public static void SignalAll(uint* word)
    {
        Interlocked.Add(ref *word, 2);
        Interop.FutexWake(word);
    }

    /// <summary>Says that the caller is about to sleep. It must look once more for what it waits for, and then call
    /// <see cref="Sleep"/> with the value returned here.</summary>
    public static uint Announce(uint* word)
    {
        uint value = Volatile.Read(ref *word);
        while (true)
        {
            // A full fence in any case. Pairs with the barrier in Signal.
            uint found = Interlocked.CompareExchange(ref *word, value | Sleeping, value);
            if (found == value)
            {
                return value | Sleeping;
            }

            value = found;
        }
    }

    /// <summary>Lets the sleepers look around, without a word of news and whatever the word says.</summary>
    public static void WakeAnyway(uint* word) => Interop.FutexWake(word);

    /// <summary>Sleeps until the word changes from the announced value, or for the time (negative: without end), or until
    /// <see cref="WakeAnyway"/>: look around after.</summary>
    public static void Sleep(uint* word, uint announced, TimeSpan limit) => Interop.FutexWait(word, announced, limit);
}
