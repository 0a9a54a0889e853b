using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // linux/fcntl.h: a lock that belongs to the open file, not to the process, and goes with it.
    private const int F_OFD_SETLK = 37;
    private const short F_WRLCK = 1;

    /// <summary>Takes the write lock of a whole file if nobody has it; returns whether it did.</summary>
    internal static bool TryLock(SafeFileHandle file)
    {
        FileLock whole = new() { Type = F_WRLCK };
        return fcntl(file, F_OFD_SETLK, (nint)(&whole)) == 0;
    }

    // struct flock of a 64-bit kernel; a length of 0 means to the end.
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct FileLock
    {
        [FieldOffset(0)] public short Type;
        [FieldOffset(2)] public short Whence;
        [FieldOffset(8)] public long Start;
        [FieldOffset(16)] public long Length;
        [FieldOffset(24)] public int ProcessId;
    }
}
