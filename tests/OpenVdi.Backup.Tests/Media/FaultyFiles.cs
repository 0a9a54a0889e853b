using Microsoft.Win32.SafeHandles;
using OpenVdi.Backup.Media;

namespace OpenVdi.Backup.Tests.Media;

/// <summary>The real file functions, of which the n-th call fails once: faults by counting.</summary>
internal sealed class FaultyFiles(int failAt, Func<Exception>? fault = null) : IFileLayer
{
    private readonly Func<Exception> _fault = fault ?? (static () => new IOException("an injected failure", 5));
    private int _count;

    /// <summary>Whether the failure has happened.</summary>
    public bool HasFired => Fired is not null;

    /// <summary>The function that failed.</summary>
    public string? Fired { get; private set; }

    public SafeFileHandle CreateExclusive(string path) => Do(nameof(CreateExclusive), files => files.CreateExclusive(path));

    public void Write(SafeFileHandle handle, ReadOnlySpan<byte> data, long offsetBytes)
    {
        Count(nameof(Write));
        FileLayer.Instance.Write(handle, data, offsetBytes);
    }

    public int Read(SafeFileHandle handle, Span<byte> buffer, long offsetBytes)
    {
        Count(nameof(Read));
        return FileLayer.Instance.Read(handle, buffer, offsetBytes);
    }

    public void SetLength(SafeFileHandle handle, long lengthBytes) =>
        Do(nameof(SetLength), files => files.SetLength(handle, lengthBytes));

    public void Flush(SafeFileHandle handle) => Do(nameof(Flush), files => files.Flush(handle));

    public void Link(string existingPath, string newPath) => Do(nameof(Link), files => files.Link(existingPath, newPath));

    public void Rename(string path, string newPath) => Do(nameof(Rename), files => files.Rename(path, newPath));

    public void FlushFolder(string path) => Do(nameof(FlushFolder), files => files.FlushFolder(path));

    public void Delete(string path) => Do(nameof(Delete), files => files.Delete(path));

    private void Do(string function, Action<IFileLayer> call) => Do(function, files =>
    {
        call(files);
        return 0;
    });

    private T Do<T>(string function, Func<IFileLayer, T> call)
    {
        Count(function);
        return call(FileLayer.Instance);
    }

    private void Count(string function)
    {
        if (Interlocked.Increment(ref _count) == failAt)
        {
            Fired = function;
            throw _fault();
        }
    }
}
