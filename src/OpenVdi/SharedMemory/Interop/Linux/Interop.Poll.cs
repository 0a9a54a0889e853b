using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory;

internal static unsafe partial class Interop
{
    /// <summary>POLLIN: there is something to read, an end included.</summary>
    internal const short PollIn = 1;

    /// <summary>POLLERR, POLLHUP, POLLNVAL: the peer is gone, or the descriptor is.</summary>
    internal const short PollGone = 0x8 | 0x10 | 0x20;

    /// <summary>Waits until a descriptor has something; the number of those that have, or -1 with errno.</summary>
    /// <param name="files">What to wait for.</param>
    /// <param name="milliseconds">How long; -1 without end.</param>
    internal static int Poll(ReadOnlySpan<PollFile> files, int milliseconds)
    {
        fixed (PollFile* first = files)
        {
            return poll(first, (nuint)files.Length, milliseconds);
        }
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int poll(PollFile* files, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFile
    {
        public int File;
        public short Wanted;
        public short Found;
    }
}
