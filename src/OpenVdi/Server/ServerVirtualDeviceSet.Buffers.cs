using OpenVdi.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <content>The buffer functions: RequestBuffers to IsSharedBuffer, and EndConfiguration, which makes the area.</content>
public sealed partial class ServerVirtualDeviceSet
{
    /// <summary>Declares buffers; after EndConfiguration, adds them at once in an area of their own. Spec: S4, B1 to B4.</summary>
    /// <param name="sizeBytes">Data bytes of one buffer, without prefix zone and padding (B4); not 0.</param>
    /// <param name="alignmentBytes">0 for the set's alignment; or a stricter power of two up to 65536 (B3).</param>
    /// <param name="count">How many.</param>
    /// <returns>NOERROR; VD_E_INVALID; VD_E_MEMORY; VD_E_PROTOCOL; VD_E_ABORT when the abort came meanwhile.</returns>
    public VdResult RequestBuffers(uint sizeBytes, uint alignmentBytes, uint count)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = RequestBuffersCore(sizeBytes, alignmentBytes, count);
        VdiTelemetry.Call(
            Half.Server, nameof(RequestBuffers), _name, null, result, started,
            $"size={sizeBytes} alignment={alignmentBytes} count={count}");
        return result;
    }

    /// <summary>How many such buffers could be allocated now; before EndConfiguration, how many of those declared would do.
    /// Spec: S5, B7.</summary>
    /// <param name="sizeBytes">Data bytes of one buffer; not 0.</param>
    /// <param name="alignmentBytes">0 for the set's alignment.</param>
    /// <param name="count">The number; 0 on failure.</param>
    /// <returns>NOERROR; VD_E_INVALID; VD_E_PROTOCOL.</returns>
    public VdResult QueryAvailableBuffers(uint sizeBytes, uint alignmentBytes, out uint count)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = QueryAvailableBuffersCore(sizeBytes, alignmentBytes, out count);
        VdiTelemetry.Call(Half.Server, nameof(QueryAvailableBuffers), _name, null, result, started);
        return result;
    }

    /// <summary>Makes the buffer area from what was declared and releases the client that waits for the configuration.
    /// Spec: S6, B5, B6, G10.</summary>
    /// <returns>NOERROR; VD_E_MEMORY: the set stays Configurable without buffers, what was declared is forgotten;
    /// VD_E_PROTOCOL; VD_E_ABORT when the abort came meanwhile.</returns>
    public VdResult EndConfiguration()
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = EndConfigurationCore();
        VdiTelemetry.Call(Half.Server, nameof(EndConfiguration), _name, null, result, started);
        return result;
    }

    /// <summary>Takes a buffer from the common pool; the last one freed first. Spec: S9, B8, B9, B24.</summary>
    /// <param name="buffer">The buffer; its address is the data's. Empty on failure.</param>
    /// <param name="sizeBytes">Data bytes; not 0. A size that was never requested gets a larger buffer if one is free (B9).</param>
    /// <param name="alignmentBytes">0 for the set's alignment; or a power of two up to 65536.</param>
    /// <returns>NOERROR; VD_E_MEMORY when none is free; VD_E_INVALID; VD_E_PROTOCOL; VD_E_ABORT.</returns>
    public VdResult AllocateBuffer(out DeviceBuffer buffer, uint sizeBytes, uint alignmentBytes)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = AllocateBufferCore(out buffer, sizeBytes, alignmentBytes);
        VdiTelemetry.Call(
            Half.Server, nameof(AllocateBuffer), _name, null, result, started,
            $"size={sizeBytes} alignment={alignmentBytes}");
        return result;
    }

    /// <summary>Gives a buffer back. Spec: S10, B10.</summary>
    /// <param name="address">The data address from AllocateBuffer.</param>
    /// <param name="sizeBytes">The size it was allocated with.</param>
    /// <returns>NOERROR; VD_E_INVALID for an address that is no allocated buffer's, or another size; VD_E_PROTOCOL.</returns>
    public VdResult FreeBuffer(nint address, uint sizeBytes)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = FreeBufferCore(address, sizeBytes);
        VdiTelemetry.Call(Half.Server, nameof(FreeBuffer), _name, null, result, started);
        return result;
    }

    /// <summary>Gives a buffer back. Spec: S10, B10.</summary>
    /// <param name="buffer">As AllocateBuffer gave it.</param>
    /// <returns>As <see cref="FreeBuffer(nint, uint)"/>.</returns>
    public VdResult FreeBuffer(DeviceBuffer buffer) => FreeBuffer(buffer.Address, (uint)buffer.SizeBytes);

    /// <summary>Whether an address lies in a buffer area of the set: the Boolean that the native function returns in an
    /// HRESULT (16.26). Spec: S11, B11.</summary>
    /// <param name="address">Any address.</param>
    public bool IsSharedBuffer(nint address)
    {
        lock (_gate)
        {
            return _channel is not null && _pool!.Contains(address);
        }
    }

    internal bool Owns(in DeviceBuffer buffer) => !buffer.IsEmpty && (_pool?.Owns(buffer) ?? false);

    private uint EffectiveAlignment(uint alignmentBytes) => Math.Max(alignmentBytes, _configuration!.AlignmentBytes);

    /// <summary>Makes areas for requirements. The lock is left meanwhile: filling gigabytes takes a while, and an abort or a
    /// callback must not wait for it.</summary>
    private VdResult Place(BufferRequirement[] requirements)
    {
        List<AreaPlan>? plans = _pool!.Plan(requirements);
        if (plans is null)
        {
            return Fail(new VdFailure(VdResult.OutOfMemory, $"set '{_name}': a buffer of "
                + $"{requirements.Max(static requirement => requirement.SizeBytes)} bytes is larger than a buffer area can be, "
                + $"{BufferHandle.MaxAreaBytes}"));
        }

        if (_isPlacing)
        {
            return Fail(new VdFailure(VdResult.ProtocolError, $"set '{_name}': another thread is requesting buffers"));
        }

        _isPlacing = true;
        VdFailure? failure;
        BufferArea[]? areas = null;
        Monitor.Exit(_gate);
        try
        {
            failure = _channel!.AddAreas(
                plans.ConvertAll(static plan => plan.SizeBytes), _channel.Wishes.PrefixZoneSizeBytes, out areas);
        }
        finally
        {
            Monitor.Enter(_gate);
            _isPlacing = false;
            Monitor.PulseAll(_gate);
        }

        for (int index = 0; areas is not null && index < plans.Count; index++)
        {
            _pool.Place(areas[index], plans[index]);
        }

        if (CurrentState() is ServerSetState.Aborted or ServerSetState.DoesNotExist)
        {
            return Fail(new VdFailure(VdResult.Aborted, $"set '{_name}': aborted while buffers were being made"));
        }

        return failure is null ? VdResult.Ok : Fail(failure with { Message = $"set '{_name}': {failure.Message}" });
    }
}
