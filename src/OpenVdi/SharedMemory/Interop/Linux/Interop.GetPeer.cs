using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // asm-generic/socket.h
    private const int SOL_SOCKET = 1, SO_PEERCRED = 17;

    /// <summary>The process at the other end of a connection, as the kernel knows it; 0 when it cannot say.</summary>
    internal static int GetPeerProcessId(SafeFileHandle socket)
    {
        // struct ucred: pid, uid, gid.
        int* credentials = stackalloc int[3];
        uint length = 3 * sizeof(int);
        return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, credentials, &length) == 0 ? credentials[0] : 0;
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int getsockopt(SafeFileHandle socket, int level, int option, void* value, uint* length);
}
