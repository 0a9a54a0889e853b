using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // linux/eventfd.h
    private const int EFD_CLOEXEC = 0x80000, EFD_NONBLOCK = 0x800;

    /// <summary>A counter that can be polled; invalid, with errno, on failure.</summary>
    internal static SafeFileHandle EventFd(out int errno)
    {
        nint fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Makes an event readable.</summary>
    internal static void SetEvent(SafeFileHandle file)
    {
        ulong one = 1;
        _ = write(file, &one, sizeof(ulong));
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static partial nint write(SafeFileHandle file, void* data, nuint count);
}
