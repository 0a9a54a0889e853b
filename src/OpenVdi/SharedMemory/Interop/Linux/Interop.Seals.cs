using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    // linux/fcntl.h
    private const int F_ADD_SEALS = 1033, F_GET_SEALS = 1034;

    /// <summary>F_SEAL_SEAL, F_SEAL_SHRINK and F_SEAL_GROW: the size stays what it is, and so does this promise.</summary>
    internal const int SizeSeals = 0x1 | 0x2 | 0x4;

    /// <summary>Seals the size of a file; returns errno.</summary>
    internal static int SealSize(SafeFileHandle file) =>
        fcntl(file, F_ADD_SEALS, SizeSeals) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>The seals of a file; -1 for one that cannot have any.</summary>
    internal static int GetSeals(SafeFileHandle file) => fcntl(file, F_GET_SEALS, 0);

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, nint argument);
}
