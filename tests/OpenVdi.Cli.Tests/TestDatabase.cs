using OpenVdi.Cli.Demo;
using OpenVdi.Engines.Sqlite;

namespace OpenVdi.Cli.Tests;

/// <summary>A database, made once for all tests, and folders for each.</summary>
public sealed class TestDatabase : IDisposable
{
    public const int SizeBytes = 8 << 20;
    private const int LargeSizeBytes = 48 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("vdi-cli-").FullName;

    public TestDatabase()
    {
        Path = System.IO.Path.Combine(_folder, "shop.db");
        OtherPath = System.IO.Path.Combine(_folder, "other.db");
        Make(Path, 1, SizeBytes);
        LargePath = System.IO.Path.Combine(_folder, "large.db");
        Make(OtherPath, 2, 1 << 20);
        Make(LargePath, 3, LargeSizeBytes);
        Hash = SqliteContentHash.Compute(Path);
        OtherHash = SqliteContentHash.Compute(OtherPath);
    }

    /// <summary>The database that is backed up.</summary>
    public string Path { get; }

    public string Hash { get; }

    /// <summary>One that does not fit into what a pipe and the buffers hold.</summary>
    public string LargePath { get; }

    /// <summary>One with other content, to be replaced.</summary>
    public string OtherPath { get; }

    public string OtherHash { get; }

    /// <summary>A folder for one test.</summary>
    public string Folder() => Directory.CreateDirectory(System.IO.Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Make(string path, int seed, long size)
    {
        using (DemoDatabase database = DemoDatabase.Create(path, seed))
        {
            database.Fill(size, CancellationToken.None);
        }

        // One file, so that a copy of it is the database.
        using Sqlite sqlite = Sqlite.Open(path);
        sqlite.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/// <summary>The tests that start processes run one after another: each has the machine for itself.</summary>
[CollectionDefinition(Name)]
public sealed class ProcessTests : ICollectionFixture<TestDatabase>
{
    public const string Name = "processes";
}
