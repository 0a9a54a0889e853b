using OpenVdi.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <summary>IServerVirtualDevice: one device in the engine's hands, made by OpenDevice. Any thread may call any member,
/// also from within a callback (A4).</summary>
public sealed class ServerVirtualDevice
{
    private readonly ServerVirtualDeviceSet _set;
    private readonly IServerChannel _channel;
    private readonly int _index;
    private readonly SetConfiguration _configuration;

    // Guards all below. Lock order: the set's, then this one; no callback runs under either.
    private readonly object _gate = new();
    private readonly OutstandingCommands _outstanding;
    private DeviceState _state;
    private uint _sentCount;
    private uint _fetchedCount;
    private uint _errorEpoch;
    private bool _isInError;
    private bool _isDetached;

    internal ServerVirtualDevice(
        ServerVirtualDeviceSet set, IServerChannel channel, int index, string name, SetConfiguration configuration, int capacity)
    {
        _set = set;
        _channel = channel;
        _index = index;
        _configuration = configuration;
        _outstanding = new OutstandingCommands(capacity);
        _state = DeviceMachine.Next(DeviceState.Unopened, ServerDeviceEvent.Open).Next;
        Name = name;
    }

    /// <summary>The device's name.</summary>
    public string Name { get; }

    /// <summary>The device's state as the server sees it.</summary>
    public DeviceState State
    {
        get
        {
            lock (_gate)
            {
                return CurrentState();
            }
        }
    }

    /// <summary>How many commands were sent and have had no callback yet.</summary>
    public int OutstandingCount
    {
        get
        {
            lock (_gate)
            {
                return _outstanding.Count;
            }
        }
    }

    internal bool IsOpen => State is DeviceState.Active or DeviceState.IOError;

    /// <summary>Queues a command. Any thread, also from within a callback (A4). Spec: D1, D2, S12, A2, 7.5, E1 to E4.</summary>
    /// <param name="command">The command; nobody touches it until its callback has begun (Q5). The buffer of a Read or
    /// Write is the client's until then (B30).</param>
    /// <returns>NOERROR; else the refusal, and the command's callback has already run on this thread:
    /// VD_E_QUEUE_FULL (1450), VD_E_IO_ERROR (1117), VD_E_PROTOCOL (6: not open, closed, or no completion agent),
    /// VD_E_ABORT (995).</returns>
    /// <exception cref="ArgumentException">A Read or Write without a buffer of this set, longer than its buffer or than
    /// the largest transfer, or no multiple of the block size (M4). Nothing has happened, no callback runs.</exception>
    public VdResult SendCommand(ServerCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        CheckTransfer(command);
        long started = VdiTelemetry.Timestamp();

        // Once it is sent, the command may be back and in use for the next one before this returns.
        CommandCode code = command.Code;
        uint sizeBytes = command.SizeBytes;
        VdResult result;
        lock (_gate)
        {
            result = TrySend(command, started);
        }

        if (VdiTelemetry.IsEnabled)
        {
            VdiTelemetry.Call(Half.Server, nameof(SendCommand), _set.Name, Name, result, started);
            if (result == VdResult.Ok)
            {
                VdiTelemetry.CommandSent(_set.Name, Name, code, sizeBytes);
            }
        }

        if (result != VdResult.Ok)
        {
            // 7.5: the code, then the callback on this thread, then the return.
            CallBack(command, CompletionCodes.OfRefusal(result));
        }

        return result;
    }

