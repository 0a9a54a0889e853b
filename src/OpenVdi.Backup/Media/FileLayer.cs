using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OpenVdi.Backup.Media.Native;

namespace OpenVdi.Backup.Media;

/// <summary>The real file functions.</summary>
internal sealed class FileLayer : IFileLayer
{
    /// <summary>The one instance; it has no state.</summary>
    public static FileLayer Instance { get; } = new();

    public SafeFileHandle CreateExclusive(string path)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            // The base library holds flock(LOCK_EX) for FileShare.None: the mark by which others see a living writer.
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            // A backup holds all that the database holds: for its owner alone, until the owner decides otherwise.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // The stream is only a way to the handle: it buffers nothing, and disposing of the handle is the caller's.
        return new FileStream(path, options).SafeFileHandle;
    }

    public void Write(SafeFileHandle handle, ReadOnlySpan<byte> data, long offsetBytes) =>
        RandomAccess.Write(handle, data, offsetBytes);

    public int Read(SafeFileHandle handle, Span<byte> buffer, long offsetBytes) =>
        RandomAccess.Read(handle, buffer, offsetBytes);

    public void SetLength(SafeFileHandle handle, long lengthBytes) => RandomAccess.SetLength(handle, lengthBytes);

    public void Flush(SafeFileHandle handle) => RandomAccess.FlushToDisk(handle);

    public void Link(string existingPath, string newPath)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("second names of files are not used on this platform");
        }

        Check(Interop.Link(existingPath, newPath), existingPath);
    }

    public void Rename(string path, string newPath) => File.Move(path, newPath, overwrite: true);

    public void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;   // NTFS journals names; there is nothing to ask for.
        }

        using SafeFileHandle folder = Interop.OpenFolder(path);
        Check(folder.IsInvalid ? -1 : Interop.Fsync(folder), path);
    }

    public void Delete(string path) => File.Delete(path);

    private static void Check(int result, string path)
    {
        if (result != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw new IOException($"{Marshal.GetPInvokeErrorMessage(errno)} : '{path}'", errno);
        }
    }
}
