using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media.Native;

/// <summary>read and write of a descriptor at its own offset: the base library's positional calls would write a
/// redirected standard output from offset 0, and its console stream hides a broken pipe.</summary>
internal static partial class Interop
{
    /// <summary>EINTR: a signal came first; call again.</summary>
    public const int Eintr = 4;

    /// <summary>EAGAIN: the descriptor was made non-blocking by whoever shares it; wait with <see cref="WaitReady"/>.</summary>
    public const int Eagain = 11;

    // From asm-generic/fcntl.h.
    private const int OWronly = 1;
    private const int ONonblock = 0x800;

    private const short Pollin = 1;
    private const short Pollout = 4;

    // F_SETPIPE_SZ, from linux/fcntl.h: F_LINUX_SPECIFIC_BASE (1024) + 7.
    private const int FSetpipeSz = 1031;

    /// <summary>write(2): the bytes written, or -1.</summary>
    public static nint Write(SafeFileHandle handle, ReadOnlySpan<byte> data) =>
        write(handle, ref MemoryMarshal.GetReference(data), (nuint)data.Length);

    /// <summary>read(2): the bytes read, 0 at the end, or -1.</summary>
    public static nint Read(SafeFileHandle handle, Span<byte> buffer) =>
        read(handle, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);

    /// <summary>poll(2): waits, without a limit, until a descriptor is ready or the alarm rings.</summary>
    public static int WaitReady(SafeFileHandle handle, bool forWriting, SafeFileHandle alarm)
    {
        PollDescriptor[] descriptors =
        [
            new() { Descriptor = (int)handle.DangerousGetHandle(), Events = forWriting ? Pollout : Pollin },
            new() { Descriptor = (int)alarm.DangerousGetHandle(), Events = Pollin },
        ];
        return poll(descriptors, (nuint)descriptors.Length, -1);
    }

    /// <summary>An alarm that <see cref="WaitReady"/> hears: eventfd(2).</summary>
    public static SafeFileHandle CreateAlarm() => eventfd(0, OCloexec | ONonblock);

    /// <summary>Lets an alarm ring, for good.</summary>
    public static void Ring(SafeFileHandle alarm)
    {
        ulong one = 1;
        _ = Write(alarm, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in one)));
    }

    /// <summary>A second way to write to a pipe that somebody else holds too: one that does not block, while theirs stays
    /// as it is.</summary>
    public static SafeFileHandle ReopenWithoutBlocking(SafeFileHandle pipe) =>
        open($"/proc/self/fd/{pipe.DangerousGetHandle()}", OWronly | ONonblock | OCloexec);

    /// <summary>Asks for a larger pipe; best effort: what is no pipe, or beyond the limit, stays as it is.</summary>
    public static void TryEnlargePipe(SafeFileHandle handle, int sizeBytes) => _ = fcntl(handle, FSetpipeSz, sizeBytes);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint write(SafeFileHandle handle, ref byte data, nuint count);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint read(SafeFileHandle handle, ref byte buffer, nuint count);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int poll([In, Out] PollDescriptor[] descriptors, nuint count, int timeoutMilliseconds);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle eventfd(uint initial, int flags);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(SafeFileHandle handle, int command, int argument);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short ReturnedEvents;
    }
}
