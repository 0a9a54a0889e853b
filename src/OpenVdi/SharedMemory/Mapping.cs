using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>A shared file mapped into this process, at a multiple of 64 KiB (B23). Its owner sees to it that nobody uses the
/// address after <see cref="Dispose"/>.</summary>
internal sealed class Mapping : IDisposable
{
    private const long BaseAlignmentBytes = 65536;

    private readonly nuint _sizeBytes;
    private nint _address;

    private Mapping(nint address, nuint sizeBytes) => (_address, _sizeBytes) = (address, sizeBytes);

    /// <summary>Where it begins; 0 once disposed.</summary>
    public nint Address => Volatile.Read(ref _address);

    /// <summary>Maps the whole of a sealed file. The size has been checked.</summary>
    /// <returns>Null and errno on failure.</returns>
    public static Mapping? TryMap(SafeFileHandle file, long sizeBytes, out int errno)
    {
        // mmap promises a page; what is cut off around the aligned piece is given back.
        nuint size = (nuint)sizeBytes;
        nuint reservedSize = size + (nuint)BaseAlignmentBytes;
        nint reserved = Interop.ReserveAddresses(reservedSize, out errno);
        if (errno != 0)
        {
            return null;
        }

        nint address = (nint)BufferLayout.RoundUp(reserved, BaseAlignmentBytes);
        errno = Interop.MapShared(address, size, file);
        if (errno != 0)
        {
            Interop.Unmap(reserved, reservedSize);
            return null;
        }

        nuint before = (nuint)(address - reserved);
        nint end = address + (nint)BufferLayout.RoundUp(sizeBytes, SealedMemory.PageBytes);
        nuint behind = (nuint)(reserved + (nint)reservedSize - end);
        if (before > 0)
        {
            Interop.Unmap(reserved, before);
        }

        if (behind > 0)
        {
            Interop.Unmap(end, behind);
        }

        return new Mapping(address, size);
    }

    /// <summary>Enters all pages now.</summary>
    public void Populate() => Interop.Populate(Address, _sizeBytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address != 0)
        {
            Invariant.That(Interop.Unmap(address, _sizeBytes) == 0);
        }
    }
}