    /// <summary>Closes the device: what is queued is still delivered, then the client sees VD_E_CLOSE. Spec: D3, S13, T2.
    /// Commands outstanding get their callbacks as they end; the agent stays for them (A6).</summary>
    /// <returns>NOERROR; VD_E_CLOSE when it is closed; VD_E_ABORT, nothing is done; VD_E_PROTOCOL when the set is gone.</returns>
    public VdResult CloseDevice()
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = Close();
        VdiTelemetry.Call(Half.Server, nameof(CloseDevice), _set.Name, Name, result, started);
        return result;
    }

    /// <summary>Why a command cannot be a Read or Write of this device (M4), in words; null when it can, or is neither.</summary>
    internal string? TransferProblem(ServerCommand command)
    {
        if (!IsTransfer(command.Code))
        {
            return null;
        }

        if (!_set.Owns(command.Buffer) || command.SizeBytes > (uint)command.Buffer.SizeBytes)
        {
            return $"device '{Name}': {command.Code} of {command.SizeBytes} bytes with a buffer of {command.Buffer.SizeBytes}"
                + (command.Buffer.IsEmpty || _set.Owns(command.Buffer) ? string.Empty : " of another set");
        }

        if (command.SizeBytes % _configuration.BlockSizeBytes != 0 || command.SizeBytes > _configuration.MaxTransferSizeBytes)
        {
            return $"device '{Name}': {command.Code} of {command.SizeBytes} bytes: expected a multiple of the block size "
                + $"{_configuration.BlockSizeBytes}, at most {_configuration.MaxTransferSizeBytes}";
        }

        return null;
    }

    /// <summary>Whether the device is closed and nothing of it is outstanding.</summary>
    internal bool IsFinished()
    {
        lock (_gate)
        {
            return _state == DeviceState.Closed && _outstanding.Count == 0;
        }
    }

    /// <summary>Runs the callbacks of a completion that came from the client. On the agent's thread.</summary>
    internal void Process(in DeviceCompletion completion)
    {
        ServerCommand? command = null;
        long sent = 0;
        List<ServerCommand>? unseen = null;
        CompletionCode unseenCode = CompletionCode.IODevice;
        lock (_gate)
        {
            if (completion.Tag == DeviceCompletion.ClosedTag)
            {
                // The client was told VD_E_CLOSE and can complete nothing any more (D23).
                if (_state != DeviceState.Closed)
                {
                    Violation("the client says that it saw the device closed, which is open");
                    return;
                }

                unseen = _outstanding.EndAll(null, _sentCount, CommandEvent.Forget);
                unseenCode = CompletionCode.OperationAborted;
            }
            else if (!TryEnd(completion, out command, out sent, out unseen))
            {
                return;
            }
        }

        if (command is not null)
        {
            Deliver(command, sent);
        }

        CallBackAll(unseen, unseenCode);
    }

    /// <summary>Ends every outstanding command with ERROR_OPERATION_ABORTED and refuses all later ones (Y3, Y6).</summary>
    internal void AbortOutstanding()
    {
        List<ServerCommand> commands;
        lock (_gate)
        {
            _state = DeviceMachine.Next(_state, ServerDeviceEvent.Abort).Next;
            commands = _outstanding.EndAll(null, _sentCount, CommandEvent.Abort);
        }

        CallBackAll(commands, CompletionCode.OperationAborted);
    }

    /// <summary>Makes the object useless: its set is closed.</summary>
    internal void Detach()
    {
        lock (_gate)
        {
            _isDetached = true;
        }
    }

    private static bool IsTransfer(CommandCode code) => code is CommandCode.Read or CommandCode.Write;

    private void CallBackAll(List<ServerCommand>? commands, CompletionCode code)
    {
        if (commands is null)
        {
            return;
        }

        // A callback that throws does not take away the others': each command has its own (A5).
        List<Exception>? thrown = null;
        foreach (ServerCommand command in commands)
        {
            try
            {
                CallBack(command, code);
            }
#pragma warning disable CA1031 // It is collected, not swallowed: thrown again below.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                (thrown ??= []).Add(exception);
            }
        }

        if (thrown is not null)
        {
            throw thrown.Count == 1 ? thrown[0] : new AggregateException(thrown);
        }
    }

    private void CallBack(ServerCommand command, CompletionCode code)
    {
        command.CompletionCode = code;
        command.BytesTransferred = 0;
        command.OutPosition = 0;
        Deliver(command, sent: 0);
    }

    private void Deliver(ServerCommand command, long sent)
    {
        VdiTelemetry.CommandCompleted(
            Half.Server, _set.Name, Name, command.Code, command.CompletionCode, command.BytesTransferred, sent);
        command.CompletionRoutine?.Invoke(command);
    }

    private VdResult TrySend(ServerCommand command, long started)
    {
        if (_isDetached)
        {
            return VdResult.ProtocolError;
        }

        bool isClearError = command.Code == CommandCode.ClearError;
        Step<DeviceState> step = DeviceMachine.Next(
            CurrentState(), isClearError ? ServerDeviceEvent.SendClearError : ServerDeviceEvent.SendOther);
        if (step.Status != VdResult.Ok)
        {
            return step.Status;
        }

        if (!_set.IsAgentRunning)
        {
            return VdResult.ProtocolError;
        }

        if (_outstanding.IsFull)
        {
            return VdResult.QueueFull;
        }

        uint tag = _outstanding.Begin(command, _sentCount, _errorEpoch, started);
        DeviceCommand image = new(
            tag, command.Code, command.SizeBytes, command.InPosition,
            IsTransfer(command.Code) ? command.Buffer.Handle : BufferHandle.None, _errorEpoch);
        if (!_channel.TrySend(_index, image))
        {
            // The client has not yet passed over what it will not see (D5): full all the same.
            _outstanding.End(tag, CommandEvent.Flush);
            return VdResult.QueueFull;
        }

        _sentCount++;
        return VdResult.Ok;
    }

    /// <summary>Ends the command that a completion names; after a failure also those that the client never fetched.</summary>
    private bool TryEnd(
        in DeviceCompletion completion, out ServerCommand? command, out long sent, out List<ServerCommand>? unseen)
    {
        unseen = null;
        sent = 0;
        if (!_outstanding.TryFind(completion.Tag, out command, out uint sequence, out uint epoch))
        {
            return Violation($"the client completed command {completion.Tag}, which is not outstanding");
        }

        bool isTransfer = IsTransfer(command.Code);
        uint newlyFetched = completion.FetchedCount - _fetchedCount;
        if (newlyFetched > _sentCount - _fetchedCount || (int)(completion.FetchedCount - sequence) <= 0)
        {
            return Violation($"the client says that it fetched {completion.FetchedCount} commands of {_sentCount} sent");
        }

        if (isTransfer && completion.BytesTransferred > command.SizeBytes)
        {
            return Violation($"the client transferred {completion.BytesTransferred} bytes of {command.SizeBytes}");
        }

        _fetchedCount = completion.FetchedCount;
        sent = _outstanding.End(completion.Tag, CommandEvent.Complete);
        command.CompletionCode = completion.Code;
        command.BytesTransferred = isTransfer ? completion.BytesTransferred : 0;
        command.OutPosition = command.Code is CommandCode.GetPosition or CommandCode.SetPosition ? completion.Position : 0;
        if (completion.Code != CompletionCode.Success)
        {
            // Asked beside the state: a device that was closed in IO-ERROR is Closed here, and still in error at the client.
            bool isFirst = !_isInError;
            _isInError = true;
            _state = DeviceMachine.Next(_state, ServerDeviceEvent.CommandFailed).Next;
            if (isFirst)
            {
                // The client has begun the same epoch and passes over what it has not fetched (D4, D5).
                _errorEpoch++;
                unseen = _outstanding.EndAll(completion.FetchedCount, _sentCount, CommandEvent.Flush);
            }
        }
        else if (command.Code == CommandCode.ClearError && epoch == _errorEpoch)
        {
            _isInError = false;
            _state = DeviceMachine.Next(_state, ServerDeviceEvent.ErrorCleared).Next;
        }

        return true;
    }

    private VdResult Close()
    {
        lock (_gate)
        {
            if (_isDetached)
            {
                return VdResult.ProtocolError;
            }

            Step<DeviceState> step = DeviceMachine.Next(CurrentState(), ServerDeviceEvent.CloseDevice);
            if (step.Status == VdResult.Ok)
            {
                _state = step.Next;
                _channel.SendCloseMark(_index);
                _set.NoteDeviceClosed();
            }

            return step.Status;
        }
    }

    private DeviceState CurrentState()
    {
        if (_state != DeviceState.Aborted && !_isDetached && _channel.IsAborted)
        {
            _set.ReportAbort(_channel);
            _state = DeviceMachine.Next(_state, ServerDeviceEvent.Abort).Next;
        }

        return _state;
    }

    private void CheckTransfer(ServerCommand command)
    {
        if (TransferProblem(command) is { } problem)
        {
            throw new ArgumentException(problem, nameof(command));
        }
    }

    private bool Violation(string detail)
    {
        _channel.SignalAbort(AbortReason.PeerViolation, $"device '{Name}': {detail}");
        return false;
    }
}
