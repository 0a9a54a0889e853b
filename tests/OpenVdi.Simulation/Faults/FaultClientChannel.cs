using OpenVdi.Transport;

namespace OpenVdi.Simulation.Faults;

/// <summary>A client's end with faults.</summary>
internal sealed class FaultClientChannel(IClientChannel inner, FaultPlan plan) : IClientChannel
{
    public bool IsAborted
    {
        get
        {
            plan.Operate();
            return inner.IsAborted;
        }
    }

    public AbortNotice? Abort => inner.Abort;

    public int DeviceCount => inner.DeviceCount;

    public int NamedDeviceCount => inner.NamedDeviceCount;

    public int OpenDeviceCount => inner.OpenDeviceCount;

    public int ClosedDeviceCount => inner.ClosedDeviceCount;

    public void SignalAbort(AbortReason reason, string detail) => inner.SignalAbort(reason, detail);

    public WaitOutcome WaitConfigured(TimeSpan timeout, out SetConfiguration? configuration)
    {
        plan.Operate();
        return inner.WaitConfigured(timeout, out configuration);
    }

    public string DeviceName(int index) => inner.DeviceName(index);

    public WaitOutcome WaitNamed(int knownCount)
    {
        // Nobody else runs while this waits: what is not there now never comes.
        plan.Operate();
        return inner.IsAborted || inner.NamedDeviceCount > knownCount
            ? inner.WaitNamed(knownCount)
            : throw new InvalidOperationException("an actor waits for a name that its scheduler cannot give meanwhile");
    }

    public bool TryClaimDevice(int index)
    {
        plan.Operate();
        return inner.TryClaimDevice(index);
    }

    public void MarkDeviceClosed(int index)
    {
        plan.Operate();
        inner.MarkDeviceClosed(index);
    }

    public bool IsDeviceClaimed(int index) => inner.IsDeviceClaimed(index);

    public IClientDeviceChannel Device(int index) => new FaultClientDevice(inner.Device(index), plan);

    public bool TryResolveBuffer(uint handle, uint sizeBytes, out DeviceBuffer buffer)
    {
        plan.Operate();
        buffer = default;
        return !plan.Strikes(FaultKind.AreaCannotBeMapped) && inner.TryResolveBuffer(handle, sizeBytes, out buffer);
    }

    public bool TryGetHandle(nint address, out uint handle) => inner.TryGetHandle(address, out handle);

    public void Dispose() => inner.Dispose();

    private sealed class FaultClientDevice(IClientDeviceChannel device, FaultPlan plan) : IClientDeviceChannel
    {
        public bool TryPeek(out DeviceCommand command)
        {
            plan.Operate();
            if (!device.TryPeek(out command))
            {
                return false;
            }

            if (command.Code != DeviceCommand.CloseMark)
            {
                command = plan.Strikes(FaultKind.CommandWithWrongBuffer) ? command with { BufferHandle = 0xFFE0_0001 }
                    : plan.Strikes(FaultKind.CommandOfWrongEpoch) ? command with { ErrorEpoch = command.ErrorEpoch + 7 }
                    : command;
            }

            return true;
        }

        public void Advance()
        {
            plan.Operate();
            device.Advance();
        }

        public void Complete(in DeviceCompletion completion)
        {
            plan.Operate();
            device.Complete(completion);
        }

        public WaitOutcome Wait(TimeSpan timeout, uint seen) => device.Wait(timeout, seen);

        public uint Look() => device.Look();

        public void Nudge() => device.Nudge();

        public bool TryEndTurn() => device.TryEndTurn();
    }
}
