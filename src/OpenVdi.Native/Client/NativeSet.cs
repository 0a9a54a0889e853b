using OpenVdi.Client;
using OpenVdi.Native.Abi;
using OpenVdi.SharedMemory;

namespace OpenVdi.Native.Client;

/// <summary>What a C++ ClientVirtualDeviceSet stands for. Its functions check the pointers; all else is the managed set's.
/// </summary>
/// <remarks>Any thread, as the managed set.</remarks>
internal sealed unsafe class NativeSet(Handles<NativeDevice> handles)
{
    private readonly object _gate = new();
    private readonly List<NativeDevice> _devices = [];

    // Devices of earlier lives: still objects of ours, so that a call of one left over is refused and reads no freed memory.
    private readonly Stack<NativeDevice> _spare = new();
    private string _name = string.Empty;

    public ClientVirtualDeviceSet Set { get; } = new(SharedMemoryTransport.Default);

    /// <summary>The name that it has or had last, for messages.</summary>
    public string Name => Volatile.Read(ref _name);

    /// <summary>Create. Spec: C1, N14; 14.7.</summary>
    public VdResult Create(byte* name, VDConfig* config)
    {
        return NativeText.TryRead(name, out string? text)
            ? Began(Set.Create(text, config is null ? null : config->ToConfiguration()), text)
            : VdResult.Invalid;
    }

    /// <summary>OpenInSecondary. Spec: C2, P3; 14.7.</summary>
    public VdResult OpenInSecondary(byte* name)
    {
        return NativeText.TryRead(name, out string? text) ? Began(Set.OpenInSecondary(text), text) : VdResult.Invalid;
    }

    /// <summary>GetConfiguration; the caller's structure is touched on success only. Spec: C3, Z6.</summary>
    public VdResult GetConfiguration(long timeout, VDConfig* config)
    {
        if (config is null)
        {
            return VdResult.Invalid;
        }

        VdResult result = Set.GetConfiguration(NativeTime.From(timeout), out SetConfiguration? configuration);
        if (result == VdResult.Ok)
        {
            *config = VDConfig.From(configuration!);
        }

        return result;
    }

    /// <summary>OpenDevice; the caller's pointer, null until now, is set on success only. Spec: C4.</summary>
    public VdResult OpenDevice(byte* name, nint** device)
    {
        if (device is null)
        {
            return VdResult.Invalid;
        }

        if (!NativeText.TryRead(name, out string? text))
        {
            return VdResult.Invalid;
        }

        VdResult result = Set.OpenDevice(text, out ClientVirtualDevice? opened);
        if (result == VdResult.Ok)
        {
            lock (_gate)
            {
                if (!_spare.TryPop(out NativeDevice? native))
                {
                    native = new NativeDevice(this, handles);
                }

                native.Begin(opened!);
                _devices.Add(native);
                *device = native.Object;
            }
        }

        return result;
    }

    /// <summary>GetBufferHandle. Spec: C7, B40.</summary>
    public VdResult GetBufferHandle(nint buffer, uint* handle)
    {
        if (buffer == 0 || handle is null)
        {
            return VdResult.Invalid;
        }

        VdResult result = Set.GetBufferHandle(buffer, out uint number);
        if (result == VdResult.Ok)
        {
            *handle = number;
        }

        return result;
    }

    /// <summary>MapBufferHandle. Spec: C7, B41.</summary>
    public VdResult MapBufferHandle(int handle, nint* buffer)
    {
        if (buffer is null)
        {
            return VdResult.Invalid;
        }

        VdResult result = Set.MapBufferHandle((uint)handle, out nint address);
        if (result == VdResult.Ok)
        {
            *buffer = address;
        }

        return result;
    }

    /// <summary>The destructor: Close where that is still to be done, then all memory goes. Spec: 14.7.</summary>
    public void Destroy()
    {
        Set.Dispose();
        lock (_gate)
        {
            _devices.ForEach(static device => device.Destroy());
            _devices.Clear();
            while (_spare.TryPop(out NativeDevice? device))
            {
                device.Destroy();
            }
        }
    }

    // Device objects live as long as this one: a thread that was in a call at Close, and looks once more, is told that the
    // device is gone (C5n). The next set's devices take their places, so there are never more than one set has.
    private VdResult Began(VdResult result, string? name)
    {
        if (result == VdResult.Ok)
        {
            Volatile.Write(ref _name, name!);
            lock (_gate)
            {
                _devices.ForEach(_spare.Push);
                _devices.Clear();
            }
        }

        return result;
    }
}
