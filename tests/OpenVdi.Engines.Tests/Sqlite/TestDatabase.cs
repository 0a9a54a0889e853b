using Microsoft.Data.Sqlite;

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
