namespace OpenVdi.Bench;

/// <summary>The upper bounds of the benchmark.</summary>
internal static class BenchLimits
{
    /// <summary>No step takes longer unless a wake-up was lost or a process is gone; a run takes a tenth of a second.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    /// <summary>How long the spinning floor spins before it sleeps.</summary>
    public static readonly TimeSpan FloorSpin = TimeSpan.FromMicroseconds(50);
}
