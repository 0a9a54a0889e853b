using System.Diagnostics;
using System.Numerics;
using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <summary>The agent's main loop: waits for completions, runs the callbacks on the thread lent to it, and ends when all is
/// closed, on Close, or on abort. Spec: A1 to A7, Z1 to Z4.</summary>
internal sealed class CompletionAgent
{
    private readonly ServerVirtualDeviceSet _set;
    private readonly IServerChannel _channel;
    private readonly ServerVirtualDevice?[] _devices;
    private SilenceClock _clock;
    private volatile bool _isStopping;

    /// <param name="set">Whose agent it is.</param>
    /// <param name="channel">The server's end of the set.</param>
    /// <param name="devices">The set's table of devices, which fills as they are opened.</param>
    /// <param name="configuration">The final configuration.</param>
    public CompletionAgent(
        ServerVirtualDeviceSet set, IServerChannel channel, ServerVirtualDevice?[] devices, SetConfiguration configuration)
    {
        _set = set;
        _channel = channel;
        _devices = devices;
        ThreadId = Environment.CurrentManagedThreadId;
        _clock = new SilenceClock(TimeSpan.FromMilliseconds(configuration.ServerTimeoutMilliseconds), Now());
    }

    /// <summary>The thread that runs the callbacks.</summary>
    public int ThreadId { get; set; }

    /// <summary>Makes the loop end with NOERROR: Close was called (A6).</summary>
    public void Stop()
    {
        _isStopping = true;
        _channel.WakeAgent();
    }

    /// <summary>The loop. Every outstanding command has had its callback when it returns, or throws what a callback threw.</summary>
    /// <returns>NOERROR when all devices are closed, or Close was called; VD_E_ABORT.</returns>
    public VdResult Run()
    {
        VdResult result;
        while (!RunOnce(wait: true, out result))
        {
        }

        return result;
    }

    /// <summary>One round: what is due, after a wait or without.</summary>
    /// <returns>True when the agent is done.</returns>
    public bool RunOnce(bool wait, out VdResult result)
    {
        try
        {
            if (TryFinish(out result))
            {
                return true;
            }

            ProcessRound(wait);
            return TryFinish(out result);
        }
        catch
        {
            // A callback threw. The set cannot go on as if nothing were; the rest of the commands have their callbacks, and
            // the exception goes to whoever lent the thread.
            _channel.SignalAbort(AbortReason.InternalFailure, $"set '{_set.Name}': a completion routine threw an exception");
            AbortAll();
            throw;
        }
    }

    private static TimeSpan Now() => Stopwatch.GetElapsedTime(0);

    private bool TryFinish(out VdResult result)
    {
        result = VdResult.Ok;
        if (_channel.IsAborted || _isStopping)
        {
            result = _isStopping ? VdResult.Ok : VdResult.Aborted;
            AbortAll();
            return true;
        }

        // Only the end is worth a look at every device.
        if (_set.ClosedDeviceCount < _devices.Length)
        {
            return false;
        }

        foreach (ServerVirtualDevice? device in _devices)
        {
            if (device is null || !device.IsFinished())
            {
                return false;
            }
        }

        return true;
    }

    private void ProcessRound(bool wait)
    {
        // Asked before the rings are: what the client had completed by then is in them.
        bool isClientGone = _channel.IsClientGone;
        TimeSpan limit = !wait || isClientGone ? TimeSpan.Zero : _clock.IsOff ? Timeout.InfiniteTimeSpan : _clock.WaitFrom(Now());
        bool progressed = false;
        if (_channel.WaitCompletions(limit, out ulong devices) == WaitOutcome.Ready)
        {
            for (; devices != 0; devices &= devices - 1)
            {
                progressed |= ProcessDevice(BitOperations.TrailingZeroCount(devices));
            }
        }

        if (isClientGone && !progressed && IsPending())
        {
            _channel.SignalAbort(AbortReason.ClientDied,
                $"set '{_set.Name}': the client is gone with commands in its hands");
        }

        if (!_clock.IsOff)
        {
            WatchSilence(progressed);
        }
    }

    private void WatchSilence(bool progressed)
    {
        TimeSpan now = Now();
        if (progressed)
        {
            _clock.NoteProgress(now);
        }
        else if (_clock.IsDue(now) && _clock.IsOver(now, IsPending()))
        {
            _channel.SignalAbort(AbortReason.ClientSilent,
                $"set '{_set.Name}': the client completed nothing for more than twice serverTimeOut");
        }
    }

    private bool ProcessDevice(int index)
    {
        bool any = false;

        // No more than what is outstanding now: a routine that sends the next command to a client which answers at once
        // would keep the agent from the other devices for ever. One at least: the word of a closed device.
        int left = Math.Max(1, _devices[index]?.OutstandingCount ?? 0);

        // After an abort what the client has recorded is not looked at any more (A7).
        while (left-- > 0 && !_isStopping && !_channel.IsAborted
            && _channel.TryTakeCompletion(index, out DeviceCompletion completion))
        {
            any = true;
            _devices[index]?.Process(completion);
        }

        return any;
    }

    private bool IsPending()
    {
        foreach (ServerVirtualDevice? device in _devices)
        {
            if (device is { OutstandingCount: > 0 })
            {
                return true;
            }
        }

        return false;
    }

    private void AbortAll()
    {
        List<Exception>? thrown = null;
        foreach (ServerVirtualDevice? device in _devices)
        {
            try
            {
                device?.AbortOutstanding();
            }
#pragma warning disable CA1031 // It is collected, not swallowed: thrown again below.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                (thrown ??= []).Add(exception);
            }
        }

        if (thrown is not null)
        {
            throw thrown.Count == 1 ? thrown[0] : new AggregateException(thrown);
        }
    }
}
