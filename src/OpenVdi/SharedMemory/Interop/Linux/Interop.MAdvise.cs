using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    // asm-generic/mman-common.h
    private const int MADV_POPULATE_WRITE = 23;

    /// <summary>Enters a range's pages into this process's tables now: the first use of a buffer is then as fast as the
    /// next. A kernel that does not know how (before 5.14) does it on first touch.</summary>
    internal static void Populate(nint address, nuint sizeBytes) => _ = madvise(address, sizeBytes, MADV_POPULATE_WRITE);

    [LibraryImport(Libc)]
    private static partial int madvise(nint address, nuint length, int advice);
}
