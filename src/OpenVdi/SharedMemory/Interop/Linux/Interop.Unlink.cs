using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    /// <summary>Removes a name; returns errno.</summary>
    internal static int Unlink(string path) => unlink(path) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);
}
