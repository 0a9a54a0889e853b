using System.Runtime.InteropServices;
using OpenVdi.Native.Abi;
using OpenVdi.Server;

namespace OpenVdi.Native.Server;

/// <summary>The managed twin of a VDS_Command, from SendCommand to its callback; used again for the next one.</summary>
internal sealed unsafe class NativeServerCommand
{
    private readonly NativeServerDevice _device;
    private VDS_Command* _native;
    private nint _routine;

    public NativeServerCommand(NativeServerDevice device)
    {
        _device = device;
        Command = new ServerCommand
        {
            CompletionRoutine = static command => ((NativeServerCommand)command.CompletionContext!).Complete(),
            CompletionContext = this,
        };
    }

    public ServerCommand Command { get; }

    /// <summary>Takes over what the engine asks. The engine keeps the structure's memory until its callback (Q5).</summary>
    public void Load(VDS_Command* native)
    {
        _native = native;
        _routine = native->completionRoutine;
        Command.Code = (CommandCode)native->commandCode;
        Command.SizeBytes = (uint)native->size;
        Command.InPosition = (ulong)native->inPosition;
        Command.Buffer = Command.Code is CommandCode.Read or CommandCode.Write
            ? _device.Set.Buffers.Find(native->buffer)
            : default;
    }

    // Spec: 7.3, A3. Exactly once for each command (A5), on the thread that the managed device calls back on.
    private void Complete()
    {
        VDS_Command* native = _native;
        nint routine = _routine;
        native->completionCode = (int)Command.CompletionCode;
        native->bytesTransferred = (int)Command.BytesTransferred;
        native->outPosition = (long)Command.OutPosition;

        // Given back first: the routine's own SendCommand takes it again.
        _device.Return(this);
        ((delegate* unmanaged[Cdecl]<VDS_Command*, void>)routine)(native);
    }
}
