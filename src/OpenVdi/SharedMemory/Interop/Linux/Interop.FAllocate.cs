using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    /// <summary>Gives a range of a file its pages now, so that touching them cannot fail later; returns errno.</summary>
    internal static int FAllocate(SafeFileHandle file, long offsetBytes, long sizeBytes)
    {
        while (fallocate(file, 0, offsetBytes, sizeBytes) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int fallocate(SafeFileHandle file, int mode, long offsetBytes, long sizeBytes);
}
