namespace OpenVdi.Bench.Harness;

/// <summary>The figures of one run.</summary>
/// <param name="Bytes">Bytes of all devices.</param>
/// <param name="Commands">Transfers of all devices.</param>
/// <param name="Seconds">From Go until both sides were done.</param>
/// <param name="ProcessorSeconds">Processor time of both processes.</param>
/// <param name="ServerAllocated">Bytes that the server allocated for each transfer.</param>
/// <param name="ClientAllocated">Bytes that the client allocated for each transfer.</param>
/// <param name="MedianMicroseconds">Median time from a transfer's issue to its end.</param>
/// <param name="P99Microseconds">99th percentile of the same.</param>
internal readonly record struct Measurement(
    long Bytes,
    long Commands,
    double Seconds,
    double ProcessorSeconds,
    double ServerAllocated,
    double ClientAllocated,
    double MedianMicroseconds,
    double P99Microseconds)
{
    private const double BytesPerGigabyte = 1e9;

    public double GigabytesPerSecond => Bytes / BytesPerGigabyte / Seconds;

    public double CommandsPerSecond => Commands / Seconds;

    public double ProcessorSecondsPerGigabyte => ProcessorSeconds / (Bytes / BytesPerGigabyte);
}
