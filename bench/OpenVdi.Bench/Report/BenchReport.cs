using System.Text.Json.Serialization;

namespace OpenVdi.Bench.Report;

/// <summary>A figure over the rounds.</summary>
internal sealed record Spread(double Median, double Min, double Max)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? new Spread(0, 0, 0) : new Spread(sorted[sorted.Length / 2], sorted[0], sorted[^1]);
    }
}

/// <summary>The machine that the figures belong to.</summary>
internal sealed record MachineReport(
    string Processor, int Cores, double MemoryGigabytes, string System, string Runtime, int ServerCore, int ClientCore);

/// <summary>One contender in one cell.</summary>
/// <param name="Name">Who.</param>
/// <param name="CommandsPerRun">Transfers of all devices in one run.</param>
/// <param name="GigabytesPerSecond">10^9 bytes in a second.</param>
/// <param name="CommandsPerSecond">Transfers in a second.</param>
/// <param name="ProcessorSecondsPerGigabyte">Processor time of both processes.</param>
/// <param name="MedianMicroseconds">Median over the rounds of the median time from issue to end of a transfer.</param>
/// <param name="P99Microseconds">Median over the rounds of the 99th percentile of the same.</param>
/// <param name="ServerBytesAllocatedPerCommand">The most of all rounds.</param>
/// <param name="ClientBytesAllocatedPerCommand">The most of all rounds.</param>
/// <param name="VdiThroughputRatio">OpenVdi's throughput by this one's, round by round.</param>
/// <param name="VdiProcessorRatio">OpenVdi's processor time per byte by this one's, round by round.</param>
internal sealed record ContenderReport(
    string Name,
    long CommandsPerRun,
    Spread GigabytesPerSecond,
    Spread CommandsPerSecond,
    Spread ProcessorSecondsPerGigabyte,
    Spread MedianMicroseconds,
    Spread P99Microseconds,
    double ServerBytesAllocatedPerCommand,
    double ClientBytesAllocatedPerCommand,
    Spread? VdiThroughputRatio,
    Spread? VdiProcessorRatio);

/// <summary>One combination of parameters.</summary>
internal sealed record CellReport(
    int Devices, int TransferBytes, int BuffersPerDevice, string Direction, string Work,
    IReadOnlyList<ContenderReport> Contenders);

/// <summary>One command outstanding.</summary>
/// <param name="Cores">"apart": a core for each process; "shared": one for both.</param>
/// <param name="Contenders">Whom.</param>
internal sealed record RoundTripReport(string Cores, IReadOnlyList<RoundTripFigures> Contenders);

/// <summary>The round trip of one contender.</summary>
internal sealed record RoundTripFigures(
    string Name, long CommandsPerRun, Spread MedianMicroseconds, Spread P99Microseconds, Spread? VdiRatio);

/// <summary>Processor time while a set is open and nothing happens.</summary>
internal sealed record IdleReport(double Seconds, int Devices, double ProcessorMilliseconds, double WithoutSetMilliseconds);

/// <summary>Making a set.</summary>
internal sealed record SetUpReport(long BufferBytes, int Buffers, Spread TotalMilliseconds, Spread EndConfigurationMilliseconds);

/// <summary>The search for a lost wake-up.</summary>
internal sealed record WakeUpReport(int Runs, int TransferBytes, int TransfersPerRun, uint Seed, int Lost);

/// <summary>A target and what was measured.</summary>
internal sealed record Verdict(string What, string Target, double Measured, bool IsMet);

/// <summary>All of it.</summary>
internal sealed record BenchReport(
    string Benchmark,
    string CommandLine,
    string? Commit,
    DateTimeOffset StartedAt,
    double ElapsedSeconds,
    MachineReport Machine,
    int Rounds,
    double RunMilliseconds,
    IReadOnlyList<CellReport> Cells,
    IReadOnlyList<RoundTripReport> RoundTrips,
    IdleReport? Idle,
    SetUpReport? SetUp,
    WakeUpReport? WakeUps,
    IReadOnlyList<Verdict> Verdicts);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
