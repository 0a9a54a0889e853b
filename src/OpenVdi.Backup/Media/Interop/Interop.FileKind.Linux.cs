using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media.Native;

/// <summary>What kind of file a name means. statx(2), because its layout is the same on every architecture.</summary>
internal static partial class Interop
{
    // From linux/fcntl.h and linux/stat.h.
    private const int AtFdcwd = -100;
    private const uint StatxType = 1;
    private const int StatxSizeBytes = 256;
    private const int StatxModeOffset = 28;
    private const int AtEmptyPath = 0x1000;
    private const int SIfifo = 0x1000;
    private const int SIfmt = 0xF000;
    private const int SIfreg = 0x8000;
    private const int SIfdir = 0x4000;

    /// <summary>Whether a name exists and is neither a plain file nor a folder. Links are followed.</summary>
    public static bool IsPipeOrDevice(string path) => Kind(AtFdcwd, path, 0) is { } kind && kind is not SIfreg and not SIfdir;

    /// <summary>Whether a descriptor is a pipe's end, named or not.</summary>
    public static bool IsPipe(SafeFileHandle handle) =>
        Kind((int)handle.DangerousGetHandle(), string.Empty, AtEmptyPath) == SIfifo;

    private static int? Kind(int folder, string path, int flags)
    {
        byte[] status = new byte[StatxSizeBytes];
        return statx(folder, path, flags, StatxType, status) == 0
            ? BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(StatxModeOffset)) & SIfmt
            : null;
    }

    [DllImport("libc", SetLastError = true, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] status);
}
