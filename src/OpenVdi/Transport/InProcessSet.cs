using System.Diagnostics;

namespace OpenVdi.Transport;

/// <summary>A set within one process: what all its parties share.</summary>
/// <remarks>Lock order: the transport's gate, then none; the set's gate, the agent's gate and the devices' gates are never
/// held together, except that a reader of totals takes the agent's gate under the set's.</remarks>
internal sealed class InProcessSet
{
    private readonly InProcessTransport _transport;
    private readonly object _gate = new();
    private readonly InProcessDevice[] _devices;
    private readonly long _created = Stopwatch.GetTimestamp();

    // Under _gate.
    private readonly string?[] _deviceNames;
    private readonly bool[] _claimed;
    private readonly bool[] _closed;
    private InProcessBufferArea[] _areas = [];
    private SetConfiguration? _configuration;
    private long _areaBytes;
    private int _namedCount;
    private int _closeMarkCount;
    private int _partyCount = 1;
    private int _secondaryCount;
    private bool _primaryIsConfigured;
    private bool _wasOpened;
    private bool _serverIsHere;

    // Under AgentGate.
    private ulong _devicesToLookAt;
    private bool _agentIsWoken;

    // Set once, before the agent is woken for it.
    private bool _isPrimaryGone;

    // Written once, under _gate; read by everyone before each wait.
    private volatile AbortNotice? _abort;
    private volatile int _queueCapacity;

    public InProcessSet(InProcessTransport transport, string instanceName, SetName name, SetConfiguration wishes)
    {
        _transport = transport;
        InstanceName = instanceName;
        Name = name;
        Wishes = wishes;
        int deviceCount = (int)wishes.DeviceCount;
        _devices = new InProcessDevice[deviceCount];
        _deviceNames = new string?[deviceCount];
        _claimed = new bool[deviceCount];
        _closed = new bool[deviceCount];
        for (int i = 0; i < deviceCount; i++)
        {
            _devices[i] = new InProcessDevice(this, i);
        }
    }

    public string InstanceName { get; }

    public SetName Name { get; }

    public SetConfiguration Wishes { get; }

    public int DeviceCount => _devices.Length;

    public bool IsAborted => _abort is not null;

    public AbortNotice? Abort => _abort;

    public bool IsPrimaryGone
    {
        get => Volatile.Read(ref _isPrimaryGone);
        private set => Volatile.Write(ref _isPrimaryGone, value);
    }

    /// <summary>Guards the completions of all devices; the agent waits on it.</summary>
    public object AgentGate { get; } = new();

    public int NamedDeviceCount => Locked(static set => set._namedCount);

    public int OpenDeviceCount => Locked(static set => set.CountOpen());

    public int ClosedDeviceCount => Locked(static set => set._closed.AsSpan().Count(true));

    public InProcessDevice Device(int index) => _devices[index];

    public VdFailure? Join()
    {
        lock (_gate)
        {
            if (_abort is { } abort)
            {
                return new VdFailure(VdResult.Aborted, $"set '{Name}': aborted: {abort.Detail}");
            }

            // P4 asks for the primary's GetConfiguration, not only for the server's EndConfiguration.
            if (!_primaryIsConfigured)
            {
                return new VdFailure(
                    VdResult.ProtocolError,
                    $"set '{Name}': expected a configured set, found one whose primary client still waits for that",
                    "call OpenInSecondary when the primary client's GetConfiguration has returned.");
            }

            _partyCount++;
            _secondaryCount++;
            return null;
        }
    }

    public VdFailure? Open()
    {
        lock (_gate)
        {
            if (_wasOpened)
            {
                return new VdFailure(VdResult.ProtocolError, $"set '{Name}': a server has opened it already");
            }

            _wasOpened = true;
            _serverIsHere = true;
            _partyCount++;
            return null;
        }
    }

    public void SignalAbort(AbortReason reason, string detail)
    {
        lock (_gate)
        {
            if (_abort is not null)
            {
                return;
            }

            _abort = new AbortNotice(reason, detail);
            Monitor.PulseAll(_gate);
        }

        // Each waiter looks at the abort under its gate before it waits; so no one sleeps on who is not pulsed here.
        lock (AgentGate)
        {
            Monitor.PulseAll(AgentGate);
        }

        foreach (InProcessDevice device in _devices)
        {
            device.Nudge();
        }
    }

