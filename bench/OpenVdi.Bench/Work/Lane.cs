using System.Diagnostics;

namespace OpenVdi.Bench.Work;

/// <summary>One device's part of a run, on one side. Belongs to the thread that carries the device's transfers; the
/// measuring thread prepares it while that one is idle and reads it when <see cref="RunSignal"/> says so.</summary>
internal sealed class Lane(int device, ChannelPlan plan, Payload payload, RunSignal signal, bool isProducer)
{
    private RunPlan _run = new(0, 0);
    private long[] _samples = [];
    private long _allocatedAtFirst;
    private long _allocatedAtLast;
    private uint _random;

    public int Device => device;

    public Payload Payload => payload;

    public bool IsProducer => isProducer;

    public int Total => _run.TransfersPerDevice;

    /// <summary>Transfers that were issued: the number of the next one.</summary>
    public int Issued { get; private set; }

    /// <summary>Transfers that are over for this side.</summary>
    public int Finished { get; private set; }

    public long EndTimestamp { get; private set; }

    /// <summary>Bytes that this side's thread allocated from the first to the last transfer, for each of them.</summary>
    public double AllocatedPerTransfer => (_allocatedAtLast - _allocatedAtFirst) / (double)Math.Max(1, Total - 1);

    /// <summary>Time of each transfer from its issue, before the work on it, to its end; in ticks of
    /// <see cref="Stopwatch"/>. Transfers of a device end in the order of their issue.</summary>
    public ReadOnlySpan<long> Samples => _samples.AsSpan(0, Math.Min(Finished, Total));

    public bool CanIssue => Issued < Total;

    public void Prepare(RunPlan run)
    {
        _run = run;
        Issued = 0;
        Finished = 0;
        payload.Begin(run.Number);
        _random = unchecked((uint)(run.StallSeed * 0x9E3779B9 + (uint)(device * 2) + (isProducer ? 1u : 0u))) | 1;
        if (_samples.Length < run.TransfersPerDevice)
        {
            _samples = new long[run.TransfersPerDevice];
        }
    }

    /// <summary>The number of the next transfer to issue.</summary>
    public int Issue()
    {
        _samples[Issued] = Stopwatch.GetTimestamp();
        return Issued++;
    }

    /// <summary>Does this side's work on a shared buffer: fills it, or consumes and checks it.</summary>
    public void Work(int transfer, Span<byte> buffer)
    {
        if (_run.StallSeed != 0)
        {
            Stall();
        }

        if (isProducer)
        {
            payload.Produce(transfer, buffer);
        }
        else if (!payload.TryConsume(transfer, buffer))
        {
            FailBytes(transfer);
        }
    }

    /// <summary>Counts a transfer that is over.</summary>
    public void Finish()
    {
        int index = Finished;
        Finished = index + 1;
        if (index < Issued)
        {
            _samples[index] = Stopwatch.GetTimestamp() - _samples[index];
        }

        if (index == 0)
        {
            _allocatedAtFirst = GC.GetAllocatedBytesForCurrentThread();
        }

        if (Finished == Total)
        {
            _allocatedAtLast = GC.GetAllocatedBytesForCurrentThread();
            EndTimestamp = Stopwatch.GetTimestamp();
            signal.LaneFinished();
        }
        else if (Finished > Total)
        {
            Fail("a transfer more than was asked for");
        }
    }

    public void FailBytes(int transfer) => Fail($"wrong bytes in transfer {transfer} of {Total}");

    public void Fail(string what) =>
        signal.Fail($"device {device} of {plan.Devices}, {plan.TransferBytes} bytes, run {_run.Number}: {what}");

    // Makes the other side wait for a time around the one at which it gives up spinning and sleeps: that is where a
    // wake-up would be lost. Seeded; every fourth transfer, up to 100 us.
    private void Stall()
    {
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        if ((_random & 3) != 0)
        {
            return;
        }

        long end = Stopwatch.GetTimestamp() + ((_random >> 2) % 100 * Stopwatch.Frequency / 1_000_000);
        while (Stopwatch.GetTimestamp() < end)
        {
            Processor.Pause();
        }
    }
}
