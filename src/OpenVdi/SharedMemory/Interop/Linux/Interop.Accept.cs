using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    /// <summary>The next connection of a listening socket; invalid, with errno, when there is none.</summary>
    internal static SafeFileHandle Accept(SafeFileHandle socket, out int errno)
    {
        nint fd = accept4(socket, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return new SafeFileHandle(fd, ownsHandle: true);
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int accept4(SafeFileHandle socket, void* address, uint* length, int flags);
}
