using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static partial class Interop
{
    // bits/confname.h
    private const int _SC_NPROCESSORS_ONLN = 84;

    /// <summary>The processors of the machine, also those that this process may not use: its peer may.</summary>
    internal static int MachineProcessorCount { get; } = (int)Math.Max(1, sysconf(_SC_NPROCESSORS_ONLN));

    [LibraryImport(Libc)]
    private static partial nint sysconf(int name);
}
