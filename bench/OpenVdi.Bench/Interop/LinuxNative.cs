using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OpenVdi.Bench.Interop;

/// <summary>The few functions of Linux that the floor, the pipes and the measuring need. Constants are those of the
/// kernel's headers, the same on x86-64 and arm64 but for the number of futex.</summary>
internal static unsafe partial class LinuxNative
{
    private const int Eintr = 4;
    private const int Eagain = 11;
    private const int ProtReadWrite = 0x3;
    private const int MapShared = 0x1;
    private const int MapPopulate = 0x8000;
    private const int OReadWrite = 0x2;
    private const int OCloseOnExec = 0x80000;
    private const int FSetPipeSize = 1031;
    private const int FutexWaitOperation = 0;
    private const int FutexWakeOperation = 1;
    private const int AffinityBytes = 128;

    private static nint FutexNumber => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 98 : 202;

    /// <summary>An anonymous shared memory of a size. The peer opens it by <see cref="OpenOfProcess"/>.</summary>
    public static int CreateMemory(string name, long bytes)
    {
        int descriptor = Checked(memfd_create(name, 1), "memfd_create");
        _ = Checked(ftruncate(descriptor, bytes), "ftruncate");
        return descriptor;
    }

    /// <summary>Opens what another process of this user holds: a memory, a file, an end of a pipe.</summary>
    public static int OpenOfProcess(int processId, int descriptor, FileAccess access)
    {
        int flags = OCloseOnExec | access switch { FileAccess.Read => 0, FileAccess.Write => 1, _ => OReadWrite };
        return Checked(open($"/proc/{processId}/fd/{descriptor}", flags), "open");
    }

    /// <summary>Maps shared memory or a file, all pages present.</summary>
    public static nint Map(int descriptor, long bytes)
    {
        nint address = mmap(0, (nuint)bytes, ProtReadWrite, MapShared | MapPopulate, descriptor, 0);
        return address == -1 ? throw new Win32Exception(Marshal.GetLastPInvokeError(), "mmap") : address;
    }

    public static void Unmap(nint address, long bytes) => _ = munmap(address, (nuint)bytes);

    /// <summary>Makes an anonymous pipe, of the size that pipes have when nobody asks, or of another.</summary>
    public static (int ReadEnd, int WriteEnd) CreatePipe(int sizeBytes = 0)
    {
        int* ends = stackalloc int[2];
        _ = Checked(pipe2(ends, OCloseOnExec), "pipe2");
        if (sizeBytes > 0)
        {
            _ = Checked(fcntl(ends[1], FSetPipeSize, sizeBytes), "fcntl(F_SETPIPE_SZ)");
        }

        return (ends[0], ends[1]);
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>Writes all of it.</summary>
    /// <returns>False when nobody reads any more.</returns>
    public static bool WriteAll(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                nint written = write(descriptor, start + done, (nuint)(bytes.Length - done));
                if (written < 0 && Marshal.GetLastPInvokeError() != Eintr)
                {
                    return false;
                }

                done += Math.Max(written, 0);
            }
        }

        return true;
    }

    /// <summary>Reads until the span is full.</summary>
    /// <returns>False when the other side ended before.</returns>
    public static bool ReadAll(int descriptor, Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                nint count = read(descriptor, start + done, (nuint)(bytes.Length - done));
                if (count == 0 || (count < 0 && Marshal.GetLastPInvokeError() != Eintr))
                {
                    return false;
                }

                done += Math.Max(count, 0);
            }
        }

        return true;
    }

    /// <summary>Sleeps while a word has a value. Returns for any reason: look again.</summary>
    public static void FutexWait(uint* word, uint value)
    {
        if (syscall(FutexNumber, word, FutexWaitOperation, (nint)value, null) < 0
            && Marshal.GetLastPInvokeError() is var error && error is not (Eagain or Eintr))
        {
            throw new Win32Exception(error, "futex(FUTEX_WAIT)");
        }
    }

    public static void FutexWake(uint* word) => _ = syscall(FutexNumber, word, FutexWakeOperation, int.MaxValue, null);

    /// <summary>The processors that this thread may use.</summary>
    public static List<int> AllowedCores()
    {
        byte* mask = stackalloc byte[AffinityBytes];
        _ = Checked(sched_getaffinity(0, AffinityBytes, mask), "sched_getaffinity");
        return [.. Enumerable.Range(0, AffinityBytes * 8).Where(core => (mask[core / 8] >> (core % 8) & 1) != 0)];
    }

    /// <summary>Binds a thread to one processor. False when the thread has ended meanwhile.</summary>
    public static bool TryBind(int threadId, int core)
    {
        byte* mask = stackalloc byte[AffinityBytes];
        new Span<byte>(mask, AffinityBytes).Clear();
        mask[core / 8] = (byte)(1 << (core % 8));
        return sched_setaffinity(threadId, AffinityBytes, mask) == 0;
    }

    /// <summary>Processor time that this process has used, user and system, all threads.</summary>
    public static TimeSpan ProcessorTime()
    {
        // struct rusage: two timevals, then fourteen counters that are not of interest.
        long* usage = stackalloc long[18];
        _ = Checked(getrusage(0, usage), "getrusage");
        return TimeSpan.FromSeconds(usage[0] + usage[2]) + TimeSpan.FromMicroseconds(usage[1] + usage[3]);
    }

    private static int Checked(int result, string what) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), what);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int descriptor, long bytes);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint bytes, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint bytes);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* bytes, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, byte* bytes, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, uint* word, nint operation, nint value, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_getaffinity(int threadId, nuint bytes, byte* mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int threadId, nuint bytes, byte* mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrusage(int who, long* usage);
}
