using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    /// <summary>Gives a name to a group, the owner staying; returns errno.</summary>
    internal static int ChangeGroup(string path, uint groupId) =>
        lchown(path, uint.MaxValue, groupId) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint owner, uint group);
}
