using OpenVdi.Diagnostics;

namespace OpenVdi.Client;

/// <summary>The commands that a client has fetched and not completed. An entry is used again, its serial never, so that
/// a command completed twice is told from the next one in its place (D26, D27).</summary>
internal sealed class HeldCommands
{
    private Entry[] _entries = new Entry[8];
    private int[] _free = [7, 6, 5, 4, 3, 2, 1, 0];
    private int _freeCount = 8;
    private ulong _lastSerial;

    /// <summary>How many there are.</summary>
    public int Count => _entries.Length - _freeCount;

    /// <summary>Whether no peer that keeps the rules can send one more.</summary>
    public bool IsFull => Count == Transport.QueueLimits.MaxCapacity;

    /// <summary>Keeps a command. The caller has asked <see cref="IsFull"/>.</summary>
    public int Add(in DeviceCommand command, out ulong serial)
    {
        if (_freeCount == 0)
        {
            Grow();
        }

        int slot = _free[--_freeCount];
        ref Entry entry = ref _entries[slot];
        Step<CommandState> step = CommandMachine.Next(entry.State, CommandEvent.Begin);
        Invariant.That(step.Status == VdResult.Ok);
        serial = ++_lastSerial;
        entry = new Entry(step.Next, serial, VdiTelemetry.Timestamp(), command);
        return slot;
    }

    /// <summary>Looks at a held command. False when it is none of this device's active ones.</summary>
    public bool TryFind(int slot, ulong serial, out DeviceCommand command)
    {
        command = default;
        if ((uint)slot >= (uint)_entries.Length || _entries[slot].Serial != serial
            || CommandMachine.Next(_entries[slot].State, CommandEvent.Complete).Status != VdResult.Ok)
        {
            return false;
        }

        command = _entries[slot].Command;
        return true;
    }

    /// <summary>Lets a command go that <see cref="TryFind"/> has found.</summary>
    /// <returns>When it was fetched; 0 when nobody wants to know.</returns>
    public long Remove(int slot)
    {
        ref Entry entry = ref _entries[slot];
        entry.State = CommandMachine.Next(entry.State, CommandEvent.Complete).Next;
        _free[_freeCount++] = slot;
        return entry.FetchedTimestamp;
    }

    private void Grow()
    {
        int old = _entries.Length;
        Array.Resize(ref _entries, old * 2);
        _free = new int[old * 2];
        for (int slot = (old * 2) - 1; slot >= old; slot--)
        {
            _free[_freeCount++] = slot;
        }
    }

    private record struct Entry(CommandState State, ulong Serial, long FetchedTimestamp, DeviceCommand Command);
}
