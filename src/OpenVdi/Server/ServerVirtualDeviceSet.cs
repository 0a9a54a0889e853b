using OpenVdi.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <summary>
/// IServerVirtualDeviceSet2: a set in the engine's hands. Any thread may call any member, callbacks included; none but
/// <see cref="ExecuteCompletionAgent()"/> and <see cref="Close"/> waits for anything.
/// </summary>
/// <remarks>Every function returns the specified code; <see cref="LastFailure"/> says the same in words. An object serves
/// one set: after Close it is of no use (S-n4) but to Open the next.</remarks>
public sealed partial class ServerVirtualDeviceSet : IDisposable
{
    // An engine whose callback never returns keeps its agent; Close does not wait for it for ever.
    private static readonly TimeSpan s_agentLeaveLimit = TimeSpan.FromSeconds(5);

    private readonly VdiTransport _transport;

    // Guards all below. Lock order: this one, then a device's. No callback runs under it.
    private readonly object _gate = new();
    private ServerSetState _state;
    private IServerChannel? _channel;
    private string _name = string.Empty;
    private SetConfiguration? _configuration;
    private BufferPool? _pool;
    private ServerVirtualDevice?[] _devices = [];
    private int _openedCount;
    private int _queueCapacity;
    private CompletionAgent? _agent;
    private bool _agentHasRun;
    private volatile bool _isAgentRunning;
    private bool _isPlacing;
    private int _isAbortReported;
    private int _closedDeviceCount;
    private VdFailure? _lastFailure;
    private AbortNotice? _abort;

    /// <summary>An object without a set yet.</summary>
    /// <param name="transport">Where sets have names, for instance <c>SharedMemoryTransport.Default</c>.</param>
    public ServerVirtualDeviceSet(VdiTransport transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        _transport = transport;
    }

    /// <summary>The state of the set as the server sees it.</summary>
    public ServerSetState State
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

    /// <summary>Why the set was aborted, when it was; stays readable after Close.</summary>
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

    /// <summary>Whether the completion agent is at work: SendCommand is refused before (A2).</summary>
    public bool IsAgentRunning => _isAgentRunning;

    internal string Name => _name;

    internal int ClosedDeviceCount => Volatile.Read(ref _closedDeviceCount);

