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
/// deleted meanwhile (no link left) has no other user to protect, and its descriptor is closed at the next call when no
/// snapshot reads from it.
/// </remarks>
internal static class KeptFiles
{
    private static readonly Lock s_gate = new();
    private static readonly Dictionary<(ulong Device, ulong Inode), Entry> s_files = [];
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

    /// <summary>The kept descriptor of the file that has this name now.</summary>
    /// <returns>A use of it, to be disposed; that does not close it.</returns>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static Use Open(string path)
    {
        lock (s_gate)
        {
            CloseDeleted();

            // Asked of the path before anything is opened: a descriptor opened only to look could not be closed again.
            if (OperatingSystem.IsLinux() && Interop.Identify(path) is { } known
                && s_files.TryGetValue((known.Device, known.Inode), out Entry? kept))
            {
                return new Use(kept);
            }

            // ReadWrite and Delete sharing: the base library then takes no lock of its own.
            var opened = new Entry(File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan));
            if (!OperatingSystem.IsLinux() || Interop.Identify(opened.File) is not { } identity
                || !s_files.TryAdd((identity.Device, identity.Inode), opened))
            {
                // Another system, or the path changed its file between the two questions: kept all the same.
                s_files.Add((ulong.MaxValue, ++s_spareCount), opened);
            }

            return new Use(opened);
        }
    }

    private static void CloseDeleted()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // Removing while enumerating is allowed for this collection.
        foreach (((ulong Device, ulong Inode) key, Entry entry) in s_files)
        {
            if (entry.UseCount == 0 && Interop.Identify(entry.File) is { LinkCount: 0 })
            {
                s_files.Remove(key);
                entry.File.Dispose();
            }
        }
    }

    /// <summary>A use of a kept descriptor.</summary>
    internal sealed class Use : IDisposable
    {
        private Entry? _entry;

        // Under the gate.
        internal Use(Entry entry)
        {
            _entry = entry;
            entry.UseCount++;
        }

        /// <summary>The descriptor; valid until this use is disposed.</summary>
        public SafeFileHandle File => _entry?.File ?? throw new ObjectDisposedException(nameof(Use));

        /// <summary>Ends the use; the descriptor stays.</summary>
        public void Dispose()
        {
            lock (s_gate)
            {
                if (_entry is not null)
                {
                    _entry.UseCount--;
                    _entry = null;
                }
            }
        }
    }

    /// <summary>A kept descriptor, and how many use it; guarded by the gate.</summary>
    internal sealed class Entry(SafeFileHandle file)
    {
        public SafeFileHandle File { get; } = file;

        public int UseCount { get; set; }
    }
}
