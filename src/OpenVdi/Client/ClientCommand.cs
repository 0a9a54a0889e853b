using OpenVdi.Transport;

namespace OpenVdi.Client;

/// <summary>VDC_Command: a command in the client's hands, from GetCommand to CompleteCommand. A read-only value (B35).</summary>
public readonly struct ClientCommand
{
    internal ClientCommand(ClientVirtualDevice owner, int slot, ulong serial, in DeviceCommand command, DeviceBuffer buffer)
    {
        Owner = owner;
        Slot = slot;
        Serial = serial;
        Code = command.Code;
        SizeBytes = command.SizeBytes;
        Position = command.Position;
        Buffer = buffer;
    }

    /// <summary>What is asked; may be a number without a name: answer ERROR_NOT_SUPPORTED (M7).</summary>
    public CommandCode Code { get; }

    /// <summary>Size of a transfer; the count of a skip (negative as two's complement); the origin of SetPosition (M8).</summary>
    public uint SizeBytes { get; }

    /// <summary>Byte position with random access, or a block address; else 0.</summary>
    public ulong Position { get; }

    /// <summary>The data of a Read (to fill) or a Write (to store), <see cref="SizeBytes"/> long; empty for others.</summary>
    public DeviceBuffer Buffer { get; }

    internal ClientVirtualDevice? Owner { get; }

    internal int Slot { get; }

    internal ulong Serial { get; }
}
