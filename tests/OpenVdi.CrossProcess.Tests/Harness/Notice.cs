using System.Globalization;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>How soon the living must know of a death or an abort.</summary>
internal static class Notice
{
    /// <summary>Ours, on a machine that has a processor for us now and then.</summary>
    public const long UsualMicroseconds = 1_000_000;

    /// <summary>The specification's (9.5, AT11): asked of a machine that runs many times more than it has processors.</summary>
    public const long SpecifiedMicroseconds = 5_000_000;

    private const double OverloadFactor = 4;

    /// <summary>What is asked at this moment.</summary>
    public static long LimitMicroseconds =>
        Load > OverloadFactor * Environment.ProcessorCount ? SpecifiedMicroseconds : UsualMicroseconds;

    public static TimeSpan Limit => TimeSpan.FromMicroseconds(LimitMicroseconds);

    /// <summary>How many threads have wanted a processor in the last minute.</summary>
    public static double Load =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
}
