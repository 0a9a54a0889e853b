using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Diagnostics;

/// <summary>open(2), for the one thing that the base library cannot ask: O_APPEND.</summary>
internal static partial class Interop
{
    // asm-generic/fcntl.h; the same on x86-64 and arm64.
    private const int WriteOnly = 0x1, Create = 0x40, Append = 0x400, CloseOnExec = 0x80000;

    // rw for the owner alone: names of sets and sizes are nobody else's business.
    private const int Mode = 0x180;

    private const int InterruptedCall = 4; // EINTR

    /// <summary>Opens or makes a file whose every write goes to its end.</summary>
    public static SafeFileHandle OpenForAppend(string path)
    {
        while (true)
        {
            int descriptor = Open(path, WriteOnly | Create | Append | CloseOnExec, Mode);
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }

            int error = Marshal.GetLastPInvokeError();
            if (error != InterruptedCall)
            {
                throw new IOException(new Win32Exception(error).Message);
            }
        }
    }

    // int open(const char* path, int flags, mode_t mode). Variadic in C; on Linux the third travels the same way.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);
}
