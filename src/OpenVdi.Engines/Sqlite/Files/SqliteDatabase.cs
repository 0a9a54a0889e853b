using SQLitePCL;

namespace OpenVdi.Engines.Sqlite.Files;

/// <summary>One connection to a SQLite database, with SQLite's own result codes. One thread at a time.</summary>
/// <remarks>The bindings are used directly and not through ADO.NET: locks must be waited for by SQLite's own busy handler,
/// and the content hash reads millions of values without an object for each.</remarks>
internal sealed class SqliteDatabase : IDisposable
{
    static SqliteDatabase() => Batteries_V2.Init();

    private SqliteDatabase(string path, sqlite3 handle)
    {
        Path = path;
        Handle = handle;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>SQLite's connection.</summary>
    public sqlite3 Handle { get; }

    /// <summary>Opens an existing database.</summary>
    /// <exception cref="SqliteCodeException">SQLite refuses.</exception>
    public static SqliteDatabase Open(string path, TimeSpan lockTimeout)
    {
        int code = raw.sqlite3_open_v2(
            path, out sqlite3 handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_PRIVATECACHE, null);
        var database = new SqliteDatabase(path, handle);
        try
        {
            database.Check(code);
            database.Check(raw.sqlite3_extended_result_codes(handle, 1));
            database.Check(raw.sqlite3_busy_timeout(
                handle, (int)Math.Clamp(lockTimeout.TotalMilliseconds, 0, int.MaxValue)));

            // Closing must leave what it found: without this the last connection would move a log that others left into
            // the file. Where there was no log, the one that opening makes is to go again.
            bool hasLog = new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };
            database.Check(raw.sqlite3_db_config(
                handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, hasLog ? 1 : 0, out _));
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements without results.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(Handle, sql));

    /// <summary>The first column of the first row as an integer; 0 when there is no row.</summary>
    public long QueryInt64(string sql)
    {
        using sqlite3_stmt statement = Prepare(sql);
        return Step(statement) ? raw.sqlite3_column_int64(statement, 0) : 0;
    }

    /// <summary>The first column of the first row as text; empty when there is no row.</summary>
    public string QueryText(string sql)
    {
        using sqlite3_stmt statement = Prepare(sql);
        return Step(statement) ? raw.sqlite3_column_text(statement, 0).utf8_to_string() ?? string.Empty : string.Empty;
    }

    /// <summary>Compiles a statement; the caller disposes it.</summary>
    public sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(Handle, sql, out sqlite3_stmt statement));
        return statement;
    }

    /// <summary>The next row of a statement. False at its end.</summary>
    public bool Step(sqlite3_stmt statement)
    {
        int code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return code == raw.SQLITE_ROW;
        }

        Check(code);
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => raw.sqlite3_close_v2(Handle);

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw new SqliteCodeException(code, raw.sqlite3_errmsg(Handle).utf8_to_string() ?? "no message");
        }
    }
}

/// <summary>A refusal by SQLite, for the engine to translate.</summary>
internal sealed class SqliteCodeException(int code, string message) : Exception($"sqlite: {message} (code {code})")
{
    /// <summary>The primary result code.</summary>
    public int Code { get; } = code & 0xff;

    /// <summary>Whether somebody else holds a lock that was needed.</summary>
    public bool IsBusy => Code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;

    /// <summary>Whether the file is no database, or contradicts itself.</summary>
    public bool IsDamage => Code is raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT;
}
