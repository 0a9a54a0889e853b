using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    /// <summary>Connects a local socket; returns errno. ECONNREFUSED: the name is there and nobody listens.</summary>
    internal static int Connect(SafeFileHandle socket, string path)
    {
        Span<byte> address = stackalloc byte[MaxSocketPathBytes + 3];
        int length = SocketAddress(path, address);
        fixed (byte* first = address)
        {
            while (connect(socket, first, (uint)length) != 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    return errno;
                }
            }
        }

        return 0;
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int connect(SafeFileHandle socket, byte* address, uint length);
}
