using OpenVdi.SharedMemory.Layout;

namespace OpenVdi.SharedMemory;

/// <summary>The server's end of a device's completion ring. The agent's thread only.</summary>
internal sealed unsafe class CompletionReceiver
{
    private readonly CompletionSlot* _slots;   // Valid as long as the channel's control area.
    private readonly int _capacity;
    private uint _takenCount;

    public CompletionReceiver(ControlArea control, int index, int capacity)
    {
        _slots = control.Completions(index);
        _capacity = capacity;
    }

    /// <summary>Whether there is something to take, or something that cannot be: TryTake tells which. The reader's own copy
    /// of a cache line until the client writes to it.</summary>
    public bool HasNews => RingCheck.Of(
        Volatile.Read(ref _slots[_takenCount & (uint)(_capacity - 1)].Sequence), _takenCount, _capacity) != SlotState.Empty;

    /// <summary>Takes the next completion.</summary>
    public SlotState TryTake(out DeviceCompletion completion)
    {
        CompletionSlot* slot = _slots + (_takenCount & (uint)(_capacity - 1));

        // Acquire: the mark is read before the fields are. Pairs with the release in CompletionSender.Send.
        SlotState state = RingCheck.Of(Volatile.Read(ref slot->Sequence), _takenCount, _capacity);
        if (state != SlotState.Ready)
        {
            completion = default;
            return state;
        }

        // Read once, into a copy: what is checked is what is used.
        completion = new DeviceCompletion(
            Volatile.Read(ref slot->Tag),
            (CompletionCode)Volatile.Read(ref slot->Code),
            Volatile.Read(ref slot->BytesTransferred),
            Volatile.Read(ref slot->Position),
            Volatile.Read(ref slot->FetchedCount));
        _takenCount++;
        return state;
    }
}
