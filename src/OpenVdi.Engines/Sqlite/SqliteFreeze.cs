using OpenVdi.Engines.Sqlite.Files;

namespace OpenVdi.Engines.Sqlite;

/// <summary>
/// A database whose content stands still: no transaction can commit from <see cref="Begin"/> to <see cref="Dispose"/>, by
/// any program. Readers go on. For a snapshot of the volume that the database is on.
/// </summary>
/// <remarks>It is SQLite's write lock (BEGIN IMMEDIATE), so it ends with this object, and with this process however that
/// ends: writes never stay suspended. A checkpoint may still move committed pages from the log to the file; the database
/// and its log must therefore be copied as of one moment, as a volume snapshot does.</remarks>
public sealed class SqliteFreeze : IDisposable
{
    private SqliteDatabase? _database;

    private SqliteFreeze(SqliteDatabase database) => _database = database;

    /// <summary>Freezes a database. Blocks for as long as another writer has it, but not longer than the timeout.</summary>
    /// <param name="databasePath">An existing SQLite database.</param>
    /// <param name="lockTimeout">How long to wait for another writer.</param>
    /// <exception cref="SqliteEngineException">SourceBusy when another writer keeps the lock; SourceUnreadable.</exception>
    public static SqliteFreeze Begin(string databasePath, TimeSpan lockTimeout)
    {
        ArgumentException.ThrowIfNullOrEmpty(databasePath);
        SqliteDatabase? database = null;
        try
        {
            database = SqliteDatabase.Open(databasePath, lockTimeout);
            database.Execute("BEGIN IMMEDIATE");
            return new SqliteFreeze(database);
        }
        catch (SqliteCodeException exception)
        {
            database?.Dispose();
            throw new SqliteEngineException(
                exception.IsBusy ? SqliteFailureKind.SourceBusy : SqliteFailureKind.SourceUnreadable,
                $"database '{databasePath}': expected to freeze it within {lockTimeout}, found: {exception.Message}",
                exception.IsBusy ? "end the writer's transaction, or allow a longer lock timeout." : null,
                exception);
        }
    }

    /// <summary>Whether the database is frozen by this object.</summary>
    public bool IsFrozen => Volatile.Read(ref _database) is not null;

    /// <summary>Lets writers go on. Any thread; more than once does nothing more.</summary>
    public void Dispose() => Interlocked.Exchange(ref _database, null)?.Dispose(); // Closing ends the transaction, always.
}