    /// <summary>Finds the set. Must be the first call (S-n3). Spec: S1, V12, V13.</summary>
    /// <param name="instanceName">The engine's instance; null or empty for the default one (N10).</param>
    /// <param name="setName">The name in the first VIRTUAL_DEVICE clause (N5).</param>
    /// <returns>NOERROR; VD_E_INVALID when there is no such set, or no access to it; VD_E_PROTOCOL when this object or
    /// another server has it open; VD_E_INSTANCE_NAME.</returns>
    public VdResult Open(string? instanceName, string? setName)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = OpenCore(instanceName, setName);
        VdiTelemetry.Call(Half.Server, nameof(Open), setName, null, result, started);
        return result;
    }

    /// <summary>The client's wishes; after BeginConfiguration the configuration as it stands. Spec: S2, G2.</summary>
    /// <param name="configuration">Null on failure.</param>
    /// <returns>NOERROR; VD_E_PROTOCOL when there is no set; VD_E_ABORT.</returns>
    public VdResult GetConfiguration(out SetConfiguration? configuration)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = GetConfigurationCore(out configuration);
        VdiTelemetry.Call(Half.Server, nameof(GetConfiguration), _name, null, result, started);
        return result;
    }

    /// <summary>Fixes features, block size, alignment and transfer size for the life of the set. The order of the
    /// parameters is the header's (16.1). Spec: S3, V6 to V11, G3, G4.</summary>
    /// <param name="features">The client's bits with WriteMedia or ReadMedia, and CompleteEnabled if granted (G4).</param>
    /// <param name="blockSizeBytes">A power of two, 512 to 65536.</param>
    /// <param name="alignmentBytes">0 for the block size; else a power of two from the block size to 65536, not below the
    /// client's wish (V7, V8, V11).</param>
    /// <param name="maxTransferSizeBytes">A multiple of 65536 (V9, V10).</param>
    /// <param name="timeout">Accepted and of no effect: no client provides buffer areas of its own (G9).</param>
    /// <returns>NOERROR; VD_E_INVALID, the set stays Connected; VD_E_PROTOCOL.</returns>
    public VdResult BeginConfiguration(
        VdFeatures features, uint blockSizeBytes, uint alignmentBytes, uint maxTransferSizeBytes, TimeSpan timeout)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = BeginConfigurationCore(features, blockSizeBytes, alignmentBytes, maxTransferSizeBytes, timeout);
        VdiTelemetry.Call(
            Half.Server, nameof(BeginConfiguration), _name, null, result, started,
            $"features=0x{(uint)features:X} block={blockSizeBytes} alignment={alignmentBytes} transfer={maxTransferSizeBytes}");
        return result;
    }

    /// <summary>Names and opens the next device, in the order of the VIRTUAL_DEVICE clauses. Spec: S7, 3.6, N5, N6.</summary>
    /// <param name="name">The clause's name; the first one's is the set's.</param>
    /// <param name="device">The device; null on failure.</param>
    /// <returns>NOERROR; VD_E_OPEN when all are open; VD_E_INVALID for what is no name, not the set's for the first device,
    /// or used twice; VD_E_PROTOCOL; VD_E_ABORT.</returns>
    public VdResult OpenDevice(string? name, out ServerVirtualDevice? device)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = OpenDeviceCore(name, out device);
        VdiTelemetry.Call(Half.Server, nameof(OpenDevice), _name, name, result, started);
        return result;
    }

    /// <summary>Runs the completion agent on the calling thread: it waits for completions and calls back, until all devices
    /// are closed and every command has had its callback, or Close, or abort. Spec: S8, A1 to A8.</summary>
    /// <returns>NOERROR; VD_E_ABORT; VD_E_PROTOCOL when an agent runs or has run for this set, or the state forbids it.</returns>
    /// <remarks>What a callback throws aborts the set; when every command has had its callback, the exception leaves here.</remarks>
    public VdResult ExecuteCompletionAgent() => ExecuteCompletionAgent(null);

    /// <summary>As the other, and says when the agent runs, so that commands may be sent (A2).</summary>
    internal VdResult ExecuteCompletionAgent(Action? onRunning)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = ExecuteCompletionAgentCore(onRunning);
        VdiTelemetry.Call(Half.Server, nameof(ExecuteCompletionAgent), _name, null, result, started);
        return result;
    }

    /// <summary>Aborts the set for both halves. Spec: S14, X2, S-n5, Y1 to Y12.</summary>
    /// <returns>NOERROR; VD_E_PROTOCOL when there is no set.</returns>
    public VdResult SignalAbort() => SignalAbort("the server called SignalAbort");

    /// <summary>As <see cref="SignalAbort()"/>, with a reason for the logs of both halves (Y11).</summary>
    /// <param name="reason">In words, at most a line.</param>
    public VdResult SignalAbort(string reason)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = SignalAbortCore(reason);
        VdiTelemetry.Call(Half.Server, nameof(SignalAbort), _name, null, result, started);
        return result;
    }

    /// <summary>Gives up the set and all that belongs to it, in all cases: when devices are open the set is aborted first
    /// and every outstanding command has its callback with ERROR_OPERATION_ABORTED on the agent's thread, before the agent
    /// returns. Buffers and devices are of no use afterwards. Spec: S15, S-n4, X4, A5 to A8, B12, T5.</summary>
    /// <returns>NOERROR; VD_E_PROTOCOL when devices were open, everything being released all the same, or when there was
    /// no set.</returns>
    /// <remarks>Waits for the agent to leave, unless called on the agent's own thread, from a callback: then the mappings
    /// go when the agent does.</remarks>
    public VdResult Close()
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = CloseCore();
        VdiTelemetry.Call(Half.Server, nameof(Close), _name, null, result, started);
        return result;
    }

    /// <summary>Close, when a set is there.</summary>
    public void Dispose()
    {
        bool isOpen;
        lock (_gate)
        {
            isOpen = _state != ServerSetState.DoesNotExist;
        }

        if (isOpen)
        {
            Close();
        }
    }

    /// <summary>Counts a device that was closed, and has the agent look whether it was the last.</summary>
    internal void NoteDeviceClosed()
    {
        Interlocked.Increment(ref _closedDeviceCount);
        _channel?.WakeAgent();
    }

    /// <summary>Tells whoever listens that this half has seen the abort; once for each set.</summary>
    internal void ReportAbort(IServerChannel channel)
    {
        if (channel.Abort is { } notice && Interlocked.Exchange(ref _isAbortReported, 1) == 0)
        {
            VdiTelemetry.Aborted(Half.Server, _name, notice);
        }
    }

    /// <summary>One round of the agent without waiting, for schedulers that interleave both halves. The first call counts as
    /// the call of ExecuteCompletionAgent.</summary>
    /// <returns>True when the agent has returned, with its result.</returns>
    internal bool RunAgentOnce(out VdResult result)
    {
        CompletionAgent? agent = _agent;
        if (agent is null || !_isAgentRunning)
        {
            result = BeginAgent(out agent);
            if (agent is null)
            {
                return true;
            }
        }

        agent.ThreadId = Environment.CurrentManagedThreadId;
        bool isDone = true;
        try
        {
            isDone = agent.RunOnce(wait: false, out result);
            return isDone;
        }
        finally
        {
            if (isDone)
            {
                EndAgent();
            }
        }
    }

    private VdResult BeginAgent(out CompletionAgent? agent)
    {
        agent = null;
        lock (_gate)
        {
            Step<ServerSetState> step = ServerSetMachine.Next(CurrentState(), ServerSetEvent.ExecuteCompletionAgent);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("ExecuteCompletionAgent", step.Status);
            }

            if (_agentHasRun)
            {
                return Fail(new VdFailure(VdResult.ProtocolError, $"set '{_name}': its completion agent was already started"));
            }

            _state = step.Next;
            _agentHasRun = true;
            agent = _agent = new CompletionAgent(this, _channel!, _devices, _configuration!);
            _isAgentRunning = true;
            return VdResult.Ok;
        }
    }

    private void EndAgent()
    {
        lock (_gate)
        {
            _isAgentRunning = false;
            if (_state == ServerSetState.DoesNotExist)
            {
                // Close was called from a callback, or did not wait for one that would not return.
                Release();
            }
            else
            {
                CurrentState();
            }

            Monitor.PulseAll(_gate);
        }
    }

    private void WaitForAgent()
    {
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        while (_isAgentRunning)
        {
            TimeSpan left = s_agentLeaveLimit - System.Diagnostics.Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
            {
                // Its callback is still at work with our memory, which therefore goes when the agent does.
                return;
            }
        }
    }

    private void Release()
    {
        if (_channel is null)
        {
            return;
        }

        foreach (ServerVirtualDevice? device in _devices)
        {
            device?.Detach();
        }

        _abort ??= _channel.Abort;
        ReportAbort(_channel);
        _channel.Dispose();
        VdiTelemetry.SetClosed(Half.Server, _name);
        _channel = null;
        _configuration = null;
    }

    private string? MisnamedBecause(string name)
    {
        if (_openedCount == 0)
        {
            return string.Equals(name, _name, StringComparison.Ordinal)
                ? null
                : $"the name is '{name}': the first device has the set's name";
        }

        for (int index = 0; index < _openedCount; index++)
        {
            if (string.Equals(_devices[index]!.Name, name, StringComparison.Ordinal))
            {
                return $"the name '{name}' is taken by device {index}";
            }
        }

        return null;
    }

    private bool AnyDeviceOpen()
    {
        for (int index = 0; index < _openedCount; index++)
        {
            if (_devices[index]!.IsOpen)
            {
                return true;
            }
        }

        return false;
    }

    private bool AllDevicesClosed()
    {
        for (int index = 0; index < _devices.Length; index++)
        {
            if (_devices[index] is not { State: DeviceState.Closed })
            {
                return false;
            }
        }

        return true;
    }

    private ServerSetState CurrentState()
    {
        if (_channel is { } channel && _state != ServerSetState.DoesNotExist)
        {
            if (channel.IsAborted)
            {
                _state = ServerSetMachine.Next(_state, ServerSetEvent.SignalAbort).Next;
                ReportAbort(channel);
            }
            else if (_state == ServerSetState.Active && _agentHasRun && !_isAgentRunning)
            {
                // The agent returned and it was no abort: all devices are closed (T3).
                _state = ServerSetMachine.Next(_state, ServerSetEvent.AllClosed).Next;
            }
        }

        return _state;
    }

    private VdResult Misplaced(string function, VdResult result) =>
        Fail(new VdFailure(result, result == VdResult.Aborted
            ? $"set '{_name}': {function} after the abort: {_channel?.Abort?.Detail}"
            : $"set '{_name}': {function} is not allowed in state {_state}"));

    private VdResult Fail(VdFailure failure)
    {
        Volatile.Write(ref _lastFailure, failure);
        return failure.Result;
    }
}
