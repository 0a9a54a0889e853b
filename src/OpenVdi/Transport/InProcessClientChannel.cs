namespace OpenVdi.Transport;

/// <summary>A client's end of an in-process set.</summary>
internal sealed class InProcessClientChannel : IClientChannel
{
    private readonly InProcessSet _set;
    private readonly bool _isPrimary;
    private readonly object _gate = new();
    private readonly List<int> _claimed = [];

    // Grows only; replaced under _gate, read without it.
    private volatile InProcessBufferArea[] _areas = [];
    private bool _disposed;

    public InProcessClientChannel(InProcessSet set, bool isPrimary)
    {
        _set = set;
        _isPrimary = isPrimary;
    }

    /// <inheritdoc/>
    public bool IsAborted => _set.IsAborted;

    /// <inheritdoc/>
    public AbortNotice? Abort => _set.Abort;

    /// <inheritdoc/>
    public int DeviceCount => _set.DeviceCount;

    /// <inheritdoc/>
    public int NamedDeviceCount => _set.NamedDeviceCount;

    /// <inheritdoc/>
    public int OpenDeviceCount => _set.OpenDeviceCount;

    /// <inheritdoc/>
    public int ClosedDeviceCount => _set.ClosedDeviceCount;

    /// <inheritdoc/>
    public void SignalAbort(AbortReason reason, string detail) => _set.SignalAbort(reason, detail);

    /// <inheritdoc/>
    public WaitOutcome WaitConfigured(TimeSpan timeout, out SetConfiguration? configuration) =>
        _set.WaitConfigured(timeout, _isPrimary, out configuration);

    /// <inheritdoc/>
    public string DeviceName(int index) => _set.DeviceName(index);

    /// <inheritdoc/>
    public WaitOutcome WaitNamed(int knownCount) => _set.WaitNamed(knownCount);

    /// <inheritdoc/>
    public bool TryClaimDevice(int index)
    {
        if (!_set.TryClaim(index))
        {
            return false;
        }

        lock (_gate)
        {
            _claimed.Add(index);
        }

        return true;
    }

    /// <inheritdoc/>
    public void MarkDeviceClosed(int index) => _set.MarkClosed(index);

    /// <inheritdoc/>
    public bool IsDeviceClaimed(int index) => _set.IsClaimed(index);

    /// <inheritdoc/>
    public IClientDeviceChannel Device(int index) => _set.Device(index);

    /// <inheritdoc/>
    public bool TryResolveBuffer(uint handle, uint sizeBytes, out DeviceBuffer buffer)
    {
        buffer = default;
        return BufferHandle.TryDecode(handle, out int areaIndex, out int offsetBytes)
            && TryMap(areaIndex, out InProcessBufferArea? area)
            && area!.TrySlice(offsetBytes, sizeBytes, out buffer);
    }

    /// <inheritdoc/>
    public bool TryGetHandle(nint address, out uint handle)
    {
        handle = BufferHandle.None;
        foreach (InProcessBufferArea area in _areas)
        {
            if (!area.Contains(address))
            {
                continue;
            }

            long offsetBytes = address - area.Address;
            if (offsetBytes < area.PrefixZoneSizeBytes || offsetBytes % BufferHandle.UnitBytes != 0)
            {
                return false;
            }

            handle = BufferHandle.Encode(area.Index, offsetBytes);
            return true;
        }

        return false;
    }

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

        if (_isPrimary)
        {
            _set.LeavePrimary();
        }
        else
        {
            _set.LeaveSecondary([.. _claimed]);
        }

        foreach (InProcessBufferArea area in _areas)
        {
            area.Release();
        }
    }

    private bool TryMap(int index, out InProcessBufferArea? area)
    {
        InProcessBufferArea[] areas = _areas;
        if (index >= areas.Length)
        {
            lock (_gate)
            {
                _areas = areas = _set.Share(_areas);
            }
        }

        area = index < areas.Length ? areas[index] : null;
        return area is not null;
    }
}
