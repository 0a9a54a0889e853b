using OpenVdi.Bench.Machine;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>Which of the two processes.</summary>
internal enum Role
{
    /// <summary>The engine's, which measures.</summary>
    Server,

    /// <summary>The backup program's.</summary>
    Client,
}

/// <summary>How one side's part of a run ended.</summary>
/// <param name="EndTimestamp">When its last transfer was over, in ticks of the machine's monotonic clock.</param>
/// <param name="AllocatedPerTransfer">Bytes allocated for each transfer by the worst device.</param>
internal readonly record struct EndResult(long EndTimestamp, double AllocatedPerTransfer);

/// <summary>
/// One process's end of a contender's channel. Life: made (the server's first), <see cref="Connect"/> on the server, then
/// any number of runs - <see cref="Prepare"/> on both sides, <see cref="Go"/> on both, <see cref="Finish"/> on both - and
/// disposed, the server's first. One thread drives it.
/// </summary>
internal abstract class BenchEnd : IDisposable
{
    private bool _disposed;

    protected BenchEnd(Role role, PayloadSet payloads, int laneCount)
    {
        Role = role;
        Plan = payloads.Plan;
        bool isProducer = (role == Role.Server) == (Plan.Direction == Direction.Backup);
        Lanes = [.. Enumerable.Range(0, laneCount).Select(device => new Lane(device, Plan, payloads[device], Signal, isProducer))];
    }

    /// <summary>What the client needs to find the server's end.</summary>
    public virtual string Endpoint => string.Empty;

    public Lane[] Lanes { get; }

    public Role Role { get; }

    protected ChannelPlan Plan { get; }

    protected RunSignal Signal { get; } = new();

    /// <summary>The server's part of opening that needs the client's end to be there.</summary>
    public virtual void Connect()
    {
    }

    public virtual void Prepare(RunPlan run)
    {
        Signal.Reset(Lanes.Length);
        foreach (Lane lane in Lanes)
        {
            lane.Prepare(run);
        }
    }

    /// <summary>Starts this side's part of the run, where it is this side that starts something.</summary>
    public abstract void Go();

    /// <summary>Waits for the end of this side's part.</summary>
    /// <exception cref="BenchFailureException">Wrong bytes, or no end within the limit: a wake-up was lost.</exception>
    public EndResult Finish(TimeSpan limit)
    {
        bool ended = Signal.Wait(limit);
        if (Signal.Error is { } error)
        {
            throw new BenchFailureException($"{Role}: {error}");
        }

        if (!ended)
        {
            string lanes = string.Join(", ", Lanes.Select(lane => $"device {lane.Device}: {lane.Finished} of {lane.Total}"));
            throw new BenchFailureException(
                $"{Role}: the run did not end within {limit.TotalSeconds} s, a wake-up was lost; transfers over: {lanes}");
        }

        return new EndResult(
            Lanes.Select(lane => lane.EndTimestamp).DefaultIfEmpty(0).Max(),
            Lanes.Select(lane => lane.AllocatedPerTransfer).DefaultIfEmpty(0).Max());
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Release();
            Signal.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Stops the threads and gives up what the end holds.</summary>
    protected abstract void Release();

    /// <summary>A thread of this end; what it throws ends the run.</summary>
    protected Thread StartThread(string name, Action body)
    {
        Thread thread = new(() =>
        {
            try
            {
                CorePlan.BindThread();
                body();
            }
#pragma warning disable CA1031 // Whatever it was: the run has failed, and the measuring thread says so.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Signal.Fail(exception.ToString());
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }
}
