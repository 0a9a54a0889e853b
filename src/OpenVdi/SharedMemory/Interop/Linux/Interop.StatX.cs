using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // linux/fcntl.h, linux/stat.h
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC_STATS = 0x7FF;

    /// <summary>Size and link count of an open file; returns errno.</summary>
    internal static int GetFileFacts(SafeFileHandle file, out long sizeBytes, out uint linkCount)
    {
        // struct statx: nlink at 16, size at 40.
        byte* facts = stackalloc byte[256];
        int result = statx(file, string.Empty, AT_EMPTY_PATH, STATX_BASIC_STATS, facts);
        sizeBytes = *(long*)(facts + 40);
        linkCount = *(uint*)(facts + 16);
        return result == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle directory, string path, int flags, uint mask, byte* facts);
}
