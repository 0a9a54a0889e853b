using System.Runtime.InteropServices;

namespace OpenVdi.Transport;

/// <summary>One party's view of a buffer area. All parties' views share one array; each ends with its party's Close.</summary>
internal sealed class InProcessBufferArea : BufferArea
{
    /// <summary>The base of an area is a multiple of it (B23).</summary>
    public const int BaseAlignmentBytes = 65536;

    private readonly byte[] _memory;
    private readonly int _baseOffset;
    private readonly nint _baseAddress;
    private volatile bool _released;

    private InProcessBufferArea(int index, int sizeBytes, uint prefixZoneSizeBytes, byte[] memory)
        : base(index, sizeBytes, prefixZoneSizeBytes)
    {
        _memory = memory;
        // The array is pinned, so its address is its for life; the part before the first multiple is not used.
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        _baseOffset = (int)(BufferLayout.RoundUp(address, BaseAlignmentBytes) - address);
        _baseAddress = address + _baseOffset;
    }

    /// <inheritdoc/>
    public override nint Address => _released ? 0 : _baseAddress;

    /// <summary>A new area, zeroed.</summary>
    /// <exception cref="OutOfMemoryException">There is not so much memory.</exception>
    public static InProcessBufferArea Allocate(int index, int sizeBytes, uint prefixZoneSizeBytes) =>
        new(index, sizeBytes, prefixZoneSizeBytes, GC.AllocateArray<byte>(sizeBytes + BaseAlignmentBytes - 1, pinned: true));

    /// <summary>Another party's view of the same memory.</summary>
    public InProcessBufferArea Share() => new(Index, SizeBytes, (uint)PrefixZoneSizeBytes, _memory);

    /// <summary>Ends this view: its address is 0 and its span is refused from now on (B34).</summary>
    public void Release() => _released = true;

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_released, this);
        return _memory.AsSpan(_baseOffset, SizeBytes);
    }

    /// <summary>For compressors and others that take addresses; the memory never moves.</summary>
    public override System.Buffers.MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_released, this);
        return _memory.AsMemory(_baseOffset, SizeBytes)[elementIndex..].Pin();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Release();
}
