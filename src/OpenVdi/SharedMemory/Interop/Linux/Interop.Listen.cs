using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    /// <summary>Lets others connect; returns errno.</summary>
    internal static int Listen(SafeFileHandle socket, int backlog) =>
        listen(socket, backlog) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int listen(SafeFileHandle socket, int backlog);
}
