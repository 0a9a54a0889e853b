using OpenVdi.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <content>What the functions of the set do, without the report of the call.</content>
public sealed partial class ServerVirtualDeviceSet
{
    private VdResult OpenCore(string? instanceName, string? setName)
    {
        lock (_gate)
        {
            Step<ServerSetState> step = ServerSetMachine.Next(CurrentState(), ServerSetEvent.Open);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("Open", step.Status);
            }

            if (_isAgentRunning)
            {
                return Fail(new VdFailure(VdResult.ProtocolError, $"set '{_name}': its completion agent has not returned yet"));
            }

            if (!SetName.TryParse(setName, out SetName name, out string? problem))
            {
                return Fail(new VdFailure(VdResult.Invalid, $"Open: {problem}"));
            }

            IServerChannel? channel = null;
            VdFailure? failure = _transport.ResolveInstance(instanceName, out string instance)
                ?? _transport.Open(instance, name, out channel);
            if (failure is not null)
            {
                return Fail(failure);
            }

            _state = step.Next;
            _channel = channel;
            _name = name.Value;
            _configuration = channel!.Wishes;
            _devices = new ServerVirtualDevice?[channel.Wishes.DeviceCount];
            _pool = new BufferPool(channel.Wishes.PrefixZoneSizeBytes);
            (_openedCount, _closedDeviceCount, _agent, _agentHasRun) = (0, 0, null, false);
            (_abort, _isAbortReported) = (null, 0);
            VdiTelemetry.SetOpened(Half.Server, _name);
            return VdResult.Ok;
        }
    }

    private VdResult GetConfigurationCore(out SetConfiguration? configuration)
    {
        lock (_gate)
        {
            VdResult result = ServerSetMachine.Next(CurrentState(), ServerSetEvent.GetConfiguration).Status;
            configuration = result == VdResult.Ok ? _configuration : null;
            return result == VdResult.Ok ? result : Misplaced("GetConfiguration", result);
        }
    }

    private VdResult BeginConfigurationCore(
        VdFeatures features, uint blockSizeBytes, uint alignmentBytes, uint maxTransferSizeBytes, TimeSpan timeout)
    {
        _ = timeout;
        lock (_gate)
        {
            Step<ServerSetState> step = ServerSetMachine.Next(CurrentState(), ServerSetEvent.BeginConfiguration);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("BeginConfiguration", step.Status);
            }

            VdFailure? failure = ConfigurationRules.Negotiate(
                _channel!.Wishes, features, blockSizeBytes, alignmentBytes, maxTransferSizeBytes,
                out SetConfiguration? configuration);
            if (failure is not null)
            {
                return Fail(failure with { Message = $"set '{_name}': {failure.Message}" });
            }

            _state = step.Next;
            _configuration = configuration;
            return VdResult.Ok;
        }
    }

    private VdResult OpenDeviceCore(string? name, out ServerVirtualDevice? device)
    {
        device = null;
        lock (_gate)
        {
            Step<ServerSetState> step = ServerSetMachine.Next(CurrentState(), ServerSetEvent.OpenDevice);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("OpenDevice", step.Status);
            }

            if (_openedCount == _devices.Length)
            {
                return Fail(new VdFailure(VdResult.DevicesOpen, $"set '{_name}': all {_devices.Length} devices are open"));
            }

            if (!SetName.TryParse(name, out SetName deviceName, out string? problem)
                || (problem = MisnamedBecause(deviceName.Value)) is not null)
            {
                return Fail(new VdFailure(VdResult.Invalid, $"set '{_name}': device {_openedCount}: {problem}"));
            }

            int index = _openedCount++;
            device = new ServerVirtualDevice(this, _channel!, index, deviceName.Value, _configuration!, _queueCapacity);
            _devices[index] = device;
            _channel!.NameDevice(index, deviceName.Value);
            _state = step.Next;
            return VdResult.Ok;
        }
    }

    private VdResult ExecuteCompletionAgentCore(Action? onRunning)
    {
        VdResult refusal = BeginAgent(out CompletionAgent? agent);
        if (agent is null)
        {
            return refusal;
        }

        try
        {
            onRunning?.Invoke();
            return agent.Run();
        }
        finally
        {
            EndAgent();
        }
    }

    private VdResult SignalAbortCore(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        lock (_gate)
        {
            VdResult result = ServerSetMachine.Next(CurrentState(), ServerSetEvent.SignalAbort).Status;
            if (result != VdResult.Ok)
            {
                return Misplaced("SignalAbort", result);
            }

            _channel!.SignalAbort(AbortReason.ServerSignalled, reason);
            CurrentState();
            return VdResult.Ok;
        }
    }

    private VdResult CloseCore()
    {
        Step<ServerSetState> step;
        lock (_gate)
        {
            bool isEarly = AnyDeviceOpen();
            step = ServerSetMachine.Next(CurrentState(), isEarly ? ServerSetEvent.CloseEarly : ServerSetEvent.Close);
            if (_channel is null || _state == ServerSetState.DoesNotExist)
            {
                return Misplaced("Close", step.Status);
            }

            // The agent first hears that it is to stop: it ends with NOERROR, whatever it sees of the abort (A6).
            bool isComplete = AllDevicesClosed();
            if (_isAgentRunning)
            {
                _agent!.Stop();
            }

            if (!isComplete)
            {
                _channel.SignalAbort(AbortReason.ServerClosed, isEarly
                    ? $"the server closed set '{_name}' while devices were open"
                    : $"the server closed set '{_name}' before all its devices were closed");
            }

            _state = step.Next;
            _abort = _channel.Abort;
            while (_isPlacing)
            {
                Monitor.Wait(_gate);
            }

            if (_isAgentRunning && _agent!.ThreadId != Environment.CurrentManagedThreadId)
            {
                WaitForAgent();
            }

            if (!_isAgentRunning)
            {
                Release();
            }
        }

        return step.Status == VdResult.Ok
            ? VdResult.Ok
            : Fail(new VdFailure(step.Status, $"set '{_name}': closed while devices were open",
                "close each device before Close; all was released."));
    }
}
