using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OpenVdi.Engines.Sqlite.Stripes;

namespace OpenVdi.Engines.Sqlite.Files;

/// <summary>
/// The place that a restored database will have. The database is written beside it under a name that says it is not
/// finished, and takes the place in one step at the end; until then, and for ever when that step does not come, what was at
/// the place stays.
/// </summary>
/// <remarks>
/// A database that is replaced is first taken out of WAL mode, which moves its log into its file and removes -wal and -shm,
/// and is then locked (BEGIN EXCLUSIVE) until the exchange is done: nobody can write to it in between, and no log or journal
/// of the old database exists that SQLite would apply to the new one. When the restore fails, WAL mode is set again.
/// </remarks>
internal sealed class RestoreTarget : IDisposable
{
    private static readonly string[] s_companions = ["-wal", "-shm", "-journal"];

    private readonly string _path;
    private readonly bool _isReplacing;
    private readonly SqliteDatabase? _old;
    private readonly bool _wasWal;
    private FileStream? _file;
    private bool _isPublished;
    private bool _isDisposed;

    private RestoreTarget(string path, bool isReplacing, SqliteDatabase? old, bool wasWal)
    {
        _path = path;
        _isReplacing = isReplacing;
        _old = old;
        _wasWal = wasWal;
        TemporaryPath = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.restoring";
    }

    /// <summary>Where the database is until it is published.</summary>
    public string TemporaryPath { get; }

    /// <summary>The file at <see cref="TemporaryPath"/>; exists from <see cref="CreateFile"/> on.</summary>
    public SafeFileHandle File => _file?.SafeFileHandle ?? throw new InvalidOperationException("the file was not created");

    /// <summary>Takes the place: refuses what exists, or locks it to be replaced.</summary>
    /// <exception cref="SqliteEngineException">TargetExists, TargetBusy or TargetUnwritable.</exception>
    public static RestoreTarget Take(string databasePath, bool replace, TimeSpan lockTimeout)
    {
        string path = Path.GetFullPath(databasePath);
        string? directory = Path.GetDirectoryName(path);
        if (directory is null || !Directory.Exists(directory))
        {
            throw new SqliteEngineException(
                SqliteFailureKind.TargetUnwritable, $"directory '{directory}': expected it to exist, found none", "create it.");
        }

        if (Directory.Exists(path))
        {
            throw new SqliteEngineException(
                SqliteFailureKind.TargetUnwritable, $"database '{path}': expected a file or nothing, found a directory");
        }

        path = FollowLinks(path);
        if (!replace)
        {
            string? existing = Companions(path).Prepend(path).FirstOrDefault(System.IO.File.Exists);
            return existing is null
                ? new RestoreTarget(path, isReplacing: false, null, false)
                : throw Exists(existing, path);
        }

        return Lock(path, lockTimeout);
    }

    /// <summary>Creates the file to write to, readable by the owner only; or as the one that it replaces.</summary>
    /// <exception cref="SqliteEngineException">TargetUnwritable.</exception>
    public void CreateFile()
    {
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,
            };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            // The stream is only the base library's way to create a file with a mode.
            _file = new FileStream(TemporaryPath, options);
            if (_isReplacing && OperatingSystem.IsLinux() && System.IO.File.Exists(_path))
            {
                System.IO.File.SetUnixFileMode(File, System.IO.File.GetUnixFileMode(_path));
                if (Interop.Identify(_path) is { } owner)
                {
                    // Without the privilege it stays this user's: the content matters more.
                    _ = Interop.TryChangeOwner(File, owner.UserId, owner.GroupId);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw RestoredImage.Unwritable(TemporaryPath, $"creating it: {exception.Message}", exception);
        }
    }

