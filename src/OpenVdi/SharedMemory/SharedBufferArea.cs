using Microsoft.Win32.SafeHandles;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>A buffer area in shared memory, mapped here.</summary>
internal sealed unsafe class SharedBufferArea : BufferArea
{
    private readonly Mapping _mapping;

    private SharedBufferArea(int index, int sizeBytes, uint prefixZoneSizeBytes, SafeFileHandle file, Mapping mapping)
        : base(index, sizeBytes, prefixZoneSizeBytes)
    {
        File = file;
        _mapping = mapping;
    }

    /// <summary>The memory itself, to be handed on.</summary>
    public SafeFileHandle File { get; }

    /// <inheritdoc/>
    public override nint Address => _mapping.Address;

    /// <summary>Makes an area: the server's part. It calls <see cref="Populate"/> once the clients can do so too.</summary>
    public static VdFailure? TryCreate(int index, long sizeBytes, uint prefixZoneSizeBytes, out SharedBufferArea? area)
    {
        area = null;
        VdFailure? failure = SealedMemory.TryCreate("openvdi-buffers", sizeBytes, out SafeFileHandle? file);
        failure ??= SealedMemory.Fill(file!, 0, sizeBytes);
        failure ??= TryMap(index, sizeBytes, prefixZoneSizeBytes, file!, out area);
        if (failure is not null)
        {
            file?.Dispose();
        }

        return failure;
    }

    /// <summary>Maps an area that another party made, after a check that it is what it should be. Owns the file on success.</summary>
    public static VdFailure? TryOpen(
        int index, long sizeBytes, uint prefixZoneSizeBytes, SafeFileHandle file, out SharedBufferArea? area)
    {
        area = null;
        if (sizeBytes <= 0 || sizeBytes > BufferHandle.MaxAreaBytes || !SealedMemory.IsSealed(file, sizeBytes))
        {
            return new VdFailure(VdResult.Aborted, $"buffer area {index}: expected {sizeBytes} bytes of sealed shared memory");
        }

        VdFailure? failure = TryMap(index, sizeBytes, prefixZoneSizeBytes, file, out area);
        area?.Populate();
        return failure;
    }

    /// <summary>Enters the area's pages into this process's tables, so that the first use of a buffer is as fast as the next.</summary>
    public void Populate() => _mapping.Populate();

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        nint address = _mapping.Address;
        ObjectDisposedException.ThrowIf(address == 0, this);
        return new Span<byte>((void*)address, SizeBytes);
    }

    /// <summary>For compressors and others that take addresses; the memory never moves. A pin does not keep it mapped.</summary>
    public override System.Buffers.MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, SizeBytes);
        nint address = _mapping.Address;
        ObjectDisposedException.ThrowIf(address == 0, this);
        return new System.Buffers.MemoryHandle((byte*)address + elementIndex, default, this);
    }

    /// <summary>Unmaps it: every address in it is invalid from now on (B34).</summary>
    public void Release()
    {
        _mapping.Dispose();
        File.Dispose();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Release();
        }
    }

    private static VdFailure? TryMap(
        int index, long sizeBytes, uint prefixZoneSizeBytes, SafeFileHandle file, out SharedBufferArea? area)
    {
        area = null;
        Mapping? mapping = Mapping.TryMap(file, sizeBytes, out int errno);
        if (mapping is null)
        {
            return SystemFailure.Of(errno, $"buffer area {index} of {sizeBytes} bytes cannot be mapped");
        }

        area = new SharedBufferArea(index, (int)sizeBytes, prefixZoneSizeBytes, file, mapping);
        return null;
    }
}
