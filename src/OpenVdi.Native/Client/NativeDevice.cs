using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OpenVdi.Client;
using OpenVdi.Native.Abi;

namespace OpenVdi.Native.Client;

/// <summary>What a C++ ClientVirtualDevice stands for: the device, and the memory of the commands that its callers hold.
/// </summary>
/// <remarks>A command's memory stays valid, and its address the same, until the set is destroyed: a caller that uses it too
/// late reads old numbers and is refused, instead of reading what was freed.</remarks>
internal sealed unsafe class NativeDevice
{
    // Of commands in one caller's hands there are few; 4096 at the most.
    private const int ChunkLength = 128;

    private readonly object _gate = new();
    private readonly Handles<NativeDevice> _handles;
    private Chunk[] _chunks = [];

    private ClientVirtualDevice? _device;

    public NativeDevice(NativeSet set, Handles<NativeDevice> handles)
    {
        Set = set;
        _handles = handles;

        // The layout of the class is one private pointer. Malloc'ed, as the object of any C++ library.
        Object = (nint*)NativeMemory.AllocZeroed(1, (nuint)sizeof(nint));
        *Object = handles.Add(this);
    }

    public NativeSet Set { get; }

    /// <summary>The device that it stands for, or stood for last.</summary>
    public ClientVirtualDevice Device => Volatile.Read(ref _device)!;

    /// <summary>The C++ object.</summary>
    public nint* Object { get; private set; }

    /// <summary>Stands for a device from here on, until the set's next one.</summary>
    public void Begin(ClientVirtualDevice device) => Volatile.Write(ref _device, device);

    /// <summary>GetCommand. Spec: C5, 7.2.</summary>
    public VdResult GetCommand(TimeSpan timeout, VDC_Command** command)
    {
        VdResult result = Device.GetCommand(timeout, out ClientCommand fetched);
        if (result != VdResult.Ok)
        {
            return result;
        }

        Chunk chunk = ChunkOf(fetched.Slot);
        int index = fetched.Slot % ChunkLength;
        chunk.Held[index] = fetched;
        VDC_Command* native = chunk.Commands + index;
        native->commandCode = (int)fetched.Code;
        native->size = (int)fetched.SizeBytes;
        native->position = (long)fetched.Position;
        native->buffer = fetched.Buffer.Address;
        *command = native;
        return result;
    }

    /// <summary>CompleteCommand: what the caller wrote into the command's memory does not count, only which it is.</summary>
    public VdResult CompleteCommand(VDC_Command* command, int completionCode, ulong bytesTransferred, long position)
    {
        if (bytesTransferred > uint.MaxValue || !TryFind(command, out ClientCommand held))
        {
            // The device says it in its own words, and in the right state: default is no command of its.
            return Device.CompleteCommand(default, CompletionCode.Success, 0);
        }

        return Device.CompleteCommand(held, (CompletionCode)completionCode, (uint)bytesTransferred, (ulong)position);
    }

    /// <summary>Frees all. No call uses the device any more.</summary>
    public void Destroy()
    {
        lock (_gate)
        {
            if (Object is null)
            {
                return;
            }

            _ = _handles.Remove(*Object);
            *Object = 0;
            NativeMemory.Free(Object);
            Object = null;
            foreach (Chunk chunk in _chunks)
            {
                NativeMemory.Free(chunk.Commands);
            }

            _chunks = [];
        }
    }

    private bool TryFind(VDC_Command* command, out ClientCommand held)
    {
        foreach (Chunk chunk in Volatile.Read(ref _chunks))
        {
            nuint offset = (nuint)command - (nuint)chunk.Commands;
            if (offset < (nuint)(ChunkLength * sizeof(VDC_Command)) && offset % (nuint)sizeof(VDC_Command) == 0)
            {
                held = chunk.Held[(int)(offset / (nuint)sizeof(VDC_Command))];
                return true;
            }
        }

        held = default;
        return false;
    }

    private Chunk ChunkOf(int slot)
    {
        Chunk[] chunks = Volatile.Read(ref _chunks);
        return slot / ChunkLength < chunks.Length ? chunks[slot / ChunkLength] : Grow(slot / ChunkLength);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Chunk Grow(int number)
    {
        lock (_gate)
        {
            while (_chunks.Length <= number)
            {
                Volatile.Write(ref _chunks, [.. _chunks, new Chunk()]);
            }

            return _chunks[number];
        }
    }

    private sealed class Chunk
    {
        public VDC_Command* Commands { get; } = (VDC_Command*)NativeMemory.AllocZeroed(ChunkLength, (nuint)sizeof(VDC_Command));

        public ClientCommand[] Held { get; } = new ClientCommand[ChunkLength];
    }
}
