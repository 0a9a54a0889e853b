using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    // asm-generic/unistd.h; the same on every architecture.
    private const nint PidfdOpenCall = 434;

    /// <summary>A handle that becomes readable when the process ends. Invalid, with errno, when there is no such process
    /// (ESRCH), or the kernel does not know how (before 5.3): then the socket's end is the only sign.</summary>
    internal static SafeFileHandle PidfdOpen(int processId, out int errno)
    {
        nint fd = pidfd_open(PidfdOpenCall, processId, 0);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return new SafeFileHandle(fd, ownsHandle: true);
    }

    [LibraryImport(Libc, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint pidfd_open(nint number, nint processId, nint flags);
}
