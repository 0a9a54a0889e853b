using OpenVdi.Transport;

namespace OpenVdi.Simulation.Faults;

/// <summary>A server's end with faults.</summary>
internal sealed class FaultServerChannel(IServerChannel inner, FaultPlan plan) : IServerChannel
{
    private ulong _withheld;
    private (int Device, DeviceCompletion Completion)? _again;

    public SetConfiguration Wishes => inner.Wishes;

    public bool IsAborted
    {
        get
        {
            plan.Operate();
            return inner.IsAborted;
        }
    }

    public AbortNotice? Abort => inner.Abort;

    public bool IsClientGone => inner.IsClientGone;

    public void SignalAbort(AbortReason reason, string detail) => inner.SignalAbort(reason, detail);

    public VdFailure? AddAreas(IReadOnlyList<long> sizesBytes, uint prefixZoneSizeBytes, out BufferArea[]? areas)
    {
        plan.Operate();
        areas = null;
        return plan.Strikes(FaultKind.AreaRefused)
            ? new VdFailure(VdResult.OutOfMemory, "the plan refuses this area")
            : inner.AddAreas(sizesBytes, prefixZoneSizeBytes, out areas);
    }

    public void PublishConfiguration(SetConfiguration configuration, int queueCapacity)
    {
        plan.Operate();
        inner.PublishConfiguration(configuration, queueCapacity);
    }

    public void NameDevice(int index, string name)
    {
        plan.Operate();
        inner.NameDevice(index, name);
    }

    public bool TrySend(int device, in DeviceCommand command)
    {
        plan.Operate();
        return !plan.Strikes(FaultKind.QueueFull, repeats: 5) && inner.TrySend(device, command);
    }

    public void SendCloseMark(int device)
    {
        plan.Operate();
        inner.SendCloseMark(device);
    }

    public WaitOutcome WaitCompletions(TimeSpan timeout, out ulong devices)
    {
        plan.Operate();
        WaitOutcome outcome = inner.WaitCompletions(timeout, out devices);
        if (outcome == WaitOutcome.Aborted)
        {
            return outcome;
        }

        // A wake that comes late, and one that comes for nothing.
        _withheld |= devices;
        if (plan.Strikes(FaultKind.WakeDelayed, repeats: 20))
        {
            devices = 0;
            return WaitOutcome.TimedOut;
        }

        devices = _withheld;
        _withheld = 0;
        if (plan.Strikes(FaultKind.WakeForNothing, repeats: 20))
        {
            devices |= (1ul << (int)Wishes.DeviceCount) - 1;
        }

        return devices != 0 ? WaitOutcome.Ready : outcome;
    }

    public bool TryTakeCompletion(int device, out DeviceCompletion completion)
    {
        plan.Operate();
        if (_again is { } again && again.Device == device)
        {
            completion = again.Completion;
            _again = null;
            return true;
        }

        if (!inner.TryTakeCompletion(device, out completion))
        {
            return false;
        }

        if (completion.Tag == DeviceCompletion.ClosedTag)
        {
            return true;
        }

        if (plan.Strikes(FaultKind.CompletionLost))
        {
            return TryTakeCompletion(device, out completion);
        }

        if (plan.Strikes(FaultKind.CompletionTwice))
        {
            _again = (device, completion);
        }

        completion = plan.Strikes(FaultKind.CompletionOfNoCommand) ? completion with { Tag = int.MaxValue }
            : plan.Strikes(FaultKind.CompletionWithTooManyBytes) ? completion with { BytesTransferred = uint.MaxValue }
            : plan.Strikes(FaultKind.CompletionWithWrongCount) ? completion with { FetchedCount = completion.FetchedCount + 1000 }
            : completion;
        return true;
    }

    public void WakeAgent() => inner.WakeAgent();

    public void Dispose() => inner.Dispose();
}
