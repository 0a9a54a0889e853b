using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>One device's claim to the processors that a process's devices share: whether it has work, and whether it has had
/// its turn. A thread that finds its next command already there never sleeps, and so keeps its core for a time slice of
/// milliseconds while the commands of the other devices wait: theirs are the latencies, and the few buffers that go to and
/// fro are fetched from the other core's cache each time.</summary>
/// <remarks>The device's callers write, one at a time; the threads of other devices read what may be a moment old.</remarks>
internal struct ProcessorShare
{
    // Taking turns pays up to here and costs throughput beyond: with the transfers of several devices of 1 MiB each in
    // flight, every one comes from memory instead of the cache.
    private const uint MaxTurnBytes = 512 * 1024;

    // What a turn holds at least: a switch costs some microseconds, which is a lot to a small transfer.
    private const uint MinTurnBytes = 64 * 1024;
    private const int MaxTurnCommands = 32;

    // Of the thread that asks first; a device has one thread, as a rule.
    private int _siblingLimit;
    private CommandCode _seenCode;
    private uint _seenSizeBytes;
    private uint _takenSizeBytes;
    private uint _turnBytes;
    private int _turnCommandCount;
    private volatile bool _isBusy;

    /// <summary>Whether a command was taken and the device did not wait since.</summary>
    public readonly bool IsBusy => _isBusy;

    /// <summary>Notes the command at the head of the queue.</summary>
    public void See(in DeviceCommand command) => (_seenCode, _seenSizeBytes) = (command.Code, command.SizeBytes);

    /// <summary>Notes that the command was taken. After the close mark there is no more work.</summary>
    public void Take()
    {
        _takenSizeBytes = _seenSizeBytes;
        _turnBytes = unchecked(_turnBytes + _seenSizeBytes);
        _turnCommandCount++;
        _isBusy = _seenCode != DeviceCommand.CloseMark;
    }

    /// <summary>Notes that the device has nothing to do.</summary>
    public void Rest() => _isBusy = false;

    /// <summary>Whether so many devices of the process have work that this one, which has had its turn, should let them run;
    /// then its next turn begins.</summary>
    public bool TryEndTurn(SharedClientDevice?[] devices, SharedClientDevice self)
    {
        if ((_turnBytes < MinTurnBytes && _turnCommandCount < MaxTurnCommands)
            || !_isBusy || _takenSizeBytes > MaxTurnBytes || !IsCrowded(devices, self))
        {
            return false;
        }

        (_turnBytes, _turnCommandCount) = (0, 0);
        return true;
    }

    private bool IsCrowded(SharedClientDevice?[] devices, SharedClientDevice self)
    {
        if (_siblingLimit == 0)
        {
            // One processor is the server's, where there is more than one.
            _siblingLimit = Math.Max(1, Interop.AllowedProcessorCount() - 1);
        }

        if (devices.Length <= _siblingLimit)
        {
            return false;
        }

        int count = 0;
        foreach (ref SharedClientDevice? device in devices.AsSpan())
        {
            SharedClientDevice? sibling = Volatile.Read(ref device);
            if (sibling is not null && sibling != self && sibling.HasWork && ++count >= _siblingLimit)
            {
                return true;
            }
        }

        return false;
    }
}
