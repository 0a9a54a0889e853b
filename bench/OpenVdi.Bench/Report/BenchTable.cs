using System.Globalization;

namespace OpenVdi.Bench.Report;

/// <summary>The report for people.</summary>
internal static class BenchTable
{
    public static void Write(TextWriter output, BenchReport report)
    {
        MachineReport machine = report.Machine;
        output.WriteLine(Line($"{report.CommandLine}"));
        output.WriteLine(Line($"commit {report.Commit ?? "unknown"}, {report.StartedAt:u}, {report.ElapsedSeconds:F0} s"));
        output.WriteLine(Line(
            $"{machine.Processor}, {machine.Cores} cores, {machine.MemoryGigabytes:F1} GB, {machine.System}, {machine.Runtime}"));
        output.WriteLine(
            Line($"server on core {machine.ServerCore}, client on core {machine.ClientCore}; ")
            + Line($"{report.Rounds} rounds of {report.RunMilliseconds:F0} ms; medians, [lowest to highest]"));
        foreach (CellReport cell in report.Cells)
        {
            Write(output, cell);
        }

        foreach (RoundTripReport trip in report.RoundTrips)
        {
            output.WriteLine();
            output.WriteLine(trip.Cores == "apart" ? "Round trip, a core for each process" : "Round trip, one core for both processes");
            output.WriteLine("  contender         median us [           ]   p99 us [           ]   vdi/this");
            foreach (RoundTripFigures one in trip.Contenders)
            {
                output.WriteLine(
                    Line($"  {one.Name,-16} {one.MedianMicroseconds.Median,9:F2} [{Range(one.MedianMicroseconds)}] ")
                    + Line($"{one.P99Microseconds.Median,8:F2} [{Range(one.P99Microseconds)}] {Ratio(one.VdiRatio),10}"));
            }
        }

        WriteSingles(output, report);
        output.WriteLine();
        output.WriteLine("Verdicts");
        foreach (Verdict verdict in report.Verdicts)
        {
            output.WriteLine(Line(
                $"  {(verdict.IsMet ? "met " : "MISS")}  {verdict.What,-58} {verdict.Target,8}   measured {verdict.Measured:0.###}"));
        }

        output.WriteLine(Line($"{report.Verdicts.Count(verdict => verdict.IsMet)} of {report.Verdicts.Count} targets met"));
    }

    /// <summary>Text with the invariant culture's numbers.</summary>
    public static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static string Size(int bytes) =>
        bytes >= 1 << 20 ? Line($"{bytes >> 20} MiB") : bytes >= 1024 ? Line($"{bytes >> 10} KiB") : Line($"{bytes} B");

    private static void Write(TextWriter output, CellReport cell)
    {
        output.WriteLine();
        output.WriteLine(
            Line($"{cell.Direction}, {Size(cell.TransferBytes)}, {cell.Devices} device{(cell.Devices == 1 ? "" : "s")} ")
            + Line($"with {cell.BuffersPerDevice} buffers each, work: {cell.Work}"));
        output.WriteLine(
            "  contender          GB/s [           ]   commands/s  CPU s/GB   latency us: median, p99   "
            + "allocated: server, client   vdi/this: GB/s [         ]  CPU");
        foreach (ContenderReport one in cell.Contenders)
        {
            output.WriteLine(
                Line($"  {one.Name,-16} {one.GigabytesPerSecond.Median,6:F2} [{Range(one.GigabytesPerSecond)}] ")
                + Line($"{one.CommandsPerSecond.Median,12:F0} {one.ProcessorSecondsPerGigabyte.Median,9:F3} ")
                + Line($"{one.MedianMicroseconds.Median,13:F1} {one.P99Microseconds.Median,11:F1} ")
                + Line($"{one.ServerBytesAllocatedPerCommand,14:F2} {one.ClientBytesAllocatedPerCommand,12:F2} ")
                + Line($"{Ratio(one.VdiThroughputRatio),17} [{Range(one.VdiThroughputRatio)}] ")
                + Line($"{Ratio(one.VdiProcessorRatio),6}"));
        }
    }

    private static void WriteSingles(TextWriter output, BenchReport report)
    {
        output.WriteLine();
        if (report.Idle is { } idle)
        {
            output.WriteLine(
                Line($"Idle set of {idle.Devices} devices: {idle.ProcessorMilliseconds:F2} ms of processor time in ")
                + Line($"{idle.Seconds:F1} s; without the set {idle.WithoutSetMilliseconds:F2} ms"));
        }

        if (report.SetUp is { } setUp)
        {
            output.WriteLine(
                Line($"Set-up with {setUp.Buffers} buffers, {setUp.BufferBytes >> 20} MiB: ")
                + Line($"{setUp.TotalMilliseconds.Median:F2} ms [{Range(setUp.TotalMilliseconds)}], EndConfiguration alone ")
                + Line($"{setUp.EndConfigurationMilliseconds.Median:F2} ms [{Range(setUp.EndConfigurationMilliseconds)}]"));
        }

        if (report.WakeUps is { } wakeUps)
        {
            output.WriteLine(
                Line($"Wake-ups: {wakeUps.Lost} lost in {wakeUps.Runs} runs of {wakeUps.TransfersPerRun} x ")
                + Line($"{Size(wakeUps.TransferBytes)} with stalls, seed {wakeUps.Seed}"));
        }
    }

    private static string Range(Spread? spread) =>
        spread is null ? "    -" : Line($"{spread.Min,5:F2} {spread.Max,5:F2}");

    private static string Ratio(Spread? spread) => spread is null ? "-" : Line($"{spread.Median:F2}");
}
