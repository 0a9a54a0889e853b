namespace OpenVdi.Server;

/// <summary>The commands of one device that were sent and have had no callback yet, by tag. Not thread-safe; its device
/// locks. Every entry is left exactly once, by one of the ways of <see cref="CommandEvent"/> (A5).</summary>
internal sealed class OutstandingCommands
{
    private readonly Entry[] _entries;
    private readonly int[] _free;
    private int _freeCount;

    /// <param name="capacity">The queue's capacity; one place is the close mark's.</param>
    public OutstandingCommands(int capacity)
    {
        _entries = new Entry[capacity - 1];
        _free = new int[capacity - 1];
        _freeCount = _free.Length;
        for (int place = 0; place < _free.Length; place++)
        {
            _free[place] = _free.Length - 1 - place;
        }
    }

    /// <summary>How many are outstanding.</summary>
    public int Count => _entries.Length - _freeCount;

    /// <summary>Whether there is no place for one more (Q4).</summary>
    public bool IsFull => _freeCount == 0;

    /// <summary>Enters a command; the caller has asked <see cref="IsFull"/>.</summary>
    /// <returns>Its tag.</returns>
    public uint Begin(ServerCommand command, uint sequence, uint errorEpoch, long sentTimestamp)
    {
        int tag = _free[--_freeCount];
        ref Entry entry = ref _entries[tag];
        Step<CommandState> step = CommandMachine.Next(entry.State, CommandEvent.Begin);
        Invariant.That(step.Status == VdResult.Ok);
        entry = new Entry(step.Next, command, sequence, errorEpoch, sentTimestamp);
        return (uint)tag;
    }

    /// <summary>Looks at an outstanding command. False for a tag that means none.</summary>
    public bool TryFind(uint tag, out ServerCommand command, out uint sequence, out uint errorEpoch)
    {
        if (tag >= (uint)_entries.Length || _entries[tag].State != CommandState.Outstanding)
        {
            (command, sequence, errorEpoch) = (null!, 0, 0);
            return false;
        }

        ref readonly Entry entry = ref _entries[tag];
        (command, sequence, errorEpoch) = (entry.Command!, entry.Sequence, entry.ErrorEpoch);
        return true;
    }

    /// <summary>Ends a command in one of the ways there are.</summary>
    /// <returns>When it was sent; 0 when nobody wants to know.</returns>
    public long End(uint tag, CommandEvent how)
    {
        ref Entry entry = ref _entries[tag];
        Step<CommandState> step = CommandMachine.Next(entry.State, how);
        Invariant.That(step.Status == VdResult.Ok);
        long sent = entry.SentTimestamp;
        entry = default;
        _free[_freeCount++] = (int)tag;
        return sent;
    }

    /// <summary>Ends, in the order of sending, every command that was sent at or behind a point.</summary>
    /// <param name="fromSequence">The point, or null for all.</param>
    /// <param name="lastSequence">The sequence of the next command to send; orders across the wrap of 2^32.</param>
    /// <param name="how">In which way they end.</param>
    public List<ServerCommand> EndAll(uint? fromSequence, uint lastSequence, CommandEvent how)
    {
        List<(uint Age, uint Tag, ServerCommand Command)> found = [];
        for (uint tag = 0; tag < (uint)_entries.Length; tag++)
        {
            ref readonly Entry entry = ref _entries[tag];
            if (entry.State == CommandState.Outstanding
                && (fromSequence is not { } from || (int)(entry.Sequence - from) >= 0))
            {
                found.Add((lastSequence - entry.Sequence, tag, entry.Command!));
            }
        }

        found.Sort(static (left, right) => right.Age.CompareTo(left.Age));
        foreach ((_, uint tag, _) in found)
        {
            End(tag, how);
        }

        return found.ConvertAll(static item => item.Command);
    }

    private record struct Entry(CommandState State, ServerCommand? Command, uint Sequence, uint ErrorEpoch, long SentTimestamp);
}
