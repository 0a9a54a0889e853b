using OpenVdi.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.Client;

/// <summary>
/// IClientVirtualDeviceSet2: a set in the backup program's hands, as its primary client (Create) or a secondary one
/// (OpenInSecondary). Any thread may call any member; a call that waits does not hold up the others.
/// </summary>
/// <remarks>Every function returns the specified code; <see cref="LastFailure"/> says the same in words.</remarks>
public sealed partial class ClientVirtualDeviceSet : IDisposable
{
    /// <summary>The variable by which Create finds a named instance. Spec: N14.</summary>
    public const string InstanceVariable = "_VIRTUAL_SERVER_NAME_";

    private readonly VdiTransport _transport;

    // Guards all below. Lock order: this one, then a device's.
    private readonly object _gate = new();
    private readonly List<ClientVirtualDevice> _devices = [];
    private ClientSetState _state;
    private IClientChannel? _channel;
    private bool _isPrimary;
    private string _name = string.Empty;
    private SetConfiguration? _configuration;
    private VdFailure? _lastFailure;
    private AbortNotice? _abort;
    private int _callCount;
    private int _isAbortReported;

    /// <summary>An object without a set yet.</summary>
    /// <param name="transport">Where sets have names, for instance <c>SharedMemoryTransport.Default</c>.</param>
    public ClientVirtualDeviceSet(VdiTransport transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        _transport = transport;
    }

    /// <summary>The state of the set as this client sees it.</summary>
    public ClientSetState State
    {
        get
        {
            lock (_gate)
            {
                return CurrentState();
            }
        }
    }

    /// <summary>Why the last failing call of this object failed, in words; null when none did.</summary>
    public VdFailure? LastFailure => Volatile.Read(ref _lastFailure);

    /// <summary>Why the set was aborted, when it was; stays readable after Close, until the next Create.</summary>
    public AbortNotice? Abort
    {
        get
        {
            lock (_gate)
            {
                return _abort ?? _channel?.Abort;
            }
        }
    }

    /// <summary>CreateEx for the instance that <see cref="InstanceVariable"/> names, else for the default instance.
    /// Spec: N14, C1.</summary>
    /// <param name="name">The set's name.</param>
    /// <param name="configuration">The client's wishes.</param>
    public VdResult Create(string? name, SetConfiguration? configuration) =>
        CreateEx(Environment.GetEnvironmentVariable(InstanceVariable), name, configuration);

