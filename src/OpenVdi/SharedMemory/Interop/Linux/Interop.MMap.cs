using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    // asm-generic/mman-common.h
    private const int PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2;
    private const int MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000;

    /// <summary>Sets address space aside without memory behind it; -1 and errno on failure.</summary>
    internal static nint ReserveAddresses(nuint sizeBytes, out int errno)
    {
        nint address = mmap_reserve(0, sizeBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        errno = address == -1 ? Marshal.GetLastPInvokeError() : 0;
        return address;
    }

    /// <summary>Maps a file, shared, readable and writable, over addresses that were set aside; returns errno.</summary>
    internal static int MapShared(nint address, nuint sizeBytes, SafeFileHandle file) =>
        mmap(address, sizeBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == address
            ? 0
            : Marshal.GetLastPInvokeError();

    [LibraryImport(Libc, SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport(Libc, SetLastError = true, EntryPoint = "mmap")]
    private static partial nint mmap_reserve(nint address, nuint length, int protection, int flags, int file, long offset);
}
