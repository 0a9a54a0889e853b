using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    // bits/socket.h, bits/socket_type.h
    private const int AF_UNIX = 1, SOCK_SEQPACKET = 5, SOCK_CLOEXEC = 0x80000, SOCK_NONBLOCK = 0x800;

    /// <summary>A local socket that keeps message borders and never blocks; invalid, with errno, on failure.</summary>
    internal static SafeFileHandle LocalSocket(out int errno)
    {
        nint fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return new SafeFileHandle(fd, ownsHandle: true);
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);
}
