using System.Diagnostics;
using OpenVdi.Bench.Contenders;
using OpenVdi.Bench.Harness;
using OpenVdi.Bench.Interop;
using OpenVdi.Bench.Machine;
using OpenVdi.Bench.Report;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench;

/// <summary>`vdi bench transport`: the shared-memory transport against a floor and against what else could carry the
/// bytes, between two processes. See docs/reference/benchmarks.md.</summary>
public sealed class TransportBenchmark
{
    private const int SmallBuffersPerSet = 8;
    private const int LargeBuffersPerSet = 4;
    private const int LargestSmall = 1024 * 1024;
    private const int RoundTripBytes = 512;
    private const int SetUpBuffers = 20;
    private const int WakeUpBytes = 64 * 1024;
    private const int WakeUpTransfers = 16;
    private const int WarmUpTransfers = 200;
    private const int IdleWindows = 3;
    private const int IdleWarmUpRuns = 200;
    private const uint WakeUpSeed = 20070207;

    // A sleeper of OpenVdi looks around twice a second even if nobody wakes it: a lost wake-up would not stop a run, but
    // make one of a millisecond last for hundreds.
    // What carries bytes through shared memory: they take turns in each round, and the rest comes after.
    private static readonly ContenderKind[] s_equals =
        [ContenderKind.Vdi, ContenderKind.Library, ContenderKind.FloorFutex, ContenderKind.FloorSpin];

    private static readonly TimeSpan s_lateRun = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_warmUpTime = TimeSpan.FromSeconds(0.8);
    private static readonly TimeSpan s_idleTime = TimeSpan.FromSeconds(2);

    private readonly BenchOptions _options;
    private readonly PeerProcess _peer;
    private readonly CorePlan _cores;
    private readonly TextWriter _progress;

    private TransportBenchmark(BenchOptions options, PeerProcess peer, TextWriter progress)
    {
        _options = options;
        _peer = peer;
        _cores = CorePlan.Apart();
        _progress = progress;
    }

    /// <summary>Runs the benchmark and writes its report.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="peer">How to start the client's process.</param>
    /// <param name="output">The report.</param>
    /// <param name="progress">What is being done.</param>
    /// <returns>Whether every target was met.</returns>
    /// <exception cref="BenchFailureException">Wrong bytes, a lost wake-up, or a call that failed.</exception>
    public static bool Run(BenchOptions options, PeerCommand peer, TextWriter output, TextWriter progress)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(progress);
        using PeerProcess process = new(peer);
        BenchReport report = new TransportBenchmark(options, process, progress).Measure();
        if (options.Json)
        {
            output.WriteLine(System.Text.Json.JsonSerializer.Serialize(report, ReportJson.Default.BenchReport));
        }
        else
        {
            BenchTable.Write(output, report);
        }

