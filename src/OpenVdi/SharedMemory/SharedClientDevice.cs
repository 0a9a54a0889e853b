using System.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>A client's end of one device.</summary>
internal sealed unsafe class SharedClientDevice : IClientDeviceChannel
{
    private readonly SharedClientChannel _channel;
    private readonly int _index;
    private readonly CommandReceiver _commands;
    private readonly CompletionSender _completions;
    private readonly uint* _wakeWord;   // Valid as long as the channel's control area.
    private AdaptiveSpin _spin;
    private ProcessorShare _share;
    private uint _nudgeCount;

    public SharedClientDevice(SharedClientChannel channel, ControlArea control, int index, int capacity)
    {
        _channel = channel;
        _index = index;
        _commands = new CommandReceiver(control, index, capacity);
        _completions = new CompletionSender(control, index, capacity);
        _wakeWord = &control.Device(index)->WakeWord;
    }

    /// <summary>Whether a command waits or is being worked at. Any thread, while the channel lives.</summary>
    public bool HasWork => _share.IsBusy || _commands.IsReady;

    /// <inheritdoc/>
    public bool TryPeek(out DeviceCommand command)
    {
        SlotState state = _commands.TryPeek(out command);
        if (state == SlotState.Broken)
        {
            _channel.SignalAbort(AbortReason.PeerViolation,
                $"device {_index}: the command ring holds what the server cannot have written");
        }

        _share.See(command);
        return state == SlotState.Ready;
    }

    /// <inheritdoc/>
    public void Advance()
    {
        _share.Take();
        _commands.Pass();
    }

    /// <inheritdoc/>
    public void Complete(in DeviceCompletion completion) => _completions.Send(completion);

    /// <inheritdoc/>
    public bool TryEndTurn() => _channel.TryEndTurn(ref _share, this);

    /// <inheritdoc/>
    // An odd factor: one nudge and one command more do not look like nothing.
    public uint Look() => _commands.Moment() ^ (Volatile.Read(ref _nudgeCount) * 0x9E37_79B1);

    /// <inheritdoc/>
    public void Nudge()
    {
        Interlocked.Increment(ref _nudgeCount);
        WakeWord.Signal(_wakeWord);
    }

    /// <inheritdoc/>
    public WaitOutcome Wait(TimeSpan timeout, uint seen)
    {
        _share.Rest();
        if (TrySpin(seen, out WaitOutcome outcome))
        {
            return outcome;
        }

        long started = timeout < TimeSpan.Zero ? 0 : Stopwatch.GetTimestamp();
        while (true)
        {
            uint announced = WakeWord.Announce(_wakeWord);
            if (HasNews(seen, out outcome))
            {
                return outcome;
            }

            TimeSpan left = timeout < TimeSpan.Zero ? timeout : timeout - Stopwatch.GetElapsedTime(started);
            if (timeout >= TimeSpan.Zero && left <= TimeSpan.Zero)
            {
                return WaitOutcome.TimedOut;
            }

            WakeWord.Sleep(_wakeWord, announced, left);
            if (HasNews(seen, out outcome))
            {
                return outcome;
            }
        }
    }

    private bool TrySpin(uint seen, out WaitOutcome outcome)
    {
        if (!_spin.TryBegin(out AdaptiveSpin.Spin spin))
        {
            outcome = default;
            return false;
        }

        bool found;
        while (!(found = HasNews(seen, out outcome)) && spin.TryNext())
        {
        }

        _spin.End(found);
        return found;
    }

    private bool HasNews(uint seen, out WaitOutcome outcome)
    {
        outcome = _channel.IsAborted ? WaitOutcome.Aborted : WaitOutcome.Ready;
        return outcome == WaitOutcome.Aborted || Look() != seen;
    }
}
