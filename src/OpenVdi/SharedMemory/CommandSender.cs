using OpenVdi.SharedMemory.Layout;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>The server's end of a device's command ring. One caller at a time.</summary>
internal sealed unsafe class CommandSender
{
    private readonly DeviceBlock* _block;   // Valid as long as the channel's control area.
    private readonly CommandSlot* _slots;
    private readonly int _capacity;
    private uint _sentCount;
    private uint _passedCount;

    public CommandSender(ControlArea control, int index, int capacity)
    {
        _block = control.Device(index);
        _slots = control.Commands(index);
        _capacity = capacity;
    }

    /// <summary>Whether the client's count of passed commands was one that cannot be.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Whether the close mark was sent.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Sends a command; false when the ring is full but for the close mark's place.</summary>
    public bool TrySend(in DeviceCommand command)
    {
        if (_sentCount - _passedCount >= (uint)_capacity - 1 && !HasRoom())
        {
            return false;
        }

        Publish(command);
        return true;
    }

    /// <summary>Sends the close mark. There is room: TrySend leaves it.</summary>
    public void SendCloseMark()
    {
        IsClosed = true;
        Publish(new DeviceCommand(0, DeviceCommand.CloseMark, 0, 0, BufferHandle.None, 0));
    }

    private bool HasRoom()
    {
        // The client's word; it can only grow, and not beyond what was sent. Pairs with the write in CommandReceiver.Pass:
        // a slot that the client has passed it has also copied.
        uint passed = Volatile.Read(ref _block->PassedCount);
        if (passed - _passedCount > _sentCount - _passedCount)
        {
            IsBroken = true;
            return false;
        }

        _passedCount = passed;
        return _sentCount - passed < (uint)_capacity - 1;
    }

    private void Publish(in DeviceCommand command)
    {
        CommandSlot* slot = _slots + (_sentCount & (uint)(_capacity - 1));
        slot->Tag = command.Tag;
        slot->Code = (int)command.Code;
        slot->Size = command.SizeBytes;
        slot->Position = command.Position;
        slot->BufferHandle = command.BufferHandle;
        slot->ErrorEpoch = command.ErrorEpoch;
        _sentCount++;

        // Release: the fields are there before the mark is. Pairs with the acquire in CommandReceiver.TryPeek.
        Volatile.Write(ref slot->Sequence, _sentCount);
        WakeWord.Signal(&_block->WakeWord);
    }
}
