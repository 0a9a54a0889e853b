using System.Diagnostics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OpenVdi.SharedMemory;

/// <summary>Whether, and for how long, a waiter spins before it sleeps. Waking a sleeper on another core costs some 25 us of
/// latency and 20 us of processor time, so a spin of about that long pays when the peer answers within it. It never pays
/// when the peer needs our core to answer: spins that found nothing make the next ones rarer.</summary>
/// <remarks>One waiter's; not thread-safe, but harmless when shared: it only holds a guess.</remarks>
internal struct AdaptiveSpin
{
    // Between two looks at the clock.
    private const int PausesPerLook = 8;

    // At most so many waits without a try: 1/256 of a vain spin is 0.2 us for each wait.
    private const int MaxSkipCount = 256;

    private static readonly long s_budgetTicks = Stopwatch.Frequency * 50 / 1_000_000;

    // With as many spinners as processors nobody would be left to answer.
    private static readonly int s_maxSpinners = Interop.MachineProcessorCount - 1;
    private static int s_spinnerCount;

    private int _vainCount;
    private int _skipLength;
    private int _skipsLeft;

    /// <summary>A spin that may go on until <see cref="Spin.TryNext"/> says no.</summary>
    public bool TryBegin(out Spin spin)
    {
        spin = default;
        if (_skipsLeft > 0)
        {
            _skipsLeft--;
            return false;
        }

        if (Interlocked.Increment(ref s_spinnerCount) > s_maxSpinners)
        {
            Interlocked.Decrement(ref s_spinnerCount);
            return false;
        }

        spin = new Spin(Stopwatch.GetTimestamp() + s_budgetTicks);
        return true;
    }

    /// <summary>Ends a spin, whether or not it found what it waited for.</summary>
    public void End(bool found)
    {
        Interlocked.Decrement(ref s_spinnerCount);
        _vainCount = found ? 0 : _vainCount + 1;

        // One vain spin says little: buffers of 1 MiB take about as long as the spin.
        _skipLength = _vainCount < 2 ? 0 : Math.Clamp(_skipLength * 2, 1, MaxSkipCount);
        _skipsLeft = _skipLength;
    }

    /// <summary>A spin in progress.</summary>
    internal struct Spin(long end)
    {
        private int _pauses;

        /// <summary>Passes a moment; false when the time is over.</summary>
        public bool TryNext()
        {
            if (X86Base.IsSupported)
            {
                X86Base.Pause();
            }
            else if (ArmBase.IsSupported)
            {
                ArmBase.Yield();
            }
            else
            {
                Thread.SpinWait(1);
            }

            return ++_pauses % PausesPerLook != 0 || Stopwatch.GetTimestamp() < end;
        }
    }
}
