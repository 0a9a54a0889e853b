namespace OpenVdi.Transport;

/// <summary>The server's end of an in-process set.</summary>
internal sealed class InProcessServerChannel : IServerChannel
{
    private readonly InProcessSet _set;
    private readonly object _gate = new();
    private readonly List<InProcessBufferArea> _areas = [];
    private bool _disposed;

    public InProcessServerChannel(InProcessSet set) => _set = set;

    /// <inheritdoc/>
    public bool IsAborted => _set.IsAborted;

    /// <inheritdoc/>
    public AbortNotice? Abort => _set.Abort;

    /// <inheritdoc/>
    public SetConfiguration Wishes => _set.Wishes;

    /// <inheritdoc/>
    public void SignalAbort(AbortReason reason, string detail) => _set.SignalAbort(reason, detail);

    /// <inheritdoc/>
    public VdFailure? AddAreas(IReadOnlyList<long> sizesBytes, uint prefixZoneSizeBytes, out BufferArea[]? areas)
    {
        VdFailure? failure = _set.AddAreas(sizesBytes, prefixZoneSizeBytes, out InProcessBufferArea[]? added);
        areas = added;
        if (added is not null)
        {
            lock (_gate)
            {
                _areas.AddRange(added);
            }
        }

        return failure;
    }

    /// <inheritdoc/>
    public void PublishConfiguration(SetConfiguration configuration, int queueCapacity) =>
        _set.PublishConfiguration(configuration, queueCapacity);

    /// <inheritdoc/>
    public void NameDevice(int index, string name) => _set.NameDevice(index, name);

    /// <inheritdoc/>
    public bool TrySend(int device, in DeviceCommand command) => _set.TrySend(device, command);

    /// <inheritdoc/>
    public void SendCloseMark(int device) => _set.SendCloseMark(device);

    /// <inheritdoc/>
    public WaitOutcome WaitCompletions(TimeSpan timeout, out ulong devices) => _set.WaitCompletions(timeout, out devices);

    /// <inheritdoc/>
    public bool TryTakeCompletion(int device, out DeviceCompletion completion) =>
        _set.TryTakeCompletion(device, out completion);

    /// <inheritdoc/>
    public bool IsClientGone => _set.IsPrimaryGone;

    /// <inheritdoc/>
    public void WakeAgent() => _set.WakeAgent();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _set.LeaveServer();
        foreach (InProcessBufferArea area in _areas)
        {
            area.Release();
        }
    }
}
