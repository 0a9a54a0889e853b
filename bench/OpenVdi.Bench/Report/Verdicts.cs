using OpenVdi.Bench.Contenders;

namespace OpenVdi.Bench.Report;

/// <summary>Compares what was measured with what was promised.</summary>
internal static class Verdicts
{
    private const double LeastOfFloor = 0.90;
    private const double MostProcessorOfFloor = 1.15;
    private const double LeastOfPipe = 3;
    private const double LeastOfMappedFile = 1.4;
    private const double LeastOfManagedClient = 0.97;
    private const double MostRoundTripMicroseconds = 1;
    private const double MostSharedRoundTripOfFloor = 1.3;
    private const double MostIdleShare = 0.001;
    private const double MostSetUpMilliseconds = 20;
    private const int LargestJudged = 1024 * 1024;
    private const int SmallestJudged = 64 * 1024;

    // A counter of allocations is exact: one object per command would be at least this.
    private const double LeastObjectBytes = 8;

    public static IReadOnlyList<Verdict> Judge(
        IReadOnlyList<CellReport> cells, IReadOnlyList<RoundTripReport> roundTrips, IdleReport? idle, SetUpReport? setUp,
        WakeUpReport? wakeUps)
    {
        List<Verdict> verdicts = [.. cells.SelectMany(OfCell), .. roundTrips.SelectMany(OfRoundTrip)];
        if (idle is not null)
        {
            double share = (idle.ProcessorMilliseconds - idle.WithoutSetMilliseconds) / 1000 / idle.Seconds;
            verdicts.Add(AtMost($"idle set of {idle.Devices} devices: share of a core", share, MostIdleShare));
        }

        if (setUp is not null)
        {
            verdicts.Add(AtMost(
                $"set-up with {setUp.BufferBytes >> 20} MiB of buffers, ms", setUp.TotalMilliseconds.Median, MostSetUpMilliseconds));
        }

        if (wakeUps is not null)
        {
            verdicts.Add(AtMost($"lost wake-ups in {wakeUps.Runs} runs", wakeUps.Lost, 0));
        }

        return verdicts;
    }

    private static IEnumerable<Verdict> OfCell(CellReport cell)
    {
        ContenderReport? vdi = Find(cell, ContenderKind.Vdi);
        if (vdi is null)
        {
            yield break;
        }

        string where = $"{BenchTable.Size(cell.TransferBytes)} x {cell.Devices} {cell.Direction}";
        double allocated = Math.Max(vdi.ServerBytesAllocatedPerCommand, vdi.ClientBytesAllocatedPerCommand);
        yield return new Verdict($"{where}: bytes allocated per command", "0", allocated, allocated < LeastObjectBytes / 100);
        if (Find(cell, ContenderKind.Library) is { } library)
        {
            yield return AtLeast(
                $"{where}: throughput through libsqlvdi of the managed client's", 1 / library.VdiThroughputRatio!.Median,
                LeastOfManagedClient);
        }

        if (cell.TransferBytes is < SmallestJudged or > LargestJudged || cell.Devices is not (1 or 4))
        {
            yield break;
        }

        // The floor is whichever of the two carries more; its processor time is the measure too.
        ContenderReport? floor = new[] { Find(cell, ContenderKind.FloorFutex), Find(cell, ContenderKind.FloorSpin) }
            .OfType<ContenderReport>().MaxBy(report => report.GigabytesPerSecond.Median);
        if (floor is not null)
        {
            yield return AtLeast($"{where}: throughput of {floor.Name}'s", floor.VdiThroughputRatio!.Median, LeastOfFloor);
            yield return AtMost($"{where}: CPU of {floor.Name}'s", floor.VdiProcessorRatio!.Median, MostProcessorOfFloor);
        }

        if (cell.TransferBytes == LargestJudged)
        {
            if (Find(cell, ContenderKind.Pipe) is { } pipe)
            {
                yield return AtLeast($"{where}: throughput of a pipe's", pipe.VdiThroughputRatio!.Median, LeastOfPipe);
            }

            if (Find(cell, ContenderKind.MappedFile) is { } mapped)
            {
                yield return AtLeast(
                    $"{where}: throughput of mapped file + pipe's", mapped.VdiThroughputRatio!.Median, LeastOfMappedFile);
            }
        }
    }

    private static IEnumerable<Verdict> OfRoundTrip(RoundTripReport report)
    {
        RoundTripFigures? vdi = report.Contenders.FirstOrDefault(one => one.Name == ContenderKind.Vdi.Name());
        RoundTripFigures? floor = report.Contenders.FirstOrDefault(one => one.Name == ContenderKind.FloorFutex.Name());
        if (report.Cores == "apart" && vdi is not null)
        {
            yield return AtMost("round trip, a core each: median us", vdi.MedianMicroseconds.Median, MostRoundTripMicroseconds);
        }
        else if (report.Cores == "shared" && floor?.VdiRatio is { } ratio)
        {
            yield return AtMost("round trip, one core: median of the futex floor's", ratio.Median, MostSharedRoundTripOfFloor);
        }
    }

    private static ContenderReport? Find(CellReport cell, ContenderKind kind) =>
        cell.Contenders.FirstOrDefault(contender => contender.Name == kind.Name());

    private static Verdict AtLeast(string what, double measured, double target) =>
        new(what, BenchTable.Line($">= {target}"), measured, measured >= target);

    private static Verdict AtMost(string what, double measured, double target) =>
        new(what, BenchTable.Line($"<= {target}"), measured, measured <= target);
}
