using System.Numerics;
using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    // bits/confname.h
    private const int _SC_NPROCESSORS_ONLN = 84;

    // sizeof(cpu_set_t); a kernel that was built for more processors than its bits refuses it.
    private const int CpuSetBytes = 128;

    /// <summary>The processors of the machine, also those that this process may not use: its peer may.</summary>
    internal static int MachineProcessorCount { get; } = (int)Math.Max(1, sysconf(_SC_NPROCESSORS_ONLN));

    /// <summary>The processors that the calling thread may use.</summary>
    internal static int AllowedProcessorCount()
    {
        ulong* mask = stackalloc ulong[CpuSetBytes / sizeof(ulong)];
        new Span<byte>(mask, CpuSetBytes).Clear();
        if (sched_getaffinity(0, CpuSetBytes, mask) != 0)
        {
            return MachineProcessorCount;
        }

        int count = 0;
        foreach (ulong word in new ReadOnlySpan<ulong>(mask, CpuSetBytes / sizeof(ulong)))
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    [LibraryImport(Libc)]
    private static partial nint sysconf(int name);

    [LibraryImport(Libc)]
    private static partial int sched_getaffinity(int pid, nuint size, ulong* mask);
}
