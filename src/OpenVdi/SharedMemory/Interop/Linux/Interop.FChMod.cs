using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    /// <summary>Sets the mode of an open file; of a socket before bind, the upper bound of its name's mode. Returns errno.</summary>
    internal static int FChMod(SafeFileHandle file, uint mode) =>
        fchmod(file, mode) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int fchmod(SafeFileHandle file, uint mode);
}
