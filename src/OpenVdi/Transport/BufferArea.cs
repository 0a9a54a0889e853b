using System.Buffers;

namespace OpenVdi.Transport;

/// <summary>A stretch of memory that both halves see: index and size are the set's, the address is this process's.</summary>
internal abstract class BufferArea : MemoryManager<byte>
{
    protected BufferArea(int index, int sizeBytes, uint prefixZoneSizeBytes)
    {
        Index = index;
        SizeBytes = sizeBytes;
        PrefixZoneSizeBytes = (int)prefixZoneSizeBytes;
    }

    /// <summary>Which area of its set this is.</summary>
    public int Index { get; }

    /// <summary>Its size, at most <see cref="BufferHandle.MaxAreaBytes"/>.</summary>
    public int SizeBytes { get; }

    /// <summary>The set's prefix zone, which lies before each buffer (B21).</summary>
    public int PrefixZoneSizeBytes { get; }

    /// <summary>Where it begins in this process; a multiple of 64 KiB (B23). 0 once released.</summary>
    public abstract nint Address { get; }

    /// <summary>Whether an address lies in this area (B11).</summary>
    public bool Contains(nint address) => Address != 0 && address >= Address && address < Address + SizeBytes;

    /// <summary>The buffer at an offset, when it and its prefix zone lie in the area.</summary>
    public bool TrySlice(int offsetBytes, uint sizeBytes, out DeviceBuffer buffer)
    {
        buffer = default;
        if (Address == 0 || offsetBytes < PrefixZoneSizeBytes || offsetBytes > SizeBytes
            || sizeBytes > (uint)(SizeBytes - offsetBytes))
        {
            return false;
        }

        buffer = new DeviceBuffer(this, offsetBytes, (int)sizeBytes);
        return true;
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) =>
        throw new NotSupportedException("take the address of a device buffer from DeviceBuffer.Address");

    /// <inheritdoc/>
    public override void Unpin()
    {
    }
}
