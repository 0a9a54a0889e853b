using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Engines.Sqlite.Files;

/// <summary>What the base library does not offer: a file's identity, its owner, a directory's fsync, a rename that does
/// not replace. Linux only; callers ask <see cref="OperatingSystem.IsLinux"/> first.</summary>
internal static class Interop
{
    private const int AtEmptyPath = 0x1000;      // <fcntl.h> AT_EMPTY_PATH
    private const int AtFdCwd = -100;            // <fcntl.h> AT_FDCWD
    private const uint StatxBasic = 0x7ff;       // <linux/stat.h> STATX_BASIC_STATS
    private const uint RenameNoReplace = 1;      // <linux/fs.h> RENAME_NOREPLACE
    private const int OpenDirectory = 0x10000;   // O_DIRECTORY on x86-64; arm64 has 0x4000, and O_RDONLY alone serves too
    private const int OpenCloseOnExec = 0x80000; // <fcntl.h> O_CLOEXEC
    private const int StatxBytes = 256;

    /// <summary>The errno values that callers tell apart.</summary>
    internal const int ErrnoExists = 17, ErrnoInvalid = 22, ErrnoInterrupted = 4, ErrnoNotImplemented = 38;

    /// <summary>Which file a descriptor means, its links and its owner; null when the kernel does not say.</summary>
    internal static FileIdentity? Identify(SafeFileHandle file)
    {
        byte[] statx = new byte[StatxBytes];
        return Statx(file, string.Empty, AtEmptyPath, StatxBasic, statx) == 0 ? Parse(statx) : null;
    }

    /// <summary>Which file a path means now; null when there is none, or the kernel does not say.</summary>
    internal static FileIdentity? Identify(string path)
    {
        byte[] statx = new byte[StatxBytes];
        return StatxPath(AtFdCwd, path, 0, StatxBasic, statx) == 0 ? Parse(statx) : null;
    }

    private static FileIdentity Parse(byte[] statx)
    {
        // struct statx has the same fixed layout on every architecture (<linux/stat.h>).
        return new FileIdentity(
            Device: ((ulong)BitConverter.ToUInt32(statx, 136) << 32) | BitConverter.ToUInt32(statx, 140),
            Inode: BitConverter.ToUInt64(statx, 32),
            LinkCount: BitConverter.ToUInt32(statx, 16),
            UserId: BitConverter.ToUInt32(statx, 20),
            GroupId: BitConverter.ToUInt32(statx, 24));
    }

    /// <summary>Gives a file to an owner. False when this process may not.</summary>
    internal static bool TryChangeOwner(SafeFileHandle file, uint userId, uint groupId) =>
        Fchown(file, userId, groupId) == 0;

    /// <summary>Renames, refusing to replace.</summary>
    /// <returns>0, or errno.</returns>
    internal static int RenameExclusive(string from, string to) =>
        Renameat2(AtFdCwd, from, AtFdCwd, to, RenameNoReplace) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Makes what was renamed in a directory durable.</summary>
    internal static void SyncDirectory(string path)
    {
        int flags = OpenCloseOnExec
            | (RuntimeInformation.ProcessArchitecture == Architecture.X64 ? OpenDirectory : 0);
        int descriptor = OpenForReading(path, flags);
        if (descriptor < 0)
        {
            throw new IOException($"directory '{path}': open for fsync failed with errno {Marshal.GetLastPInvokeError()}");
        }

        using var directory = new SafeFileHandle(descriptor, ownsHandle: true);
        while (Fsync(directory) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno == ErrnoInvalid)
            {
                return; // A file system without durable directories; there is nothing to wait for.
            }

            if (errno != ErrnoInterrupted)
            {
                throw new IOException($"directory '{path}': fsync failed with errno {errno}");
            }
        }
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(
        SafeFileHandle directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] result);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatxPath(
        int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] result);

    [DllImport("libc", EntryPoint = "fchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fchown(SafeFileHandle file, uint userId, uint groupId);

    [DllImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Renameat2(
        int fromDirectory,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from,
        int toDirectory,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string to,
        uint flags);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenForReading([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(SafeFileHandle file);
}

/// <summary>What statx says of a file.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, uint LinkCount, uint UserId, uint GroupId);
