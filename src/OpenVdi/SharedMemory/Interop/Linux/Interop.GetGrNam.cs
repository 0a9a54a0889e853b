using System.Globalization;
using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    /// <summary>The number of a group, given its name or the number itself; null when there is no such group.</summary>
    internal static uint? FindGroup(string nameOrNumber)
    {
        if (uint.TryParse(nameOrNumber, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number;
        }

        byte[] text = new byte[16384];
        byte* group = stackalloc byte[64];
        void* found = null;
        fixed (byte* first = text)
        {
            // struct group: name, password, gid (at 16 with 8-byte pointers), members.
            return getgrnam_r(nameOrNumber, group, first, (nuint)text.Length, &found) == 0 && found is not null
                ? *(uint*)(group + 16)
                : null;
        }
    }

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int getgrnam_r(string name, void* group, byte* text, nuint length, void** found);
}
