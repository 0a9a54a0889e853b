namespace OpenVdi.Transport;

/// <summary>One device of an in-process set: the commands on their way to the client, the completions on their way back.
/// As a channel it is the client's end.</summary>
internal sealed class InProcessDevice : IClientDeviceChannel
{
    private readonly InProcessSet _set;
    private readonly int _index;

    // Guards what follows, and is what the client waits on. Completions are guarded by the set's agent gate.
    private readonly object _gate = new();
    private InProcessRing<DeviceCommand> _commands;
    private InProcessRing<DeviceCompletion> _completions;
    private uint _signals;
    private bool _closeMarked;

    public InProcessDevice(InProcessSet set, int index)
    {
        _set = set;
        _index = index;
    }

    /// <summary>Bytes that completions have reported.</summary>
    public long BytesTransferred
    {
        get
        {
            lock (_set.AgentGate)
            {
                return field;
            }
        }

        private set;
    }

    /// <summary>Queues a command, but for the place that is kept for the close mark.</summary>
    public bool TrySend(in DeviceCommand command, int queueCapacity)
    {
        lock (_gate)
        {
            Invariant.That(!_closeMarked);
            if (_commands.Count >= queueCapacity - 1)
            {
                return false;
            }

            _commands.Add(command);
            Signal();
            return true;
        }
    }

    /// <summary>Queues the close mark.</summary>
    public void SendCloseMark()
    {
        lock (_gate)
        {
            Invariant.That(!_closeMarked);
            _closeMarked = true;
            _commands.Add(new DeviceCommand(0, DeviceCommand.CloseMark, 0, 0, BufferHandle.None, 0));
            Signal();
        }
    }

    /// <summary>Takes the oldest completion. The agent gate is held.</summary>
    public bool TryTakeCompletion(out DeviceCompletion completion)
    {
        if (!_completions.TryPeek(out completion))
        {
            return false;
        }

        _completions.Remove();
        return true;
    }

    /// <inheritdoc/>
    public bool TryPeek(out DeviceCommand command)
    {
        lock (_gate)
        {
            return _commands.TryPeek(out command);
        }
    }

    /// <inheritdoc/>
    public void Advance()
    {
        lock (_gate)
        {
            _commands.Remove();
        }
    }

    /// <inheritdoc/>
    public void Complete(in DeviceCompletion completion)
    {
        lock (_set.AgentGate)
        {
            // Each command is completed once and the server bounds what is outstanding, so this ring is bounded as well.
            _completions.Add(completion);
            BytesTransferred += completion.Tag == DeviceCompletion.ClosedTag ? 0 : completion.BytesTransferred;
            _set.SignalAgent(1UL << _index);
        }
    }

    /// <inheritdoc/>
    public WaitOutcome Wait(TimeSpan timeout, uint seen)
    {
        var deadline = new InProcessDeadline(timeout);
        lock (_gate)
        {
            while (true)
            {
                // An abort is stored before it takes this gate to pulse: seen here, or pulsed below.
                if (_set.IsAborted)
                {
                    return WaitOutcome.Aborted;
                }

                if (_signals != seen)
                {
                    return WaitOutcome.Ready;
                }

                if (!deadline.WaitOn(_gate))
                {
                    return WaitOutcome.TimedOut;
                }
            }
        }
    }

    /// <inheritdoc/>
    public uint Look()
    {
        lock (_gate)
        {
            return _signals;
        }
    }

    /// <inheritdoc/>
    public void Nudge()
    {
        lock (_gate)
        {
            Signal();
        }
    }

    /// <inheritdoc/>
    // The twin's locks let others in at every call.
    public bool TryEndTurn() => false;

    private void Signal()
    {
        _signals++;
        Monitor.PulseAll(_gate);
    }
}