    /// <summary>Adds buffer areas, all or none; the server's views of them.</summary>
    public VdFailure? AddAreas(
        IReadOnlyList<long> sizesBytes, uint prefixZoneSizeBytes, out InProcessBufferArea[]? areas)
    {
        areas = null;
        long totalBytes = sizesBytes.Sum();
        if (sizesBytes.Any(static size => size > BufferHandle.MaxAreaBytes))
        {
            return OutOfMemory(totalBytes, BufferHandle.MaxAreaBytes, "one buffer area holds no more; ask for several.");
        }

        if (!_transport.TryReserve(totalBytes, out long availableBytes))
        {
            return OutOfMemory(totalBytes, availableBytes, "raise the limit that the in-process transport was made with.");
        }

        try
        {
            lock (_gate)
            {
                if (_areas.Length + sizesBytes.Count <= BufferHandle.MaxAreaCount)
                {
                    InProcessBufferArea[] added = new InProcessBufferArea[sizesBytes.Count];
                    for (int index = 0; index < added.Length; index++)
                    {
                        added[index] = InProcessBufferArea.Allocate(
                            _areas.Length + index, (int)sizesBytes[index], prefixZoneSizeBytes);
                    }

                    _areas = [.. _areas, .. added.Select(static area => area.Share())];
                    _areaBytes += totalBytes;
                    areas = added;
                    return null;
                }
            }

            _transport.Return(totalBytes);
            return OutOfMemory(totalBytes, 0, $"a set has at most {BufferHandle.MaxAreaCount} areas; ask for fewer, larger ones.");
        }
        catch (OutOfMemoryException)
        {
            _transport.Return(totalBytes);
            return OutOfMemory(
                totalBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "ask for fewer or smaller buffers.");
        }
    }

    /// <summary>The views of a party: those it has, and new ones of the areas that came since.</summary>
    public InProcessBufferArea[] Share(InProcessBufferArea[] known)
    {
        lock (_gate)
        {
            return known.Length == _areas.Length
                ? known
                : [.. known, .. _areas.Skip(known.Length).Select(static area => area.Share())];
        }
    }

    public void PublishConfiguration(SetConfiguration configuration, int queueCapacity)
    {
        lock (_gate)
        {
            Invariant.That(_configuration is null);
            _configuration = configuration;
            _queueCapacity = queueCapacity;
            Monitor.PulseAll(_gate);
        }
    }

    public WaitOutcome WaitConfigured(TimeSpan timeout, bool isPrimary, out SetConfiguration? configuration)
    {
        var deadline = new InProcessDeadline(timeout);
        configuration = null;
        lock (_gate)
        {
            while (true)
            {
                if (IsAborted)
                {
                    return WaitOutcome.Aborted;
                }

                if (_configuration is not null)
                {
                    configuration = _configuration;
                    _primaryIsConfigured |= isPrimary;
                    return WaitOutcome.Ready;
                }

                if (!deadline.WaitOn(_gate))
                {
                    return WaitOutcome.TimedOut;
                }
            }
        }
    }

    public void NameDevice(int index, string name)
    {
        lock (_gate)
        {
            Invariant.That(index == _namedCount);
            _deviceNames[index] = name;
            _namedCount++;
            Monitor.PulseAll(_gate);
        }
    }

    public string DeviceName(int index)
    {
        lock (_gate)
        {
            return _deviceNames[index]
                ?? throw new ArgumentOutOfRangeException(nameof(index), index, $"set '{Name}': the device has no name yet");
        }
    }

    public WaitOutcome WaitNamed(int knownCount)
    {
        var deadline = new InProcessDeadline(Timeout.InfiniteTimeSpan);
        lock (_gate)
        {
            while (true)
            {
                if (IsAborted)
                {
                    return WaitOutcome.Aborted;
                }

                if (_namedCount > knownCount)
                {
                    return WaitOutcome.Ready;
                }

                deadline.WaitOn(_gate);
            }
        }
    }

    public bool TryClaim(int index)
    {
        lock (_gate)
        {
            if (_claimed[index])
            {
                return false;
            }

            _claimed[index] = true;
            return true;
        }
    }

    public bool IsClaimed(int index)
    {
        lock (_gate)
        {
            return _claimed[index];
        }
    }

    public void MarkClosed(int index)
    {
        lock (_gate)
        {
            Invariant.That(_claimed[index]);
            _closed[index] = true;
        }
    }

    public bool TrySend(int device, in DeviceCommand command) => _devices[device].TrySend(command, _queueCapacity);

    public void SendCloseMark(int device)
    {
        // Counted first: a client that has seen the last mark may leave at once, and finds the set complete.
        lock (_gate)
        {
            _closeMarkCount++;
        }

        _devices[device].SendCloseMark();
    }

