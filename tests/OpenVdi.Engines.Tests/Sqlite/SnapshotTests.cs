using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;
using OpenVdi.Engines.Sqlite.Files;
using OpenVdi.Engines.Sqlite.Snapshots;
using Xunit.Abstractions;

namespace OpenVdi.Engines.Tests.Sqlite;

public sealed class SnapshotTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    public static TheoryData<int> PageSizes => [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

    [Theory, MemberData(nameof(PageSizes))]
    public void Read_WithWritesAndCheckpointsBetweenReads_IsOneMoment(int pageSize)
    {
        // Goal: whatever writers and checkpoints do while the image is read, it is the database of the snapshot's moment.
        // Method: reads in small parts, and between them transactions and checkpoints of each kind by other connections; the
        // image's content must be what the snapshot's own transaction sees through SQLite.
        for (int seed = 1; seed <= 12; seed++)
        {
            output.WriteLine($"seed {seed}");
            using var database = new TestDatabase();
            using SqliteConnection connection = database.Create(pageSize, autoVacuum: seed % 3, seed: seed);
            using SqliteConnection other = TestDatabase.Connect(database.Path);
            TestDatabase.Execute(other, "PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = 0;");
            other.DefaultTimeout = 1;
            var random = new Random(seed);
            var writer = new RandomWriter(connection, seed);
            for (int i = random.Next(10); i > 0; i--)
            {
                Churn(random, writer);
            }

            string expected;
            string image = database.In("image.db");
            using (SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit, seed % 2 == 0 ? 0 : 64))
            {
                CopyImage(snapshot, image, random, () => Churn(random, writer));
                expected = SqliteContentHash.Compute(snapshot.Reader);
            }

            TestDatabase.AssertIntact(image);
            Assert.Equal(expected, SqliteContentHash.Compute(image));
            AssertTotals(image);
        }
    }

    [Fact]
    public async Task Read_WithWriterThreadAndCheckpointThread_IsOneMoment()
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create(rows: 2000);
        using var stop = new CancellationTokenSource();
        Task writing = Task.Factory.StartNew(
            () => RunUntil(database.Path, 3, static writer => writer.Step(), stop.Token), TaskCreationOptions.LongRunning);
        Task checkpointing = Task.Factory.StartNew(
            () => RunUntil(database.Path, 4, static writer => writer.Checkpoint(), stop.Token), TaskCreationOptions.LongRunning);
        try
        {
            for (int round = 0; round < 25; round++)
            {
                string expected;
                string image = database.In($"image{round}.db");
                using (SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit, round % 3 == 0 ? 0 : 64))
                {
                    CopyImage(snapshot, image, new Random(round), null);
                    expected = SqliteContentHash.Compute(snapshot.Reader);
                }

                TestDatabase.AssertIntact(image);
                Assert.Equal(expected, SqliteContentHash.Compute(image));
                AssertTotals(image);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(writing, checkpointing).WaitAsync(s_limit);
        }
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("truncate")]
    [InlineData("persist")]
    [InlineData("memory")]
    public void Read_RollbackJournal_WritersWaitAndImageIsEqual(string journalMode)
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create(journalMode: journalMode);
        string image = database.In("image.db");
        using (SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit))
        {
            connection.DefaultTimeout = 1;
            Assert.Equal(5, Assert.Throws<SqliteException>(() => TestDatabase.Execute(connection, "DELETE FROM entry")).SqliteErrorCode);
            CopyImage(snapshot, image, new Random(1), null);
        }

        TestDatabase.Execute(connection, "PRAGMA user_version = 0");
        Assert.Equal(SqliteContentHash.Compute(database.Path), SqliteContentHash.Compute(image));
    }

    [Fact]
    public void Take_AllInTheLog_TakesEveryPageFromIt()
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create();
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit);
        Assert.Equal(snapshot.PageCount, snapshot.LogPageCount);
        string image = database.In("image.db");
        CopyImage(snapshot, image, new Random(1), null);
        Assert.Equal(SqliteContentHash.Compute(snapshot.Reader), SqliteContentHash.Compute(image));
    }

    [Theory]
    [InlineData("PASSIVE")]
    [InlineData("RESTART")]
    [InlineData("TRUNCATE")]
    public void Take_AllInTheFile_TakesNothingFromTheLogAndLetsItBeRewritten(string checkpoint)
    {
        // Goal: mark 0. The log may be written again from its start under such a reader; the image must not care.
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create();
        TestDatabase.Execute(connection, $"PRAGMA wal_checkpoint({checkpoint})");
        string image = database.In("image.db");
        string expected;
        using (SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit))
        {
            Assert.Equal(0, snapshot.LogPageCount);
            var writer = new RandomWriter(connection, 5);
            var random = new Random(5);
            CopyImage(snapshot, image, random, () => Churn(random, writer));
            expected = SqliteContentHash.Compute(snapshot.Reader);
        }

        TestDatabase.AssertIntact(image);
        Assert.Equal(expected, SqliteContentHash.Compute(image));
    }

    [Fact]
    public void Take_WhileAnotherWriterHoldsTheLock_DoesNotWait()
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create();
        TestDatabase.Execute(connection, "BEGIN IMMEDIATE; DELETE FROM entry;");
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, TimeSpan.Zero);
        TestDatabase.Execute(connection, "ROLLBACK");
        Assert.True(snapshot.PageCount > 10);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Take_CommitWhileTheReaderBegins_BeginsAgain(bool withCheckpoint)
    {
        // Goal: the mark is proven. Method: commits, and checkpoints, between the reader's beginning and the second look at
        // the header, five times; without the proof the image would be of another moment than the reader's.
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create();
        int tries = 0;
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit, onReading: () =>
        {
            if (++tries <= 5)
            {
                TestDatabase.Execute(connection, $"UPDATE total SET count = {tries}");
                TestDatabase.Execute(connection, withCheckpoint ? "PRAGMA wal_checkpoint" : string.Empty);
            }
        });
        Assert.Equal(6, tries);
        string image = database.In("image.db");
        CopyImage(snapshot, image, new Random(1), null);
        Assert.Equal(SqliteContentHash.Compute(snapshot.Reader), SqliteContentHash.Compute(image));
    }

    [Fact]
    public void Take_CommitsThatNeverCease_UsesTheWriteLock()
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create();
        int tries = 0;
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(
            database.Path, s_limit, onReading: () => TestDatabase.Execute(connection, $"UPDATE total SET count = {++tries}"));
        Assert.Equal(SqliteSnapshot.DefaultFreeTries, tries);
        TestDatabase.Execute(connection, "DELETE FROM entry");
    }

    [Fact]
    public void Take_MoreFramesThanOneBlockOfTheWalIndex_FindsThemAll()
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create(pageSize: 512, rows: 0);
        var writer = new RandomWriter(connection, 1);
        while (new FileInfo(database.Path + "-wal").Length < 536L * 20_000)
        {
            writer.InsertSome(100);
        }

        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit);
        string image = database.In("image.db");
        CopyImage(snapshot, image, new Random(1), null);
        TestDatabase.AssertIntact(image);
        Assert.Equal(SqliteContentHash.Compute(snapshot.Reader), SqliteContentHash.Compute(image));
    }

    [Fact]
    public void Take_EmptyFile_HasNoPages()
    {
        using var database = new TestDatabase();
        File.WriteAllBytes(database.Path, []);
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit);
        Assert.Equal(0, snapshot.ImageBytes);
    }

    [Fact]
    public void Take_LeavesTheLogOfADatabaseThatNobodyHasOpen()
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create();
        string copy = database.In("copy.db");
        File.Copy(database.Path, copy);
        File.Copy(database.Path + "-wal", copy + "-wal");
        long length = new FileInfo(copy + "-wal").Length;
        byte[] before = File.ReadAllBytes(copy);

        SqliteSnapshot.Take(copy, s_limit).Dispose();

        Assert.Equal(length, new FileInfo(copy + "-wal").Length);
        Assert.Equal(before, File.ReadAllBytes(copy));
    }

    [Fact]
    public void Take_KeepsTheLocksOfOtherConnectionsOfThisProcess()
    {
        // Goal: a descriptor of our own, closed, would drop them. Method: a write transaction, and the kernel's list of locks.
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create(journalMode: "delete");
        TestDatabase.Execute(connection, "BEGIN IMMEDIATE");
        ulong inode = Interop.Identify(database.Path)!.Value.Inode;
        string[] LocksOfThisProcess() => [.. File.ReadAllLines("/proc/locks")
            .Where(line => line.Contains("POSIX", StringComparison.Ordinal)
                && line.Contains($" {Environment.ProcessId} ", StringComparison.Ordinal)
                && line.Contains($":{inode} ", StringComparison.Ordinal))];
        int before = LocksOfThisProcess().Length;
        for (int i = 0; i < 3; i++)
        {
            SqliteSnapshot.Take(database.Path, s_limit).Dispose();
        }

        Assert.NotEqual(0, before);
        Assert.Equal(before, LocksOfThisProcess().Length);
        TestDatabase.Execute(connection, "ROLLBACK");
    }

    [Fact]
    public void Take_OfFilesThatAreDeletedLater_KeepsNoDescriptor()
    {
        int before = 0;
        for (int i = 0; i < 20; i++)
        {
            using var database = new TestDatabase();
            using SqliteConnection connection = database.Create(rows: 10);
            SqliteSnapshot.Take(database.Path, s_limit).Dispose();
            before = i == 1 ? KeptFiles.Count : before;
        }

        // Two for each database of this test; other tests run at the same time.
        Assert.InRange(KeptFiles.Count, 0, before + 20);
    }

    [Fact]
    public void Read_DatabaseDeletedMeanwhile_GoesOn()
    {
        using var database = new TestDatabase();
        database.Create().Dispose();
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit);
        File.Delete(database.Path);
        using (var other = new TestDatabase())
        {
            other.Create().Dispose();
            SqliteSnapshot.Take(other.Path, s_limit).Dispose();
        }

        string image = database.In("image.db");
        CopyImage(snapshot, image, new Random(1), null);
        TestDatabase.AssertIntact(image);
    }

    [Fact]
    public void Take_NoFile_IsSourceUnreadable()
    {
        using var database = new TestDatabase();
        Assert.Equal(SqliteFailureKind.SourceUnreadable, FailureOf(() => SqliteSnapshot.Take(database.Path, s_limit)));
    }

    [Fact]
    public void Take_NotADatabase_IsSourceUnreadable()
    {
        using var database = new TestDatabase();
        byte[] bytes = new byte[8192];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(database.Path, bytes);
        Assert.Equal(SqliteFailureKind.SourceUnreadable, FailureOf(() => SqliteSnapshot.Take(database.Path, s_limit)));
    }

    [Fact]
    public void Take_LockedExclusively_IsSourceBusy()
    {
        using var database = new TestDatabase();
        using SqliteConnection connection = database.Create(journalMode: "delete");
        TestDatabase.Execute(connection, "BEGIN EXCLUSIVE");
        Assert.Equal(SqliteFailureKind.SourceBusy, FailureOf(() => SqliteSnapshot.Take(database.Path, TimeSpan.Zero)));
    }

    [Fact]
    public void Read_FileCutShort_IsSourceDamaged()
    {
        using var database = new TestDatabase();
        database.Create().Dispose();
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit);
        using (FileStream file = File.Open(database.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.SetLength(snapshot.ImageBytes - 10);
        }

        byte[] buffer = new byte[snapshot.ImageBytes];
        Assert.Equal(SqliteFailureKind.SourceDamaged, FailureOf(() => snapshot.Read(0, buffer)));
    }

    internal static void CopyImage(SqliteSnapshot snapshot, string path, Random random, Action? between)
    {
        byte[] buffer = new byte[100_000];
        using FileStream file = File.Create(path);
        for (long offset = 0; offset < snapshot.ImageBytes;)
        {
            int length = (int)Math.Min(random.Next(1, buffer.Length), snapshot.ImageBytes - offset);
            snapshot.Read(offset, buffer.AsSpan(0, length));
            file.Write(buffer.AsSpan(0, length));
            offset += length;
            between?.Invoke();
        }
    }

    internal static SqliteFailureKind FailureOf(Action action) => Assert.Throws<SqliteEngineException>(action).Kind;

    private static void AssertTotals(string image)
    {
        using SqliteConnection connection = TestDatabase.Connect(image);
        Assert.Equal(1L, TestDatabase.Query<long>(connection, "SELECT (SELECT count FROM total) = (SELECT count(*) FROM entry)"));
    }

    private static void Churn(Random random, RandomWriter writer)
    {
        if (random.Next(3) != 0)
        {
            writer.Step();
        }

        if (random.Next(3) == 0)
        {
            try
            {
                writer.Checkpoint();
            }
            catch (SqliteException exception) when (exception.SqliteErrorCode == 5)
            {
                // A checkpoint that wants all readers gone does not get it now.
            }
        }
    }

    private static void RunUntil(string path, int seed, Action<RandomWriter> action, CancellationToken stop)
    {
        using SqliteConnection connection = TestDatabase.Connect(path);
        TestDatabase.Execute(connection, "PRAGMA synchronous = OFF; PRAGMA busy_timeout = 100");
        connection.DefaultTimeout = 1;
        var writer = new RandomWriter(connection, seed);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                action(writer);
            }
            catch (SqliteException exception) when (exception.SqliteErrorCode is 5 or 6)
            {
                // The other thread was first.
            }
        }
    }
}
