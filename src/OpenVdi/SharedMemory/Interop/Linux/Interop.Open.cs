using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    // asm-generic/fcntl.h
    private const int O_RDWR = 2, O_CREAT = 0x40, O_CLOEXEC = 0x80000;

    /// <summary>O_NOFOLLOW differs: x86 and arm64 disagree.</summary>
    private static readonly int s_noFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>Opens a regular file for locking, making it when it is not there, mode 0600; errno on failure.</summary>
    internal static SafeFileHandle OpenLockFile(string path, out int errno)
    {
        nint fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | s_noFollow, 0x180);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return new SafeFileHandle(fd, ownsHandle: true);
    }

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);
}