    /// <summary>Makes the set. Spec: C1, C1n, C1n2, V1 to V5.</summary>
    /// <param name="instanceName">The bare instance name; null or empty for the default instance (N10, N11).</param>
    /// <param name="name">The set's name: unique on the machine, no backslash, at most
    /// <see cref="SetName.MaxLength"/> characters (N1, N2, N9).</param>
    /// <param name="configuration">The client's wishes; the server's fields are ignored.</param>
    /// <returns>NOERROR; VD_E_PROTOCOL when this object has a set, or the name is in use; VD_E_INVALID for a bad name or no
    /// configuration; VD_E_NOTSUPPORTED for a bad field; VD_E_INSTANCE_NAME; VD_E_SECURITY; VD_E_MEMORY. The state stays
    /// as it was on every failure.</returns>
    public VdResult CreateEx(string? instanceName, string? name, SetConfiguration? configuration)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = CreateExCore(instanceName, name, configuration);
        VdiTelemetry.Call(
            Half.Client, nameof(CreateEx), name, null, result, started,
            $"devices={configuration?.DeviceCount} features=0x{(uint?)configuration?.Features:X}");
        return result;
    }

    /// <summary>Joins an existing set of the default instance as a secondary client. Spec: C2, P1 to P11.</summary>
    /// <param name="setName">The set's name.</param>
    public VdResult OpenInSecondary(string? setName) => OpenInSecondaryEx(null, setName);

    /// <summary>Joins an existing set as a secondary client. Spec: C2, C2n, P3, P4.</summary>
    /// <param name="instanceName">As the primary gave it to CreateEx.</param>
    /// <param name="setName">The set's name.</param>
    /// <returns>NOERROR; VD_E_PROTOCOL when this object has a set, there is no such set, or it is not configured yet;
    /// VD_E_ABORT when it is aborted; VD_E_INVALID for what is no name; VD_E_INSTANCE_NAME; VD_E_SECURITY.</returns>
    public VdResult OpenInSecondaryEx(string? instanceName, string? setName)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = OpenInSecondaryExCore(instanceName, setName);
        VdiTelemetry.Call(Half.Client, nameof(OpenInSecondaryEx), setName, null, result, started);
        return result;
    }

    /// <summary>Waits for the server's EndConfiguration. Spec: C3, C3n, Z6, G10.</summary>
    /// <param name="timeout">How long; zero polls, negative waits without end.</param>
    /// <param name="configuration">What the server made of the wishes.</param>
    /// <returns>NOERROR; VD_E_TIMEOUT, nothing changed; VD_E_ABORT; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult GetConfiguration(TimeSpan timeout, out SetConfiguration? configuration)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = GetConfigurationCore(timeout, out configuration);
        VdiTelemetry.Call(Half.Client, nameof(GetConfiguration), _name, null, result, started);
        return result;
    }

    /// <summary>Opens a device by name. Spec: C4, C4n, 3.6, P5. A name that the server has not given yet is waited for, as
    /// long as the server has names to give.</summary>
    /// <param name="name">The device's name; the first device has the set's.</param>
    /// <param name="device">The device, owned by this set and useless after Close; null on every failure.</param>
    /// <returns>NOERROR; VD_E_OPEN when every device is open, here or in another process; VD_E_PROTOCOL when this one is, or
    /// the state forbids it; VD_E_INVALID for a name that is not in the set; VD_E_ABORT.</returns>
    public VdResult OpenDevice(string? name, out ClientVirtualDevice? device)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = OpenDeviceCore(name, out device);
        VdiTelemetry.Call(Half.Client, nameof(OpenDevice), _name, name, result, started);
        return result;
    }

    /// <summary>The process-independent number of a buffer, for another process of the same set. Spec: 5.4, C7.</summary>
    /// <param name="address">The data address of a Read or Write command.</param>
    /// <param name="handle">Its handle.</param>
    /// <returns>NOERROR; VD_E_INVALID for what is no such address; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult GetBufferHandle(nint address, out uint handle)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = GetBufferHandleCore(address, out handle);
        VdiTelemetry.Call(Half.Client, nameof(GetBufferHandle), _name, null, result, started);
        return result;
    }

    /// <summary>The local address of a buffer handle. Spec: 5.4, C7.</summary>
    /// <param name="handle">From GetBufferHandle, possibly in another process.</param>
    /// <param name="address">The data's address in this process.</param>
    /// <returns>NOERROR; VD_E_INVALID for what is no handle of this set; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult MapBufferHandle(uint handle, out nint address)
    {
        VdResult result = MapBufferHandle(handle, 0, out DeviceBuffer buffer);
        address = buffer.Address;
        return result;
    }

    /// <summary>The local buffer of a handle whose size the caller knows. Spec: 5.4, C7.</summary>
    /// <param name="handle">From GetBufferHandle, possibly in another process.</param>
    /// <param name="sizeBytes">The size of its command.</param>
    /// <param name="buffer">The buffer in this process.</param>
    /// <returns>As <see cref="MapBufferHandle(uint, out nint)"/>.</returns>
    public VdResult MapBufferHandle(uint handle, uint sizeBytes, out DeviceBuffer buffer)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = MapBufferHandleCore(handle, sizeBytes, out buffer);
        VdiTelemetry.Call(Half.Client, nameof(MapBufferHandle), _name, null, result, started);
        return result;
    }

    /// <summary>Aborts the set for both halves. Never blocks on the partner. Spec: C8, X1, Y1 to Y12.</summary>
    /// <returns>NOERROR; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult SignalAbort() => SignalAbort("the client called SignalAbort");

    /// <summary>As <see cref="SignalAbort()"/>, with a reason for the logs of both halves (Y11).</summary>
    /// <param name="reason">In words, at most a line.</param>
    public VdResult SignalAbort(string reason)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = SignalAbortCore(reason);
        VdiTelemetry.Call(Half.Client, nameof(SignalAbort), _name, null, result, started);
        return result;
    }

    /// <summary>Gives up the set and all that belongs to it; this object can then create the next one. Calls in progress end
    /// with VD_E_ABORT first. Spec: C9, C9n, T4, X3, X10, P7, P9.</summary>
    /// <returns>NOERROR; VD_E_OPEN when devices were open: the set is aborted and gone all the same; VD_E_PROTOCOL when
    /// there was no set.</returns>
    public VdResult Close()
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = CloseCore();
        VdiTelemetry.Call(Half.Client, nameof(Close), _name, null, result, started);
        return result;
    }

    /// <summary>Close, when a set is there.</summary>
    public void Dispose()
    {
        bool isOpen;
        lock (_gate)
        {
            isOpen = _channel is not null;
        }

        if (isOpen)
        {
            Close();
        }
    }

    internal string Name => _name;

    /// <summary>Tells whoever listens that this half has seen the abort; once for each set.</summary>
    internal void ReportAbort(IClientChannel channel)
    {
        if (channel.Abort is { } notice && Interlocked.Exchange(ref _isAbortReported, 1) == 0)
        {
            VdiTelemetry.Aborted(Half.Client, _name, notice);
        }
    }

    internal void Note(VdFailure failure) => Volatile.Write(ref _lastFailure, failure);

    private static bool AllClaimed(IClientChannel channel)
    {
        for (int index = 0; index < channel.DeviceCount; index++)
        {
            if (!channel.IsDeviceClaimed(index))
            {
                return false;
            }
        }

        return true;
    }

    private int FindDevice(IClientChannel channel, string? name, int namedCount)
    {
        // The first device has the set's name, also before the server has said so (3.6).
        if (string.Equals(name, _name, StringComparison.Ordinal))
        {
            return 0;
        }

        for (int index = 1; index < namedCount; index++)
        {
            if (string.Equals(name, channel.DeviceName(index), StringComparison.Ordinal))
            {
                return index;
            }
        }

        return -1;
    }

    private VdResult Claim(IClientChannel channel, int index, string name, out ClientVirtualDevice? device)
    {
        device = null;
        lock (_gate)
        {
            // The call may have waited: what the state allowed when it began is asked again.
            Step<ClientSetState> step = ClientSetMachine.Next(CurrentState(), ClientSetEvent.OpenDevice);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("OpenDevice", step.Status);
            }

            if (!channel.TryClaimDevice(index))
            {
                return Fail(new VdFailure(VdResult.ProtocolError, $"set '{_name}': device '{name}' is already open"));
            }

            _state = step.Next;
            device = new ClientVirtualDevice(this, channel, index, name);
            _devices.Add(device);
            return VdResult.Ok;
        }
    }

    private VdResult Enter(ClientSetState next, IClientChannel channel, SetName name, bool isPrimary)
    {
        _state = next;
        _channel = channel;
        _name = name.Value;
        _isPrimary = isPrimary;
        _abort = null;
        _isAbortReported = 0;
        VdiTelemetry.SetOpened(Half.Client, _name, created: isPrimary);
        return VdResult.Ok;
    }

    private bool HasOpenDevices(IClientChannel channel)
    {
        // A secondary answers for its own devices only (P7), the primary for everyone's (P9).
        if (_isPrimary)
        {
            return channel.OpenDeviceCount > 0;
        }

        foreach (ClientVirtualDevice device in _devices)
        {
            if (device.State is DeviceState.Active or DeviceState.IOError)
            {
                return true;
            }
        }

        return false;
    }

    private ClientSetState CurrentState()
    {
        if (_channel is { } channel)
        {
            if (channel.IsAborted)
            {
                _state = ClientSetMachine.Next(_state, ClientSetEvent.SignalAbort).Next;
                ReportAbort(channel);
            }
            else if (_state is ClientSetState.Initializing or ClientSetState.Active
                && channel.ClosedDeviceCount == channel.DeviceCount)
            {
                _state = ClientSetMachine.Next(_state, ClientSetEvent.LastDeviceClosed).Next;
            }
        }

        return _state;
    }

    /// <summary>Begins a call that uses the channel without the lock. <see cref="End"/> must follow when true.</summary>
    private bool TryBegin(
        ClientSetEvent @event,
        string function,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IClientChannel? channel,
        out VdResult refusal)
    {
        lock (_gate)
        {
            channel = _channel;
            refusal = ClientSetMachine.Next(CurrentState(), @event).Status;
            if (refusal != VdResult.Ok || channel is null)
            {
                Misplaced(function, refusal);
                return false;
            }

            _callCount++;
            return true;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            if (--_callCount == 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private VdResult FailAborted(IClientChannel channel, string function) =>
        Fail(new VdFailure(VdResult.Aborted, $"set '{_name}': aborted during {function}: {channel.Abort?.Detail}"));

    private VdResult Misplaced(string function, VdResult result) =>
        Fail(new VdFailure(result, result == VdResult.Aborted
            ? $"set '{_name}': {function} after the abort: {_channel?.Abort?.Detail}"
            : $"set '{_name}': {function} is not allowed in state {_state}"));

    private VdResult Fail(VdFailure failure)
    {
        Note(failure);
        return failure.Result;
    }
}
