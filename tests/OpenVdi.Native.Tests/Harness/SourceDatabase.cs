using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;

namespace OpenVdi.Native.Tests;

/// <summary>A SQLite database of some MB, part of it in its log, in a folder of its own.</summary>
internal sealed class SourceDatabase : IDisposable
{
    private const int RowCount = 3000;

    private readonly SqliteConnection _connection;

    static SourceDatabase() => SQLitePCL.Batteries_V2.Init();

    public SourceDatabase(int seed)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("openvdi-native-").FullName;
        Path = In("source.db");
        _connection = Connect(Path);
        Execute("PRAGMA journal_mode = wal; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0;");
        Execute("CREATE TABLE entry(id INTEGER PRIMARY KEY, name TEXT, data BLOB); CREATE INDEX entry_name ON entry(name);");
        Random random = new(seed);
        Insert(random, RowCount);
        Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        Insert(random, RowCount / 2);
        Assert.True(new FileInfo(Path + "-wal").Length > 1 << 20, "the log is to have a part of the content");
        Hash = SqliteContentHash.Compute(Path);
    }

    public string Directory { get; }

    public string Path { get; }

    /// <summary>Of the content.</summary>
    public string Hash { get; }

    public string In(string name) => System.IO.Path.Combine(Directory, name);

    /// <summary>Fails unless a database is sound and has the same content as this one.</summary>
    public void AssertSameContent(string path)
    {
        using (SqliteConnection connection = Connect(path))
        using (SqliteCommand command = connection.CreateCommand())
        {
            command.CommandText = "PRAGMA integrity_check";
            Assert.Equal("ok", command.ExecuteScalar());
        }

        Assert.Equal(Hash, SqliteContentHash.Compute(path));
    }

    public void Dispose()
    {
        _connection.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static SqliteConnection Connect(string path)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private void Insert(Random random, int count)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        using SqliteCommand command = _connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO entry(name, data) VALUES ($name, $data)";
        SqliteParameter name = command.Parameters.Add("$name", SqliteType.Text);
        SqliteParameter data = command.Parameters.Add("$data", SqliteType.Blob);
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = new byte[random.Next(4096)];
            random.NextBytes(bytes);
            (name.Value, data.Value) = ($"name {random.Next()}", bytes);
            command.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
