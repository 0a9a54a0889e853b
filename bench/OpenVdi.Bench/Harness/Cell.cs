using System.Diagnostics;
using OpenVdi.Bench.Contenders;
using OpenVdi.Bench.Interop;
using OpenVdi.Bench.Machine;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Harness;

/// <summary>One combination of parameters, with the contenders' channels open in both processes.</summary>
internal sealed class Cell : IDisposable
{
    private readonly PeerProcess _peer;
    private readonly TimeSpan _limit;
    private readonly PayloadSet _payloads;
    private readonly Dictionary<ContenderKind, BenchEnd> _ends = [];
    private long[] _samples = [];
    private int _runs;
    private bool _failed;

    /// <param name="peer">The client's process.</param>
    /// <param name="plan">The parameters.</param>
    /// <param name="limit">How long the server's part of a run may take; null for the benchmark's limit.</param>
    public Cell(PeerProcess peer, ChannelPlan plan, TimeSpan? limit = null)
    {
        _peer = peer;
        _limit = limit ?? BenchLimits.Wait;
        Plan = plan;
        _payloads = new PayloadSet(plan);
        _ = peer.Call(new PeerRequest(PeerVerb.BeginCell, Plan: plan));
    }

    public ChannelPlan Plan { get; }

    /// <summary>Opens both ends of a contender.</summary>
    public BenchEnd Open(ContenderKind kind)
    {
        BenchEnd end = Contender.MakeServer(kind, _payloads);
        _ends.Add(kind, end);
        _ = _peer.Call(new PeerRequest(PeerVerb.Open, kind, end.Endpoint));
        end.Connect();
        CorePlan.BindNewThreads();
        return end;
    }

    /// <summary>Closes both ends.</summary>
    public void Close(ContenderKind kind)
    {
        _ = _ends.Remove(kind, out BenchEnd? end);
        end!.Dispose();
        _ = _peer.Call(new PeerRequest(PeerVerb.Close, kind));
    }

    /// <summary>Runs a number of transfers per device.</summary>
    public Measurement Run(ContenderKind kind, int transfersPerDevice, uint stallSeed = 0)
    {
        BenchEnd end = _ends[kind];
        RunPlan run = new(++_runs, transfersPerDevice, stallSeed);
        try
        {
            _ = _peer.Call(new PeerRequest(PeerVerb.Prepare, kind, Run: run));
            end.Prepare(run);
            TimeSpan processorBefore = LinuxNative.ProcessorTime();
            long start = Stopwatch.GetTimestamp();
            _peer.Send(new PeerRequest(PeerVerb.Go, kind));
            end.Go();
            EndResult server = end.Finish(_limit);
            PeerReply client = _peer.Call(new PeerRequest(PeerVerb.Finish, kind));

            // Taken last: whoever spins after the last transfer has paid for it by now.
            double processor = (LinuxNative.ProcessorTime() - processorBefore).TotalSeconds + client.ProcessorSeconds;
            double seconds = (Math.Max(server.EndTimestamp, client.EndTimestamp) - start) / (double)Stopwatch.Frequency;
            (double median, double p99) = Latency(end);
            long commands = (long)transfersPerDevice * Plan.Devices;
            return new Measurement(
                commands * Plan.TransferBytes, commands, seconds, processor,
                server.AllocatedPerTransfer, client.AllocatedPerTransfer, median, p99);
        }
        catch
        {
            _failed = true;
            throw;
        }
    }

    public void Dispose()
    {
        // After a failure threads of either side may wait for ever: the processes end, and with them all that they hold.
        if (_failed)
        {
            return;
        }

        foreach (ContenderKind kind in _ends.Keys.ToArray())
        {
            Close(kind);
        }

        _ = _peer.Call(new PeerRequest(PeerVerb.EndCell));
        _payloads.Dispose();
    }

    private (double Median, double P99) Latency(BenchEnd end)
    {
        int count = end.Lanes.Sum(lane => lane.Samples.Length);
        if (_samples.Length < count)
        {
            _samples = new long[count];
        }

        int filled = 0;
        foreach (Lane lane in end.Lanes)
        {
            lane.Samples.CopyTo(_samples.AsSpan(filled));
            filled += lane.Samples.Length;
        }

        Span<long> samples = _samples.AsSpan(0, count);
        samples.Sort();
        double microseconds = 1e6 / Stopwatch.Frequency;
        return count == 0 ? (0, 0) : (samples[count / 2] * microseconds, samples[(int)(count * 0.99)] * microseconds);
    }
}
