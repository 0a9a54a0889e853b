using OpenVdi.Native.Abi;
using OpenVdi.Server;
using OpenVdi.SharedMemory;

namespace OpenVdi.Native.Server;

/// <summary>What an openvdi_server_set stands for. Its functions check the pointers; all else is the managed set's.</summary>
/// <remarks>Any thread, callbacks included, as the managed set.</remarks>
internal sealed unsafe class NativeServerSet
{
    // Guards the next two. No call of the managed set is made under it.
    private readonly object _gate = new();
    private readonly List<nint> _devices = [];
    private bool _isDestroyed;
    private string _name = string.Empty;
    private VdFailure? _lastFailure;

    public ServerVirtualDeviceSet Set { get; } = new(SharedMemoryTransport.Default);

    public AllocatedBuffers Buffers { get; } = new();

    /// <summary>The name that it has or had last, for messages.</summary>
    public string Name => Volatile.Read(ref _name);

    /// <summary>Why the last failing call of the set or of one of its devices failed.</summary>
    public VdFailure? LastFailure => Volatile.Read(ref _lastFailure);

    /// <summary>Open. Spec: S1, S-n3.</summary>
    public VdResult Open(byte* instanceName, byte* setName)
    {
        if (!NativeText.TryRead(instanceName, out string? instance) || !NativeText.TryRead(setName, out string? name))
        {
            return Refuse("open: a name is not UTF-8, or has no end within 4096 bytes");
        }

        VdResult result = Set.Open(instance, name);
        if (result == VdResult.Ok)
        {
            // Devices and buffers of the set before are of no use (S-n4).
            Volatile.Write(ref _name, name!);
            Buffers.Clear();
            if (ForgetDevices())
            {
                // Destroyed by another thread meanwhile: nobody could close what was opened.
                Set.Dispose();
                return VdResult.Invalid;
            }
        }

        return Keep(result);
    }

    /// <summary>GetConfiguration; the caller's structure is touched on success only. Spec: S2.</summary>
    public VdResult GetConfiguration(VDConfig* config)
    {
        if (config is null)
        {
            return Refuse($"set '{Name}': get_configuration: the configuration is null");
        }

        VdResult result = Set.GetConfiguration(out SetConfiguration? configuration);
        if (result == VdResult.Ok)
        {
            *config = VDConfig.From(configuration!);
        }

        return Keep(result);
    }

    /// <summary>QueryAvailableBuffers; 0 on failure. Spec: S5, B7.</summary>
    public VdResult QueryAvailableBuffers(uint sizeBytes, uint alignmentBytes, uint* count)
    {
        if (count is null)
        {
            return Refuse($"set '{Name}': query_available_buffers: the count is null");
        }

        VdResult result = Set.QueryAvailableBuffers(sizeBytes, alignmentBytes, out uint found);
        *count = found;
        return Keep(result);
    }

    /// <summary>ExecuteCompletionAgent. Spec: S8, A1 to A8.</summary>
    public VdResult ExecuteCompletionAgent(nint onRunning, nint context) => Keep(Set.ExecuteCompletionAgent(
        onRunning == 0 ? null : () => ((delegate* unmanaged[Cdecl]<nint, void>)onRunning)(context)));

    /// <summary>OpenDevice; no device on failure. Spec: S7, 3.6.</summary>
    public VdResult OpenDevice(byte* name, nint* device)
    {
        if (device is null)
        {
            return Refuse($"set '{Name}': open_device: the device is null");
        }

        *device = 0;
        if (!NativeText.TryRead(name, out string? text))
        {
            return Refuse($"set '{Name}': open_device: the name is not UTF-8, or has no end within 4096 bytes");
        }

        VdResult result = Set.OpenDevice(text, out ServerVirtualDevice? opened);
        if (result == VdResult.Ok)
        {
            lock (_gate)
            {
                if (_isDestroyed)
                {
                    return VdResult.Invalid;
                }

                *device = ServerEdge.Devices.Add(new NativeServerDevice(this, opened!));
                _devices.Add(*device);
            }
        }

        return Keep(result);
    }

    /// <summary>AllocateBuffer; null on failure. Spec: S9, B8, B9.</summary>
    public VdResult AllocateBuffer(nint* buffer, uint sizeBytes, uint alignmentBytes)
    {
        if (buffer is null)
        {
            return Refuse($"set '{Name}': allocate_buffer: the buffer is null");
        }

        VdResult result = Buffers.Allocate(Set, sizeBytes, alignmentBytes, out nint address);
        *buffer = address;
        return Keep(result);
    }

    /// <summary>SignalAbort; the reason is for the logs of both halves. Spec: S14, Y11.</summary>
    public VdResult SignalAbort(byte* reason)
    {
        return NativeText.TryRead(reason, out string? text)
            ? Keep(text is null ? Set.SignalAbort() : Set.SignalAbort(text))
            : Refuse($"set '{Name}': signal_abort: the reason is not UTF-8, or has no end within 4096 bytes");
    }

    /// <summary>Close where that is still to be done; then its devices mean nothing any more.</summary>
    public void Destroy()
    {
        lock (_gate)
        {
            _isDestroyed = true;
        }

        Set.Dispose();
        ForgetDevices();
    }

    /// <summary>The code of a call of the managed set, whose words are kept when it failed.</summary>
    public VdResult Keep(VdResult result) =>
        result == VdResult.Ok ? result : Note(Set.LastFailure is { } failure && failure.Result == result
            ? failure
            : new VdFailure(result, Set.Abort is { } abort && result == VdResult.Aborted
                ? $"set '{Name}': {abort.Reason}: {abort.Detail}"
                : $"set '{Name}': {result.SpecName()}"));

    /// <summary>Keeps the words of a failure, and gives its code.</summary>
    public VdResult Note(VdFailure failure)
    {
        Volatile.Write(ref _lastFailure, failure);
        return failure.Result;
    }

    /// <summary>VD_E_INVALID, in words.</summary>
    public VdResult Refuse(string message) => Note(new VdFailure(VdResult.Invalid, message));

    /// <summary>Makes the devices' handles mean nothing. True when the object itself means nothing any more.</summary>
    private bool ForgetDevices()
    {
        lock (_gate)
        {
            _devices.ForEach(static number => ServerEdge.Devices.Remove(number));
            _devices.Clear();
            return _isDestroyed;
        }
    }
}
