using OpenVdi.Native.Abi;
using OpenVdi.Server;

namespace OpenVdi.Native.Server;

/// <summary>What an openvdi_server_device stands for: the device, and the twins of its commands.</summary>
/// <remarks>Any thread, callbacks included.</remarks>
internal sealed unsafe class NativeServerDevice(NativeServerSet set, ServerVirtualDevice device)
{
    // Guards the stack. As many twins as were ever outstanding at once, of which the queue's capacity is the limit.
    private readonly object _gate = new();
    private readonly Stack<NativeServerCommand> _free = new();

    // A full queue is how some engines find out that they are ahead: its words are made once.
    private VdFailure? _lastRefusal;

    public NativeServerSet Set { get; } = set;

    /// <summary>SendCommand. Spec: D1, D2, S12, 7.5, M4.</summary>
    public VdResult SendCommand(VDS_Command* native)
    {
        if (native is null)
        {
            return Set.Refuse($"device '{device.Name}': send_command: the command is null");
        }

        if (native->completionRoutine == 0)
        {
            return Set.Refuse($"device '{device.Name}': send_command: completionRoutine is null");
        }

        NativeServerCommand twin = Rent();
        twin.Load(native);
        if (device.TransferProblem(twin.Command) is { } problem)
        {
            string found = twin.Command.Buffer.IsEmpty ? $"0x{native->buffer:X} is no allocated buffer of the set" : problem;
            Return(twin);
            return Set.Refuse(twin.Command.Buffer.IsEmpty ? $"device '{device.Name}': send_command: {found}" : found);
        }

        VdResult result = device.SendCommand(twin.Command);
        return result == VdResult.Ok ? result : Refused(result);
    }

    /// <summary>CloseDevice. Spec: D3, S13.</summary>
    public VdResult CloseDevice()
    {
        VdResult result = device.CloseDevice();
        return result == VdResult.Ok ? result : Refused(result);
    }

    /// <summary>Takes a twin back: its callback has begun, or it never was sent.</summary>
    public void Return(NativeServerCommand twin)
    {
        lock (_gate)
        {
            _free.Push(twin);
        }
    }

    private NativeServerCommand Rent()
    {
        lock (_gate)
        {
            if (_free.TryPop(out NativeServerCommand? twin))
            {
                return twin;
            }
        }

        return new NativeServerCommand(this);
    }

    private VdResult Refused(VdResult result)
    {
        VdFailure? refusal = Volatile.Read(ref _lastRefusal);
        if (refusal is null || refusal.Result != result || result == VdResult.Aborted)
        {
            refusal = new VdFailure(result, $"device '{device.Name}': " + result switch
            {
                VdResult.QueueFull => $"its command queue is full: {device.OutstandingCount} commands are outstanding",
                VdResult.IOError => "a command failed, and until VDC_ClearError has succeeded it takes nothing else",
                VdResult.Closed => "it is closed already",
                VdResult.Aborted => $"the set is aborted: {Set.Set.Abort?.Detail}",
                _ => "it or its set is closed, or the completion agent does not run",
            });
            Volatile.Write(ref _lastRefusal, refusal);
        }

        return Set.Note(refusal);
    }
}
