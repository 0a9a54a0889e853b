using OpenVdi.Transport;

namespace OpenVdi.Client;

/// <summary>
/// IClientVirtualDeviceSet2: a set in the backup program's hands, as its primary client (Create) or a secondary one
/// (OpenInSecondary). Any thread may call any member; a call that waits does not hold up the others.
/// </summary>
/// <remarks>Every function returns the specified code; <see cref="LastFailure"/> says the same in words.</remarks>
public sealed class ClientVirtualDeviceSet : IDisposable
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
        lock (_gate)
        {
            Step<ClientSetState> step = ClientSetMachine.Next(CurrentState(), ClientSetEvent.Create);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("CreateEx", step.Status);
            }

            if (!SetName.TryParse(name, out SetName setName, out string? problem) || configuration is null)
            {
                return Fail(new VdFailure(VdResult.Invalid, $"CreateEx: {problem ?? "the configuration is null"}"));
            }

            VdFailure? failure = ConfigurationRules.CheckWishes(configuration)
                ?? _transport.ResolveInstance(instanceName, out instanceName);
            IClientChannel? channel = null;
            failure ??= _transport.Create(
                instanceName!, setName, ConfigurationRules.NormalizeWishes(configuration), out channel);
            return failure is null ? Enter(step.Next, channel!, setName, isPrimary: true) : Fail(failure);
        }
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
        lock (_gate)
        {
            Step<ClientSetState> step = ClientSetMachine.Next(CurrentState(), ClientSetEvent.OpenInSecondary);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("OpenInSecondaryEx", step.Status);
            }

            if (!SetName.TryParse(setName, out SetName name, out string? problem))
            {
                return Fail(new VdFailure(VdResult.Invalid, $"OpenInSecondaryEx: {problem}"));
            }

            IClientChannel? channel = null;
            VdFailure? failure = _transport.ResolveInstance(instanceName, out string instance)
                ?? _transport.Join(instance, name, out channel);
            return failure is null ? Enter(step.Next, channel!, name, isPrimary: false) : Fail(failure);
        }
    }

    /// <summary>Waits for the server's EndConfiguration. Spec: C3, C3n, Z6, G10.</summary>
    /// <param name="timeout">How long; zero polls, negative waits without end.</param>
    /// <param name="configuration">What the server made of the wishes.</param>
    /// <returns>NOERROR; VD_E_TIMEOUT, nothing changed; VD_E_ABORT; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult GetConfiguration(TimeSpan timeout, out SetConfiguration? configuration)
    {
        configuration = null;
        if (!TryBegin(ClientSetEvent.GetConfiguration, "GetConfiguration", out IClientChannel? channel, out VdResult refusal))
        {
            return refusal;
        }

        try
        {
            switch (channel.WaitConfigured(timeout, out configuration))
            {
                case WaitOutcome.TimedOut:
                    return VdResult.TimedOut;
                case WaitOutcome.Aborted:
                    configuration = null;
                    return FailAborted(channel, "GetConfiguration");
                default:
                    lock (_gate)
                    {
                        _configuration = configuration;
                        _state = ClientSetMachine.Next(_state, ClientSetEvent.GetConfiguration).Next;
                    }

                    return VdResult.Ok;
            }
        }
        finally
        {
            End();
        }
    }

    /// <summary>Opens a device by name. Spec: C4, C4n, 3.6, P5. A name that the server has not given yet is waited for, as
    /// long as the server has names to give.</summary>
    /// <param name="name">The device's name; the first device has the set's.</param>
    /// <param name="device">The device, owned by this set and useless after Close; null on every failure.</param>
    /// <returns>NOERROR; VD_E_OPEN when every device is open, here or in another process; VD_E_PROTOCOL when this one is, or
    /// the state forbids it; VD_E_INVALID for a name that is not in the set; VD_E_ABORT.</returns>
    public VdResult OpenDevice(string? name, out ClientVirtualDevice? device)
    {
        device = null;
        if (!TryBegin(ClientSetEvent.OpenDevice, "OpenDevice", out IClientChannel? channel, out VdResult refusal))
        {
            return refusal;
        }

        try
        {
            while (true)
            {
                int namedCount = channel.NamedDeviceCount;
                if (AllClaimed(channel))
                {
                    return Fail(new VdFailure(VdResult.DevicesOpen, $"set '{_name}': all {channel.DeviceCount} devices are open"));
                }

                int index = FindDevice(channel, name, namedCount);
                if (index >= 0)
                {
                    return Claim(channel, index, name!, out device);
                }

                // A name that no server can give is not waited for.
                if (namedCount >= channel.DeviceCount || !SetName.TryParse(name, out _, out _))
                {
                    return Fail(new VdFailure(VdResult.Invalid, $"set '{_name}': it has no device '{name}'"));
                }

                if (channel.WaitNamed(namedCount) == WaitOutcome.Aborted)
                {
                    return FailAborted(channel, "OpenDevice");
                }
            }
        }
        finally
        {
            End();
        }
    }

    /// <summary>The process-independent number of a buffer, for another process of the same set. Spec: 5.4, C7.</summary>
    /// <param name="address">The data address of a Read or Write command.</param>
    /// <param name="handle">Its handle.</param>
    /// <returns>NOERROR; VD_E_INVALID for what is no such address; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult GetBufferHandle(nint address, out uint handle)
    {
        handle = BufferHandle.None;
        if (!TryBegin(ClientSetEvent.UseBufferHandle, "GetBufferHandle", out IClientChannel? channel, out VdResult refusal))
        {
            return refusal;
        }

        try
        {
            return channel.TryGetHandle(address, out handle)
                ? VdResult.Ok
                : Fail(new VdFailure(VdResult.Invalid, $"set '{_name}': 0x{address:X} is no buffer's data address"));
        }
        finally
        {
            End();
        }
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
        buffer = default;
        if (!TryBegin(ClientSetEvent.UseBufferHandle, "MapBufferHandle", out IClientChannel? channel, out VdResult refusal))
        {
            return refusal;
        }

        try
        {
            return channel.TryResolveBuffer(handle, sizeBytes, out buffer)
                ? VdResult.Ok
                : Fail(new VdFailure(VdResult.Invalid, $"set '{_name}': 0x{handle:X8} is no buffer handle of this set"));
        }
        finally
        {
            End();
        }
    }

    /// <summary>Aborts the set for both halves. Never blocks on the partner. Spec: C8, X1, Y1 to Y12.</summary>
    /// <returns>NOERROR; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult SignalAbort() => SignalAbort("the client called SignalAbort");

    /// <summary>As <see cref="SignalAbort()"/>, with a reason for the logs of both halves (Y11).</summary>
    /// <param name="reason">In words, at most a line.</param>
    public VdResult SignalAbort(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (!TryBegin(ClientSetEvent.SignalAbort, "SignalAbort", out IClientChannel? channel, out VdResult refusal))
        {
            return refusal;
        }

        try
        {
            channel.SignalAbort(AbortReason.ClientSignalled, reason);
            return VdResult.Ok;
        }
        finally
        {
            End();
        }
    }

    /// <summary>Gives up the set and all that belongs to it; this object can then create the next one. Calls in progress end
    /// with VD_E_ABORT first. Spec: C9, C9n, T4, X3, X10, P7, P9.</summary>
    /// <returns>NOERROR; VD_E_OPEN when devices were open: the set is aborted and gone all the same; VD_E_PROTOCOL when
    /// there was no set.</returns>
    public VdResult Close()
    {
        IClientChannel channel;
        ClientVirtualDevice[] devices;
        Step<ClientSetState> step;
        lock (_gate)
        {
            bool isEarly = _channel is { IsAborted: false } open && HasOpenDevices(open);
            step = ClientSetMachine.Next(CurrentState(), isEarly ? ClientSetEvent.CloseEarly : ClientSetEvent.Close);
            if (_channel is null)
            {
                return Misplaced("Close", step.Status);
            }

            channel = _channel;
            devices = [.. _devices];
            if (isEarly || (_isPrimary && channel.ClosedDeviceCount < channel.DeviceCount) || _callCount > 0)
            {
                channel.SignalAbort(AbortReason.ClientClosed, isEarly
                    ? $"the client closed set '{_name}' while devices were open"
                    : $"the client closed set '{_name}' before the server had closed its devices");
            }

            _state = step.Next;
            _channel = null;
            _devices.Clear();
            _configuration = null;
            _abort = channel.Abort;
        }

        foreach (ClientVirtualDevice device in devices)
        {
            device.Detach();
        }

        lock (_gate)
        {
            // The calls that were inside have been woken by the abort.
            while (_callCount > 0)
            {
                Monitor.Wait(_gate);
            }
        }

        channel.Dispose();
        return step.Status == VdResult.Ok
            ? VdResult.Ok
            : Fail(new VdFailure(step.Status, $"set '{_name}': closed while devices were open",
                "wait for VD_E_CLOSE on each device before Close, unless the set is aborted."));
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