    public WaitOutcome WaitCompletions(TimeSpan timeout, out ulong devices)
    {
        var deadline = new InProcessDeadline(timeout);
        devices = 0;
        lock (AgentGate)
        {
            while (true)
            {
                if (IsAborted)
                {
                    return WaitOutcome.Aborted;
                }

                if (_devicesToLookAt != 0 || _agentIsWoken)
                {
                    devices = _devicesToLookAt;
                    _devicesToLookAt = 0;
                    _agentIsWoken = false;
                    return WaitOutcome.Ready;
                }

                if (!deadline.WaitOn(AgentGate))
                {
                    return WaitOutcome.TimedOut;
                }
            }
        }
    }

    public bool TryTakeCompletion(int device, out DeviceCompletion completion)
    {
        lock (AgentGate)
        {
            return _devices[device].TryTakeCompletion(out completion);
        }
    }

    public void WakeAgent()
    {
        lock (AgentGate)
        {
            _agentIsWoken = true;
            Monitor.PulseAll(AgentGate);
        }
    }

    /// <summary>Says that devices have completions. The agent gate is held.</summary>
    public void SignalAgent(ulong devices)
    {
        _devicesToLookAt |= devices;
        Monitor.PulseAll(AgentGate);
    }

    /// <summary>The server leaves: early, when it has not closed every device (X4).</summary>
    public void LeaveServer()
    {
        if (!Locked(static set => set.ServerHasClosedAll()))
        {
            SignalAbort(AbortReason.ServerClosed, $"set '{Name}': the server closed before it had closed every device");
        }

        Leave(static set => set._serverIsHere = false);
    }

    /// <summary>The primary client leaves and the name with it: early, when the server is not done (X3, X10).</summary>
    public void LeavePrimary()
    {
        if (!Locked(static set => set.ServerHasClosedAll()))
        {
            SignalAbort(
                AbortReason.ClientClosed, $"set '{Name}': the primary client closed before the server had closed every device");
        }

        _transport.Forget(this);
        Leave(static _ => { });
        IsPrimaryGone = true;
        WakeAgent();
    }

    /// <summary>A secondary client leaves: early, when a device that it took is not closed (P7).</summary>
    public void LeaveSecondary(ReadOnlySpan<int> claimed)
    {
        bool isEarly = false;
        lock (_gate)
        {
            foreach (int index in claimed)
            {
                isEarly |= !_closed[index];
            }
        }

        if (isEarly)
        {
            SignalAbort(AbortReason.ClientClosed, $"set '{Name}': a secondary client closed while it had an open device");
        }

        Leave(static set => set._secondaryCount--);
    }

    public SetStatus Status()
    {
        lock (_gate)
        {
            ClientSetState state = this switch
            {
                { IsAborted: true } => ClientSetState.Aborted,
                { _configuration: null } => ClientSetState.Configurable,
                _ when !_closed.Contains(false) => ClientSetState.NormallyTerminated,
                _ when _claimed.Contains(true) => ClientSetState.Active,
                _ => ClientSetState.Initializing,
            };
            return new SetStatus(
                Name.Value,
                state.ToString(),
                IsRemnant: false,
                DeviceCount,
                CountOpen(),
                Environment.ProcessId,
                _serverIsHere ? Environment.ProcessId : 0,
                [.. Enumerable.Repeat(Environment.ProcessId, _secondaryCount)],
                _devices.Sum(static device => device.BytesTransferred),
                _areaBytes,
                Stopwatch.GetElapsedTime(_created));
        }
    }

    // The members below want the gate held.
    private bool ServerHasClosedAll() => _closeMarkCount == _devices.Length;

    private int CountOpen() => _claimed.AsSpan().Count(true) - _closed.AsSpan().Count(true);

    private void Leave(Action<InProcessSet> also)
    {
        long returnedBytes = 0;
        lock (_gate)
        {
            also(this);
            _partyCount--;
            if (_partyCount == 0)
            {
                returnedBytes = _areaBytes;
                _areaBytes = 0;
                _areas = [];
            }
        }

        _transport.Return(returnedBytes);
    }

    private T Locked<T>(Func<InProcessSet, T> read)
    {
        lock (_gate)
        {
            return read(this);
        }
    }

    private VdFailure OutOfMemory(long wantedBytes, long availableBytes, string hint) => new(
        VdResult.OutOfMemory,
        $"set '{Name}': a buffer area of {wantedBytes} bytes is wanted, {availableBytes} bytes are available",
        hint);
}
