using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Engines.Sqlite.Files;

/// <summary>
/// This process's own read descriptors on files that SQLite locks. They are opened once per file and kept for the life of
/// the process.
/// </summary>
/// <remarks>
/// SQLite locks with POSIX record locks (fcntl F_SETLK). These belong to the process and the file, not to the descriptor:
/// closing *any* descriptor of a file drops all locks of this process on it, SQLite's included, in this and in every other
/// connection of the host program. So no descriptor that this class has given out is ever closed while the file has a
/// name. One exists for each database file and each wal-index (-shm) file that was ever backed up; a file that was
/// deleted meanwhile (no link left) has no other user to protect, and its descriptor is closed at the next call.
/// </remarks>
internal static class KeptFiles
{
    private static readonly Lock s_gate = new();
    private static readonly Dictionary<(ulong Device, ulong Inode), SafeFileHandle> s_files = [];
    private static ulong s_spareCount;

    /// <summary>How many descriptors are kept.</summary>
    internal static int Count
    {
        get
        {
            lock (s_gate)
            {
                return s_files.Count;
            }
        }
    }

    /// <summary>The kept descriptor of the file that has this name now. The caller must not dispose it.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static SafeFileHandle Open(string path)
    {
        lock (s_gate)
        {
            CloseDeleted();

            // Asked of the path before anything is opened: a descriptor opened only to look could not be closed again.
            if (OperatingSystem.IsLinux() && Interop.Identify(path) is { } known
                && s_files.TryGetValue((known.Device, known.Inode), out SafeFileHandle? kept))
            {
                return kept;
            }

            // ReadWrite and Delete sharing: the base library then takes no lock of its own.
            SafeFileHandle file = File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            if (OperatingSystem.IsLinux() && Interop.Identify(file) is { } identity
                && s_files.TryAdd((identity.Device, identity.Inode), file))
            {
                return file;
            }

            // Another system, or the path changed its file between the two questions: kept all the same.
            s_files.Add((ulong.MaxValue, ++s_spareCount), file);
            return file;
        }
    }

    private static void CloseDeleted()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (((ulong Device, ulong Inode) key, SafeFileHandle file) in s_files)
        {
            if (Interop.Identify(file) is { LinkCount: 0 })
            {
                s_files.Remove(key);
                file.Dispose();
            }
        }
    }
}
