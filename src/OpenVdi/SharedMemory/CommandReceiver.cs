using OpenVdi.SharedMemory.Layout;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>The client's end of a device's command ring. One caller at a time, but for <see cref="Moment"/>.</summary>
internal sealed unsafe class CommandReceiver
{
    private readonly DeviceBlock* _block;   // Valid as long as the channel's control area.
    private readonly CommandSlot* _slots;
    private readonly int _capacity;
    private uint _passedCount;

    public CommandReceiver(ControlArea control, int index, int capacity)
    {
        _block = control.Device(index);
        _slots = control.Commands(index);
        _capacity = capacity;
    }

    /// <summary>Whether a command waits. Any thread.</summary>
    public bool IsReady => (Moment() & 1) != 0;

    /// <summary>A number that changes when a command arrives or is passed. Any thread.</summary>
    public uint Moment()
    {
        uint passed = Volatile.Read(ref _passedCount);
        uint isReady = Volatile.Read(ref SlotOf(passed)->Sequence) == passed + 1 ? 1u : 0u;
        return (passed << 1) | isReady;
    }

    /// <summary>Looks at the next command.</summary>
    public SlotState TryPeek(out DeviceCommand command)
    {
        CommandSlot* slot = SlotOf(_passedCount);

        // Acquire: the mark is read before the fields are. Pairs with the release in CommandSender.Publish.
        SlotState state = RingCheck.Of(Volatile.Read(ref slot->Sequence), _passedCount, _capacity);
        if (state != SlotState.Ready)
        {
            command = default;
            return state;
        }

        // Read once, into a copy: what is checked is what is used.
        command = new DeviceCommand(
            Volatile.Read(ref slot->Tag),
            (CommandCode)Volatile.Read(ref slot->Code),
            Volatile.Read(ref slot->Size),
            Volatile.Read(ref slot->Position),
            Volatile.Read(ref slot->BufferHandle),
            Volatile.Read(ref slot->ErrorEpoch));
        return state;
    }

    /// <summary>Passes the command that was looked at.</summary>
    public void Pass()
    {
        Volatile.Write(ref _passedCount, _passedCount + 1);

        // Release: the copy is taken before the server may use the slot again. Pairs with the read in CommandSender.HasRoom.
        Volatile.Write(ref _block->PassedCount, _passedCount);
    }

    private CommandSlot* SlotOf(uint number) => _slots + (number & (uint)(_capacity - 1));
}
