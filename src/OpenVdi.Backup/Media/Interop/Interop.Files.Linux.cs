using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media.Native;

/// <summary>What the base library does not offer of files: folders' durability and second names. DllImport, because the
/// arguments need no generated code and this room is not allowed unsafe code.</summary>
internal static partial class Interop
{
    // From asm-generic/fcntl.h.
    private const int ORdonly = 0;
    private const int ODirectory = 0x10000;
    private const int OCloexec = 0x80000;

    /// <summary>open(2) of a folder, for fsync.</summary>
    public static SafeFileHandle OpenFolder(string path) => open(path, ORdonly | DirectoryFlag | OCloexec);

    /// <summary>fsync(2).</summary>
    public static int Fsync(SafeFileHandle handle) => fsync(handle);

    /// <summary>link(2).</summary>
    public static int Link(string existingPath, string newPath) => link(existingPath, newPath);

    // O_DIRECTORY differs on Arm (asm/fcntl.h of that architecture).
    private static int DirectoryFlag =>
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : ODirectory;

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(SafeFileHandle handle);

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string existingPath, [MarshalAs(UnmanagedType.LPUTF8Str)] string newPath);
}
