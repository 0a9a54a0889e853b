using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media;

/// <summary>The file functions that media use, so that tests can count them and let the n-th one fail. They throw what
/// the base library throws.</summary>
internal interface IFileLayer
{
    /// <summary>Makes a file that was not there, mode 0600 whatever the umask, locked as long as the handle lives.</summary>
    SafeFileHandle CreateExclusive(string path);

    /// <summary>Stores all of the data at an offset.</summary>
    void Write(SafeFileHandle handle, ReadOnlySpan<byte> data, long offsetBytes);

    /// <summary>Reads what one call of the kernel gives; 0 at the end.</summary>
    int Read(SafeFileHandle handle, Span<byte> buffer, long offsetBytes);

    /// <summary>Sets the length of a file.</summary>
    void SetLength(SafeFileHandle handle, long lengthBytes);

    /// <summary>fsync of a file.</summary>
    void Flush(SafeFileHandle handle);

    /// <summary>A second name for a file.</summary>
    void Link(string existingPath, string newPath);

    /// <summary>rename(2): replaces what has the new name, in one step.</summary>
    void Rename(string path, string newPath);

    /// <summary>fsync of a folder: makes names durable.</summary>
    void FlushFolder(string path);

    /// <summary>Removes a name; nothing happens when there is none.</summary>
    void Delete(string path);
}