    /// <summary>Gives the finished, durable file its name, durably.</summary>
    /// <exception cref="SqliteEngineException">TargetExists or TargetUnwritable.</exception>
    public void Publish()
    {
        try
        {
            _file!.Dispose();
            if (_isReplacing)
            {
                // What is left of these belongs to a database without any user: it is locked, or it was none.
                foreach (string companion in Companions(_path))
                {
                    System.IO.File.Delete(companion);
                }

                System.IO.File.Move(TemporaryPath, _path, overwrite: true);
            }
            else
            {
                MoveExclusively();
            }

            _isPublished = true;
            if (OperatingSystem.IsLinux())
            {
                Interop.SyncDirectory(Path.GetDirectoryName(_path)!);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw RestoredImage.Unwritable(_path, $"publishing the restored database: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _file?.Dispose();
        if (_file is not null && !_isPublished)
        {
            TryDelete(TemporaryPath);
        }

        if (_old is null)
        {
            return;
        }

        try
        {
            _old.Execute("ROLLBACK");
            if (!_isPublished && _wasWal)
            {
                _old.QueryText("PRAGMA journal_mode = WAL");
            }
        }
        catch (SqliteCodeException)
        {
            // The old database is whole in any mode; that it is not in WAL mode is no reason to hide why the restore failed.
        }
        finally
        {
            _old.Dispose();
        }
    }

    private static RestoreTarget Lock(string path, TimeSpan lockTimeout)
    {
        if (!System.IO.File.Exists(path))
        {
            return new RestoreTarget(path, isReplacing: true, null, false);
        }

        SqliteDatabase? old = null;
        bool wasWal = false;
        try
        {
            old = SqliteDatabase.Open(path, lockTimeout);
            old.QueryInt64("SELECT count(*) FROM sqlite_schema");
            wasWal = IsWal(old);
            if (wasWal)
            {
                old.QueryText("PRAGMA journal_mode = DELETE");
            }

            old.Execute("BEGIN EXCLUSIVE");
            if (IsWal(old))
            {
                throw Busy(path, "others set WAL mode again", null);
            }

            return new RestoreTarget(path, isReplacing: true, old, wasWal);
        }
        catch (SqliteCodeException exception) when (exception.IsDamage)
        {
            // No database, or a damaged one: that is what a restore is for. There is nothing to lock.
            old?.Dispose();
            return new RestoreTarget(path, isReplacing: true, null, false);
        }
        catch (SqliteCodeException exception)
        {
            old?.Dispose();
            throw exception.IsBusy
                ? Busy(path, exception.Message, exception)
                : RestoredImage.Unwritable(path, $"locking it to be replaced: {exception.Message}", exception);
        }
        catch
        {
            old?.Dispose();
            throw;
        }
    }

    private void MoveExclusively()
    {
        // What was not there when the restore began may be there now. The database itself the rename refuses; a log or a
        // journal without its database is nobody's, and would be applied to this one.
        if (Companions(_path).FirstOrDefault(System.IO.File.Exists) is { } companion)
        {
            throw Exists(companion, _path);
        }

        int errno = OperatingSystem.IsLinux() ? Interop.RenameExclusive(TemporaryPath, _path) : Interop.ErrnoNotImplemented;
        switch (errno)
        {
            case 0:
                return;
            case Interop.ErrnoExists:
                throw Exists(_path, _path);
            case Interop.ErrnoInvalid or Interop.ErrnoNotImplemented:
                // A file system, or a kernel, without it: the base library asks first, then renames.
                System.IO.File.Move(TemporaryPath, _path, overwrite: false);
                return;
            default:
                throw new IOException($"rename failed with errno {errno}");
        }
    }

    // A link is followed now: it is the database that is made or replaced, not the link to it.
    private static string FollowLinks(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (IOException exception)
        {
            throw RestoredImage.Unwritable(path, $"following it as a link: {exception.Message}", exception);
        }
    }

    private static bool IsWal(SqliteDatabase database) =>
        string.Equals(database.QueryText("PRAGMA journal_mode"), "wal", StringComparison.Ordinal);

    private static IEnumerable<string> Companions(string path) => s_companions.Select(suffix => path + suffix);

    private static SqliteEngineException Exists(string existing, string path) => new(
        SqliteFailureKind.TargetExists,
        existing == path
            ? $"database '{path}': expected nothing at this path, found a file"
            : $"database '{path}': expected nothing at this path, found '{existing}', which SQLite would apply to it",
        "ask for replacement, or give another path.");

    private static SqliteEngineException Busy(string path, string found, Exception? inner) => new(
        SqliteFailureKind.TargetBusy,
        $"database '{path}': expected to lock it for replacement, found it in use: {found}",
        "close every program that has the database open.",
        inner);

    private static void TryDelete(string path)
    {
        try
        {
            System.IO.File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Its name says what it is; why the restore failed matters more.
        }
    }
}
