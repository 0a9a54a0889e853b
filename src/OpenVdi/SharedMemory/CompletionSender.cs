using OpenVdi.SharedMemory.Layout;

namespace OpenVdi.SharedMemory;

/// <summary>The client's end of a device's completion ring. One caller at a time. The ring cannot be full: it has a place for
/// each command that can be outstanding and one for the word that the device was seen closed.</summary>
internal sealed unsafe class CompletionSender
{
    private readonly ControlHeader* _header;   // All valid as long as the channel's control area.
    private readonly DeviceBlock* _block;
    private readonly CompletionSlot* _slots;
    private readonly int _capacity;
    private uint _sentCount;

    public CompletionSender(ControlArea control, int index, int capacity)
    {
        _header = control.Header;
        _block = control.Device(index);
        _slots = control.Completions(index);
        _capacity = capacity;
    }

    /// <summary>Sends a completion and wakes the agent.</summary>
    public void Send(in DeviceCompletion completion)
    {
        CompletionSlot* slot = _slots + (_sentCount & (uint)(_capacity - 1));
        slot->Tag = completion.Tag;
        slot->Code = (int)completion.Code;
        slot->BytesTransferred = completion.BytesTransferred;
        slot->Position = completion.Position;
        slot->FetchedCount = completion.FetchedCount;
        _sentCount++;

        // Release: the fields are there before the mark is. Pairs with the acquire in CompletionReceiver.TryTake.
        Volatile.Write(ref slot->Sequence, _sentCount);

        // For listings; our own cache line, and nobody waits for it.
        _block->BytesTransferred += completion.BytesTransferred;

        WakeWord.Signal(&_header->AgentWakeWord);
    }
}
