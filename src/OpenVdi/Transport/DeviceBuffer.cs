namespace OpenVdi.Transport;

/// <summary>
/// One transfer's piece of the shared buffer area, as this process sees it. A value; valid while its owner has it: the
/// server between AllocateBuffer and SendCommand and again after the completion, the client between GetCommand and
/// CompleteCommand (B30 to B34), and for nobody after Close.
/// </summary>
public readonly struct DeviceBuffer : IEquatable<DeviceBuffer>
{
    private readonly BufferArea? _area;
    private readonly int _offsetBytes;

    internal DeviceBuffer(BufferArea area, int offsetBytes, int sizeBytes)
    {
        _area = area;
        _offsetBytes = offsetBytes;
        SizeBytes = sizeBytes;
    }

    /// <summary>Whether there is no buffer: a command without transfer.</summary>
    public bool IsEmpty => _area is null;

    /// <summary>Size of the data in bytes, without the prefix zone.</summary>
    public int SizeBytes { get; }

    /// <summary>The data's address in this process; 0 when there is no buffer, or its set was closed.</summary>
    public nint Address => _area is { Address: not 0 } area ? area.Address + _offsetBytes : 0;

    /// <summary>The data. Throws <see cref="ObjectDisposedException"/> when the set was closed here. A span that was taken
    /// earlier is not protected: do not keep one (B34).</summary>
    public Span<byte> Span => _area is null ? default : _area.GetSpan().Slice(_offsetBytes, SizeBytes);

    /// <summary>The data, for APIs that take memory; its span is taken anew, and checked, on each use.</summary>
    public Memory<byte> Memory => _area is null ? default : _area.Memory.Slice(_offsetBytes, SizeBytes);

    /// <summary>The client's private zone, which ends where the data begins (B21). For the client alone (B22).</summary>
    public Span<byte> PrefixZone => _area is null
        ? default
        : _area.GetSpan().Slice(_offsetBytes - _area.PrefixZoneSizeBytes, _area.PrefixZoneSizeBytes);

    internal uint Handle => _area is null ? BufferHandle.None : BufferHandle.Encode(_area.Index, _offsetBytes);

    internal BufferArea? Area => _area;

    internal int OffsetBytes => _offsetBytes;

    /// <summary>Whether two values mean the same buffer.</summary>
    public static bool operator ==(DeviceBuffer left, DeviceBuffer right) => left.Equals(right);

    /// <summary>Whether two values mean different buffers.</summary>
    public static bool operator !=(DeviceBuffer left, DeviceBuffer right) => !left.Equals(right);

    /// <summary>The first bytes of this buffer. The address stays; a shorter transfer uses less of it.</summary>
    public DeviceBuffer Slice(int sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, SizeBytes);
        return _area is null ? default : new DeviceBuffer(_area, _offsetBytes, sizeBytes);
    }

    /// <inheritdoc/>
    public bool Equals(DeviceBuffer other) =>
        ReferenceEquals(_area, other._area) && _offsetBytes == other._offsetBytes && SizeBytes == other.SizeBytes;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DeviceBuffer other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_area, _offsetBytes, SizeBytes);
}
