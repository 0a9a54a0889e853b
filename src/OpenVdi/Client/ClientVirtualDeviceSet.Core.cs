using OpenVdi.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.Client;

/// <content>What the functions do, without the report of the call.</content>
public sealed partial class ClientVirtualDeviceSet
{
    private VdResult CreateExCore(string? instanceName, string? name, SetConfiguration? configuration)
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

    private VdResult OpenInSecondaryExCore(string? instanceName, string? setName)
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

    private VdResult GetConfigurationCore(TimeSpan timeout, out SetConfiguration? configuration)
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

    private VdResult OpenDeviceCore(string? name, out ClientVirtualDevice? device)
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

    private VdResult GetBufferHandleCore(nint address, out uint handle)
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

    private VdResult MapBufferHandleCore(uint handle, uint sizeBytes, out DeviceBuffer buffer)
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

    private VdResult SignalAbortCore(string reason)
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

    private VdResult CloseCore()
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

        ReportAbort(channel);
        channel.Dispose();
        VdiTelemetry.SetClosed(Half.Client, _name);
        return step.Status == VdResult.Ok
            ? VdResult.Ok
            : Fail(new VdFailure(step.Status, $"set '{_name}': closed while devices were open",
                "wait for VD_E_CLOSE on each device before Close, unless the set is aborted."));
    }
}
