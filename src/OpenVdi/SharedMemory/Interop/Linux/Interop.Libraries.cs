namespace OpenVdi.SharedMemory;

/// <summary>The native functions of Linux that the transport uses, one per file. Wrappers read errno at once and repeat a
/// call that a signal interrupted; numbers are those of the kernel's own headers (asm-generic and x86-64 agree on them
/// unless a file says otherwise).</summary>
internal static partial class Interop
{
    private const string Libc = "libc";

    /// <summary>errno values that callers tell apart (asm-generic/errno-base.h, errno.h).</summary>
    internal static class Errno
    {
        public const int EPERM = 1, ENOENT = 2, EINTR = 4, EAGAIN = 11, ENOMEM = 12, EACCES = 13, EEXIST = 17, EINVAL = 22,
            ENFILE = 23, EMFILE = 24, ENOSPC = 28, EPIPE = 32, ENOSYS = 38, EADDRINUSE = 98, ECONNRESET = 104, ETIMEDOUT = 110,
            ECONNREFUSED = 111;
    }
}
