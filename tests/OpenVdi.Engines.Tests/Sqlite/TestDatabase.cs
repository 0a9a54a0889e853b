using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;

namespace OpenVdi.Engines.Tests.Sqlite;

/// <summary>A directory of its own for a test, and databases in it.</summary>
internal sealed class TestDatabase : IDisposable
{
    static TestDatabase() => SQLitePCL.Batteries_V2.Init();

    public TestDatabase(string name = "source.db")
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("openvdi-engine-").FullName;
        Path = System.IO.Path.Combine(Directory, name);
    }

    public string Directory { get; }

    public string Path { get; }

    public static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            Mode = SqliteOpenMode.ReadWriteCreate,
        }.ToString());
        connection.Open();
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static T Query<T>(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)command.ExecuteScalar()!;
    }

    public static void AssertIntact(string path)
    {
        using SqliteConnection connection = Connect(path);
        Assert.Equal("ok", Query<string>(connection, "PRAGMA integrity_check"));
    }

    public string In(string name) => System.IO.Path.Combine(Directory, name);

    /// <summary>Makes the database with tables of each kind and some rows.</summary>
    public SqliteConnection Create(
        int pageSize = 4096, string journalMode = "wal", int autoVacuum = 0, int rows = 100, int seed = 1)
    {
        SqliteConnection connection = Connect(Path);
        Execute(connection, $"PRAGMA page_size = {pageSize}; PRAGMA auto_vacuum = {autoVacuum};");
        Execute(connection, $"PRAGMA journal_mode = {journalMode}; PRAGMA synchronous = OFF;");
        // How a connection checkpoints is the test's to say.
        Execute(connection, "PRAGMA wal_autocheckpoint = 0;");
        Execute(connection, """
            CREATE TABLE entry(id INTEGER PRIMARY KEY, weight REAL, name TEXT, data BLOB);
            CREATE INDEX entry_name ON entry(name);
            CREATE TABLE pair(left TEXT, right INTEGER, note TEXT, PRIMARY KEY(left, right)) WITHOUT ROWID;
            CREATE TABLE total(id INTEGER PRIMARY KEY, count INTEGER);
            INSERT INTO total VALUES (1, 0);
            """);
        var writer = new RandomWriter(connection, seed);
        for (int i = 0; i < rows; i += 10)
        {
            writer.InsertSome(10);
        }

        return connection;
    }

    public void AssertNoTemporaryFiles() =>
        Assert.Empty(System.IO.Directory.GetFiles(Directory, "*.restoring"));

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>Transactions of all sorts, the same ones for the same seed; each keeps total.count = rows of entry.</summary>
internal sealed class RandomWriter(SqliteConnection connection, int seed)
{
    private readonly Random _random = new(seed);

    public void Step()
    {
        switch (_random.Next(6))
        {
            case 0 or 1:
                InsertSome(_random.Next(1, 20));
                break;
            case 2:
                TestDatabase.Execute(connection, $"""
                    BEGIN IMMEDIATE;
                    DELETE FROM entry WHERE id % 7 = {_random.Next(7)};
                    DELETE FROM pair WHERE right % 5 = {_random.Next(5)};
                    UPDATE total SET count = (SELECT count(*) FROM entry);
                    COMMIT;
                    """);
                break;
            case 3:
                TestDatabase.Execute(
                    connection, $"UPDATE entry SET data = randomblob({_random.Next(9000)}) WHERE id % 11 = {_random.Next(11)}");
                break;
            case 4:
                TestDatabase.Execute(connection, "BEGIN IMMEDIATE; DELETE FROM entry; ROLLBACK;");
                break;
            default:
                TestDatabase.Execute(connection, $"PRAGMA incremental_vacuum({_random.Next(20)})");
                break;
        }
    }

    public void InsertSome(int count)
    {
        TestDatabase.Execute(connection, $"""
            BEGIN IMMEDIATE;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO entry(weight, name, data)
            SELECT i / 3.0, 'name ' || abs(random() % 1000), randomblob({_random.Next(3000)}) FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT OR REPLACE INTO pair SELECT 'left ' || abs(random() % 100), i, hex(randomblob(20)) FROM n;
            UPDATE total SET count = (SELECT count(*) FROM entry);
            COMMIT;
            """);
    }

    public void Checkpoint() => TestDatabase.Execute(
        connection, "PRAGMA wal_checkpoint(" + _random.Next(4) switch
        {
            0 => "PASSIVE",
            1 => "FULL",
            2 => "RESTART",
            _ => "TRUNCATE",
        } + ")");
}