        return report.Verdicts.All(verdict => verdict.IsMet);
    }

    /// <summary>The client's process: serves until its input ends.</summary>
    /// <returns>The exit code.</returns>
    public static int RunPeer(TextReader input, TextWriter output) => PeerHost.Run(input, output);

    private BenchReport Measure()
    {
        DateTimeOffset startedAt = DateTimeOffset.UtcNow;
        long start = Stopwatch.GetTimestamp();
        MachineReport machine = MachineFacts.Gather(_cores);
        WarmUp();
        Bind(_cores);
        List<CellReport> cells = [.. _options.Has("throughput") ? Plans().Select(MeasureCell) : []];
        List<RoundTripReport> trips = [.. _options.Has("roundtrip") ? MeasureRoundTrips() : []];
        IdleReport? idle = _options.Has("idle") && _options.Has(ContenderKind.Vdi) ? MeasureIdle() : null;
        SetUpReport? setUp = _options.Has("setup") && _options.Has(ContenderKind.Vdi) ? MeasureSetUp() : null;
        WakeUpReport? wakeUps = _options.Has("wakeups") && _options.Has(ContenderKind.Vdi) ? HuntWakeUps() : null;
        return new BenchReport(
            "transport", _options.CommandLine, _options.Commit, startedAt, Stopwatch.GetElapsedTime(start).TotalSeconds, machine,
            _options.Pace.Rounds, _options.Pace.RunTime.TotalMilliseconds, cells, trips, idle, setUp, wakeUps,
            Verdicts.Judge(cells, trips, idle, setUp, wakeUps));
    }

    // Before the processes are bound, for the runtime's compiler needs a core too; bound to one it takes several seconds to
    // get through. Both directions, also through the code that sleeps.
    private void WarmUp()
    {
        Say("warm-up");
        foreach (Direction direction in new[] { Direction.Backup, Direction.Restore })
        {
            using Cell cell = new(_peer, new ChannelPlan(2, RoundTripBytes, 2, direction, WorkKind.Copy));
            foreach (ContenderKind kind in Chosen(s_equals))
            {
                _ = cell.Open(kind);
                for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < s_warmUpTime;)
                {
                    _ = cell.Run(kind, WarmUpTransfers);
                }
            }
        }
    }

    private IEnumerable<ChannelPlan> Plans() =>
        from devices in _options.EffectiveDevices
        from size in _options.EffectiveSizes
        from direction in new[] { Direction.Backup, Direction.Restore }
        select PlanFor(devices, size, direction);

    // A set's buffers stay in the cache that both cores share, and no device has fewer than two.
    private ChannelPlan PlanFor(int devices, int size, Direction direction) => new(
        devices, size, Math.Max(2, (size > LargestSmall ? LargeBuffersPerSet : SmallBuffersPerSet) / devices), direction, _options.Work);

    private CellReport MeasureCell(ChannelPlan plan)
    {
        Say($"{plan.Direction}, {BenchTable.Size(plan.TransferBytes)}, {plan.Devices} devices");
        using Cell cell = new(_peer, plan);
        Dictionary<ContenderKind, Measurement[]> measured = Duel.Fight(
            cell,
            _options.Pace,
            Chosen(s_equals),
            Chosen(
                ContenderKind.Pipe, ContenderKind.WidePipe, ContenderKind.UnixSocket, ContenderKind.NamedPipe,
                ContenderKind.MappedFile, ContenderKind.MappedFileQueue, ContenderKind.Copy));
        Measurement[]? vdi = measured.GetValueOrDefault(ContenderKind.Vdi);
        return new CellReport(
            plan.Devices, plan.TransferBytes, plan.BuffersPerDevice, plan.Direction.ToString(), plan.Work.ToString(),
            [.. measured.Select(one => ReportOf(one.Key, one.Value, vdi))]);
    }

    private static ContenderReport ReportOf(ContenderKind kind, Measurement[] rounds, Measurement[]? vdi)
    {
        Measurement[]? other = kind == ContenderKind.Vdi ? null : vdi;
        return new ContenderReport(
            kind.Name(),
            rounds[0].Commands,
            Spread.Of(rounds.Select(round => round.GigabytesPerSecond)),
            Spread.Of(rounds.Select(round => round.CommandsPerSecond)),
            Spread.Of(rounds.Select(round => round.ProcessorSecondsPerGigabyte)),
            Spread.Of(rounds.Select(round => round.MedianMicroseconds)),
            Spread.Of(rounds.Select(round => round.P99Microseconds)),
            rounds.Max(round => round.ServerAllocated),
            rounds.Max(round => round.ClientAllocated),
            Ratios(other, rounds, round => round.GigabytesPerSecond),
            Ratios(other, rounds, round => round.ProcessorSecondsPerGigabyte));
    }

    // Round by round: what disturbs the machine disturbs both.
    private static Spread? Ratios(Measurement[]? ours, Measurement[] theirs, Func<Measurement, double> figure) =>
        ours is null ? null : Spread.Of(ours.Zip(theirs, (one, other) => figure(one) / figure(other)));

    private IEnumerable<RoundTripReport> MeasureRoundTrips()
    {
        if (!_cores.IsShared)
        {
            yield return MeasureRoundTrip("apart");
        }

        Bind(_cores.Together());
        yield return MeasureRoundTrip("shared");
        Bind(_cores);
    }

    private RoundTripReport MeasureRoundTrip(string cores)
    {
        Say($"round trip, cores {cores}");
        using Cell cell = new(_peer, new ChannelPlan(1, RoundTripBytes, 1, Direction.Backup, WorkKind.Touch));
        Pace pace = _options.Pace with { RunTime = _options.Pace.RunTime / 2 };
        Dictionary<ContenderKind, Measurement[]> measured = Duel.Fight(
            cell, pace, [], Chosen(ContenderKind.Vdi, ContenderKind.FloorFutex, ContenderKind.FloorSpin));
        Measurement[]? vdi = measured.GetValueOrDefault(ContenderKind.Vdi);
        return new RoundTripReport(cores, [.. measured.Select(one => new RoundTripFigures(
            one.Key.Name(),
            one.Value[0].Commands,
            Spread.Of(one.Value.Select(round => round.MedianMicroseconds)),
            Spread.Of(one.Value.Select(round => round.P99Microseconds)),
            Ratios(one.Key == ContenderKind.Vdi ? null : vdi, one.Value, round => round.MedianMicroseconds)))]);
    }

    private IdleReport MeasureIdle()
    {
        const int devices = 4;
        Say("idle");
        double without = IdleProcessorTime();
        using Cell cell = new(_peer, PlanFor(devices, WakeUpBytes, Direction.Backup));
        _ = cell.Open(ContenderKind.Vdi);
        for (int run = 0; run < IdleWarmUpRuns; run++)
        {
            _ = cell.Run(ContenderKind.Vdi, SmallBuffersPerSet);
        }

        return new IdleReport(s_idleTime.TotalSeconds, devices, IdleProcessorTime(), without);
    }

    // The lowest of some: what the runtime still compiles from the time before does not count.
    private double IdleProcessorTime() => Enumerable.Range(0, IdleWindows).Min(_ =>
    {
        double before = ProcessorTimeOfBoth();
        _peer.Idle(s_idleTime);
        return (ProcessorTimeOfBoth() - before) * 1000;
    });

    private double ProcessorTimeOfBoth() =>
        _peer.Call(new PeerRequest(PeerVerb.ProcessorTime)).ProcessorSeconds + LinuxNative.ProcessorTime().TotalSeconds;

    private SetUpReport MeasureSetUp()
    {
        Say("set-up");
        ChannelPlan plan = new(1, LargestSmall, SetUpBuffers, Direction.Backup, _options.Work);
        using Cell cell = new(_peer, plan);
        List<double> total = [];
        List<double> end = [];
        for (int round = 0; round < _options.Pace.Rounds + 1; round++)
        {
            VdiServerEnd server = (VdiServerEnd)cell.Open(ContenderKind.Vdi);
            PeerReply reply = _peer.Call(new PeerRequest(PeerVerb.AwaitSetUp, ContenderKind.Vdi));
            _ = cell.Run(ContenderKind.Vdi, SetUpBuffers);
            cell.Close(ContenderKind.Vdi);

            // The first one has compiled the code.
            if (round > 0)
            {
                total.Add(reply.SetUpSeconds * 1000);
                end.Add(server.EndConfigurationTime.TotalMilliseconds);
            }
        }

        return new SetUpReport((long)SetUpBuffers * LargestSmall, SetUpBuffers, Spread.Of(total), Spread.Of(end));
    }

    private WakeUpReport HuntWakeUps()
    {
        int runs = _options.EffectiveWakeUpRuns;
        ChannelPlan[] plans =
        [
            PlanFor(1, WakeUpBytes, Direction.Backup), PlanFor(1, WakeUpBytes, Direction.Restore),
            PlanFor(4, WakeUpBytes, Direction.Backup), PlanFor(4, WakeUpBytes, Direction.Restore),
        ];
        Say($"wake-ups, {runs} runs");
        int lost = 0;
        for (int plan = 0; plan < plans.Length; plan++)
        {
            using Cell cell = new(_peer, plans[plan]);
            _ = cell.Open(ContenderKind.Vdi);

            // Between two runs all threads fall asleep; within one, stalls bring them near to it.
            for (int run = plan; run < runs; run += plans.Length)
            {
                Measurement measured = cell.Run(ContenderKind.Vdi, WakeUpTransfers, WakeUpSeed + (uint)run);
                lost += measured.Seconds > s_lateRun.TotalSeconds ? 1 : 0;
            }
        }

        return new WakeUpReport(runs, WakeUpBytes, WakeUpTransfers, WakeUpSeed, lost);
    }

    private void Bind(CorePlan cores)
    {
        CorePlan.BindProcess(cores.ServerCore);
        _ = _peer.Call(new PeerRequest(PeerVerb.Bind, Core: cores.ClientCore));
    }

    private ContenderKind[] Chosen(params ContenderKind[] kinds) => [.. kinds.Where(_options.Has)];

    private void Say(string what) => _progress.WriteLine($"bench: {what}");
}
