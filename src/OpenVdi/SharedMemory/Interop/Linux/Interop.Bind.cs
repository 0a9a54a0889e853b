using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    /// <summary>The longest path that struct sockaddr_un holds, without its closing zero.</summary>
    internal const int MaxSocketPathBytes = 107;

    /// <summary>Gives a socket a name in the file system, made exclusively; the socket's own mode, set before, bounds the
    /// name's. Returns errno.</summary>
    internal static int Bind(SafeFileHandle socket, string path)
    {
        Span<byte> address = stackalloc byte[MaxSocketPathBytes + 3];
        int length = SocketAddress(path, address);
        fixed (byte* first = address)
        {
            return bind(socket, first, (uint)length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>struct sockaddr_un: the family in two bytes, then the path and a zero.</summary>
    private static int SocketAddress(string path, Span<byte> address)
    {
        address.Clear();
        address[0] = AF_UNIX;
        return 2 + Encoding.UTF8.GetBytes(path, address[2..]) + 1;
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int bind(SafeFileHandle socket, byte* address, uint length);
}
