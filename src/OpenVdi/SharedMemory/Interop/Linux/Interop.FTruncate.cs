using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    /// <summary>Sets the size of a file; returns errno.</summary>
    internal static int FTruncate(SafeFileHandle file, long sizeBytes) =>
        ftruncate(file, sizeBytes) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int ftruncate(SafeFileHandle file, long sizeBytes);
}
