using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    /// <summary>Gives addresses back; returns errno.</summary>
    internal static int Unmap(nint address, nuint sizeBytes) =>
        munmap(address, sizeBytes) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int munmap(nint address, nuint length);
}
