using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Cli.Engine;

/// <summary>The files that make up a SQLite database, as far as a command line can judge them before an engine looks.</summary>
internal static partial class DatabaseFiles
{
    /// <summary>The file and those that SQLite keeps beside it.</summary>
    public static IReadOnlyList<string> All(string database) =>
        [database, database + "-wal", database + "-shm", database + "-journal"];

    /// <summary>About how much there is to back up.</summary>
    public static long TotalBytes(string database) => new FileInfo(database).Length;

    /// <summary>Refuses what is no readable file, before anything else is done.</summary>
    public static void RequireReadable(string database)
    {
        if (Directory.Exists(database))
        {
            throw new CommandFailure(ExitCode.InputUnusable, $"{database}: is a folder, expected a database file");
        }

        if (!File.Exists(database))
        {
            throw new CommandFailure(ExitCode.InputUnusable, $"{database}: there is no such file");
        }
    }

    /// <summary>Refuses a target that cannot become the database, before anything else is done.</summary>
    public static void RequireRestorable(string database, bool replace)
    {
        string path = Path.GetFullPath(database);
        if (Directory.Exists(path))
        {
            throw new CommandFailure(ExitCode.TargetRefused, $"{database}: is a folder, expected the name of a file");
        }

        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new CommandFailure(
                ExitCode.TargetRefused, $"{database}: the folder {Path.GetDirectoryName(path)} does not exist", "create it first.");
        }

        if (File.Exists(path) && !replace)
        {
            throw new CommandFailure(
                ExitCode.TargetRefused, $"{database}: exists already", "pass --replace to put the restored database in its place.");
        }
    }

    /// <summary>Removes what restores to this database left that were killed: files that nobody mistakes for it, and that
    /// no living engine holds. Best effort: what cannot be removed does no harm.</summary>
    public static void RemoveLeftovers(string database)
    {
        string path = Path.GetFullPath(database);
        string name = Path.GetFileName(path);
        if (Path.GetDirectoryName(path) is not { } folder || !Directory.Exists(folder))
        {
            return;
        }

        foreach (string candidate in Directory.GetFiles(folder))
        {
            string other = Path.GetFileName(candidate);
            if (other.StartsWith(name, StringComparison.Ordinal) && RestoringSuffix().IsMatch(other.AsSpan(name.Length)))
            {
                RemoveUnlessHeld(candidate);
            }
        }
    }

    // A living engine holds a shared lock on its file, which keeps this exclusive one from being taken.
    private static void RemoveUnlessHeld(string path)
    {
        try
        {
            using SafeFileHandle probe = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Held, or gone meanwhile, or not ours.
        }
    }

    [GeneratedRegex(@"^\.[0-9a-f]{16}\.restoring$", RegexOptions.CultureInvariant)]
    private static partial Regex RestoringSuffix();
}
