using System.Globalization;
using SQLitePCL;

namespace OpenVdi.Cli.Demo;

/// <summary>A connection to a SQLite database with the few calls that the demonstration needs. One thread at a time.</summary>
internal sealed class Sqlite : IDisposable
{
    private const int BusyTimeoutMilliseconds = 30_000;

    private readonly sqlite3 _database;

    static Sqlite() => Batteries_V2.Init();

    private Sqlite(sqlite3 database) => _database = database;

    public static Sqlite Open(string path, bool create = false)
    {
        int flags = raw.SQLITE_OPEN_READWRITE | (create ? raw.SQLITE_OPEN_CREATE : 0);
        int code = raw.sqlite3_open_v2(path, out sqlite3 database, flags, null);
        Sqlite sqlite = new(database);
        sqlite.Check(code, $"open {path}");
        sqlite.Check(raw.sqlite3_busy_timeout(database, BusyTimeoutMilliseconds), "set the busy timeout");
        return sqlite;
    }

    /// <summary>Executes statements without results.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_database, sql), sql);

    /// <summary>A statement to be executed many times.</summary>
    public sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_database, sql, out sqlite3_stmt statement), sql);
        return statement;
    }

    /// <summary>Executes a prepared statement whose parameters are bound, and makes it ready for the next time.</summary>
    public void Step(sqlite3_stmt statement)
    {
        int code = raw.sqlite3_step(statement);
        if (code is not raw.SQLITE_DONE and not raw.SQLITE_ROW)
        {
            Check(code, raw.sqlite3_sql(statement).utf8_to_string());
        }

        Check(raw.sqlite3_reset(statement), "reset a statement");
    }

    /// <summary>The first column of the first row, as text.</summary>
    public string Value(string sql)
    {
        using sqlite3_stmt statement = Prepare(sql);
        int code = raw.sqlite3_step(statement);
        if (code != raw.SQLITE_ROW)
        {
            Check(code, sql);
        }

        return raw.sqlite3_column_text(statement, 0).utf8_to_string();
    }

    /// <summary>The first column of the first row, as a number.</summary>
    public long Number(string sql) => long.Parse(Value(sql), CultureInfo.InvariantCulture);

    public void Dispose() => _database.Dispose();

    private void Check(int code, string action)
    {
        if (code is not raw.SQLITE_OK and not raw.SQLITE_DONE)
        {
            string message = raw.sqlite3_errmsg(_database).utf8_to_string();
            throw new CommandFailure(
                code == raw.SQLITE_FULL ? ExitCode.DiskFull : ExitCode.InternalError,
                $"sqlite: {action}: {message} (code {raw.sqlite3_extended_errcode(_database)})");
        }
    }
}
