using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using OpenVdi.Engines.Sqlite.Files;
using SQLitePCL;

namespace OpenVdi.Engines.Sqlite;

/// <summary>
/// A number for what a database says, whatever its file looks like: SHA-256 over the schema and all rows of all tables.
/// Two databases with the same hash answer every query alike; a VACUUM, a checkpoint or another page size change nothing.
/// </summary>
/// <remarks>
/// Hashed, in this order, each value as a type byte and, where it has a length, that length in eight bytes:
/// the text encoding, user_version and application_id; each row of sqlite_schema (type, name, tbl_name, sql) by type and
/// name; then for each table by name: its name, the names of its stored columns, and its rows in the order of the rowid, or
/// of the primary key for WITHOUT ROWID, each with its rowid first. The tables behind virtual tables are among the tables;
/// virtual tables themselves, indices and generated columns follow from what is hashed.
/// </remarks>
public static class SqliteContentHash
{
    private static readonly string[] s_rowidNames = ["rowid", "_rowid_", "oid"];

    /// <summary>Hashes a database as of one moment.</summary>
    /// <param name="path">An existing SQLite database; it may be in use.</param>
    /// <returns>64 hexadecimal digits, lower case.</returns>
    /// <exception cref="SqliteEngineException">SourceUnreadable or SourceBusy.</exception>
    public static string Compute(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using SqliteDatabase database = SqliteDatabase.Open(path, TimeSpan.FromSeconds(30));
            database.Execute("BEGIN");
            return Compute(database);
        }
        catch (SqliteCodeException exception)
        {
            throw Translate(path, exception);
        }
    }

    /// <summary>Hashes what a connection's read transaction sees.</summary>
    internal static string Compute(SqliteDatabase database)
    {
        using var sink = new HashSink();
        sink.Text(database.QueryText("PRAGMA encoding"));
        sink.Integer(database.QueryInt64("PRAGMA user_version"));
        sink.Integer(database.QueryInt64("PRAGMA application_id"));
        sink.Rows(database, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name");
        foreach ((string name, bool hasRowid) in ReadTables(database))
        {
            List<string> columns = ReadStoredColumns(database, name);
            sink.Text(name);
            foreach (string column in columns)
            {
                sink.Text(column);
            }

            string list = string.Join(", ", columns.Select(Quote));
            string? rowid = hasRowid
                ? Array.Find(s_rowidNames, alias => !columns.Contains(alias, StringComparer.OrdinalIgnoreCase))
                : null;

            // Without an order of its own, a scan that uses no index goes through the table's tree: by rowid, or by the
            // primary key. That holds also when all three names of the rowid are taken by columns.
            sink.Rows(
                database,
                rowid is null
                    ? $"SELECT {list} FROM main.{Quote(name)} NOT INDEXED"
                    : $"SELECT {rowid}, {list} FROM main.{Quote(name)} NOT INDEXED ORDER BY {rowid}");
        }

        return sink.Finish();
    }

    internal static SqliteEngineException Translate(string path, SqliteCodeException exception) => new(
        exception.IsBusy ? SqliteFailureKind.SourceBusy : SqliteFailureKind.SourceUnreadable,
        $"database '{path}': expected to read its content, found: {exception.Message}",
        null,
        exception);

    private static List<(string Name, bool HasRowid)> ReadTables(SqliteDatabase database)
    {
        var tables = new List<(string, bool)>();
        using sqlite3_stmt statement = database.Prepare(
            "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') "
            + "AND name <> 'sqlite_schema' ORDER BY name");
        while (database.Step(statement))
        {
            tables.Add((raw.sqlite3_column_text(statement, 0).utf8_to_string() ?? string.Empty,
                raw.sqlite3_column_int(statement, 1) == 0));
        }

        return tables;
    }

    private static List<string> ReadStoredColumns(SqliteDatabase database, string table)
    {
        var columns = new List<string>();
        using sqlite3_stmt statement = database.Prepare(
            $"SELECT name FROM pragma_table_xinfo({Literal(table)}) WHERE hidden = 0 ORDER BY cid");
        while (database.Step(statement))
        {
            columns.Add(raw.sqlite3_column_text(statement, 0).utf8_to_string() ?? string.Empty);
        }

        return columns;
    }

    private static string Quote(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    private static string Literal(string text) => '\'' + text.Replace("'", "''", StringComparison.Ordinal) + '\'';

    /// <summary>Collects values in one buffer and hashes it whenever it is full: no object for a row.</summary>
    private sealed class HashSink : IDisposable
    {
        private const byte RowMark = 0xf0, EndMark = 0xf1;
        private const int BufferBytes = 1 << 16;
        private const int LongestFixedValue = 1 + sizeof(long);

        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly byte[] _buffer = new byte[BufferBytes];
        private int _count;

        public void Rows(SqliteDatabase database, string sql)
        {
            using sqlite3_stmt statement = database.Prepare(sql);
            int columnCount = raw.sqlite3_column_count(statement);
            while (database.Step(statement))
            {
                Mark(RowMark);
                for (int column = 0; column < columnCount; column++)
                {
                    Value(statement, column);
                }
            }

            Mark(EndMark);
        }

        public void Text(string text) => Bytes(raw.SQLITE_TEXT, Encoding.UTF8.GetBytes(text));

        public void Integer(long value) => Fixed(raw.SQLITE_INTEGER, value);

        public string Finish()
        {
            Flush();
            return Convert.ToHexStringLower(_hash.GetHashAndReset());
        }

        public void Dispose() => _hash.Dispose();

        private void Value(sqlite3_stmt statement, int column)
        {
            int type = raw.sqlite3_column_type(statement, column);
            switch (type)
            {
                case raw.SQLITE_INTEGER:
                    Fixed(type, raw.sqlite3_column_int64(statement, column));
                    break;
                case raw.SQLITE_FLOAT:
                    Fixed(type, BitConverter.DoubleToInt64Bits(raw.sqlite3_column_double(statement, column)));
                    break;
                case raw.SQLITE_NULL:
                    Mark((byte)type);
                    break;
                default:
                    // Text too: as a blob it comes in the database's encoding, which is hashed, without conversion.
                    Bytes(type, raw.sqlite3_column_blob(statement, column));
                    break;
            }
        }

        private void Mark(byte mark)
        {
            Reserve(1);
            _buffer[_count++] = mark;
        }

        private void Fixed(int type, long value)
        {
            Reserve(LongestFixedValue);
            _buffer[_count++] = (byte)type;
            BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_count), value);
            _count += sizeof(long);
        }

        private void Bytes(int type, ReadOnlySpan<byte> bytes)
        {
            Fixed(type, bytes.Length);
            if (bytes.Length > BufferBytes / 4)
            {
                Flush();
                _hash.AppendData(bytes);
                return;
            }

            Reserve(bytes.Length);
            bytes.CopyTo(_buffer.AsSpan(_count));
            _count += bytes.Length;
        }

        private void Reserve(int count)
        {
            if (_count + count > BufferBytes)
            {
                Flush();
            }
        }

        private void Flush()
        {
            _hash.AppendData(_buffer.AsSpan(0, _count));
            _count = 0;
        }
    }
}
