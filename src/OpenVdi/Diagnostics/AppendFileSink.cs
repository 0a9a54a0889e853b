using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Diagnostics;

/// <summary>A file that several processes append to. The file is opened for appending, so the kernel puts each write at
/// the end, whoever writes; the base library's own append mode remembers a position and would overwrite the others.</summary>
internal sealed class AppendFileSink : ITraceSink, IDisposable
{
    private readonly SafeFileHandle _file;

    public AppendFileSink(string path) => _file = OperatingSystem.IsLinux()
        ? Interop.OpenForAppend(path)
        : File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);

    public void Write(ReadOnlySpan<byte> line)
    {
        try
        {
            // On Linux the position is of no account for a file opened for appending, see pwrite(2).
            RandomAccess.Write(_file, line, OperatingSystem.IsLinux() ? 0 : RandomAccess.GetLength(_file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // A full disk loses lines of the trace; the host goes on.
        }
    }

    public void Dispose() => _file.Dispose();
}
