using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;
using OpenVdi.SharedMemory;
using Xunit.Abstractions;

namespace OpenVdi.Engines.Tests.Sqlite;

[UnsupportedOSPlatform("windows")]
public sealed class EngineTests(ITestOutputHelper output) : EngineTestBase
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(64)]
    public void BackupThenRestore_WithWritersAndDisorder_GivesTheDatabaseOfThatMoment(int deviceCount)
    {
        using SqliteConnection connection = Database.Create(rows: 3000);
        for (int seed = 1; seed <= 3; seed++)
        {
            output.WriteLine($"seed {seed}");
            var random = new Random(seed);
            using var stop = new CancellationTokenSource();
            var writer = new RandomWriter(connection, seed);
            Thread writing = new(() =>
            {
                while (!stop.IsCancellationRequested)
                {
                    writer.Step();
                }
            });
            writing.Start();
            byte[][] streams;
            SqliteOperationResult backup;
            try
            {
                (backup, streams) = Backup(deviceCount, request => request with
                {
                    BlockSizeBytes = 512u << random.Next(8),
                    MaxTransferSizeBytes = 65536u << random.Next(4),
                    ComputeContentHash = true,
                }, new Random(seed));
            }
            finally
            {
                stop.Cancel();
                writing.Join();
            }

            random.Shuffle(streams);
            string target = Database.In($"target{seed}.db");
            SqliteOperationResult restore = Restore(target, streams, request => request with
            {
                BlockSizeBytes = 512u << random.Next(8),
                MaxTransferSizeBytes = 65536u << random.Next(4),
                BufferCount = deviceCount * random.Next(1, 5),
                ComputeContentHash = true,
            }, new Random(seed));

            Assert.Equal(backup.ContentHash, restore.ContentHash);
            Assert.Equal(backup.BackupId, restore.BackupId);
            Assert.Equal(backup.DatabaseBytes, new FileInfo(target).Length);
            Assert.Equal(backup.DatabaseBytes, restore.DatabaseBytes);
            Assert.Equal(streams.Sum(static stream => stream.Length), backup.BytesTransferred);
            Assert.Equal(backup.BytesTransferred, restore.BytesTransferred);
            TestDatabase.AssertIntact(target);
        }

        Database.AssertNoTemporaryFiles();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BackupAndRestore_ClientAbortsAtAnyCommand_IsAbortedAndLeavesNothing(bool isBackup)
    {
        Database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(3, static request => request, null);
        string target = Database.In("target.db");
        for (int at = 1; at <= FaultLimit; at++)
        {
            using var client = new ScriptedClient(Transport, 3, VdFeatures.RequestComplete);
            client.AbortAt = at;
            if (!isBackup)
            {
                Load(client, streams);
            }

            client.Start();
            SqliteEngineException? exception = null;
            try
            {
                _ = isBackup
                    ? SqliteEngine.Backup(BackupRequest(client) with { MaxTransferSizeBytes = 65536 })
                    : SqliteEngine.Restore(RestoreRequest(client, target) with { MaxTransferSizeBytes = 65536 });
            }
            catch (SqliteEngineException thrown)
            {
                exception = thrown;
            }

            client.Finish();
            Database.AssertNoTemporaryFiles();
            if (client.CommandCount < at)
            {
                Assert.Null(exception);
                return;
            }

            if (exception is null)
            {
                // The abort can come behind the last thing that mattered: a read beyond the end of data.
                Assert.False(isBackup);
                File.Delete(target);
                continue;
            }

            Assert.Equal(SqliteFailureKind.Aborted, exception.Kind);
            Assert.Contains("the script says so", exception.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(target));
        }

        Assert.Fail("the operation never got through");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BackupAndRestore_CancelledAtAnyCommand_ThrowsAndLeavesNothing(bool isBackup)
    {
        Database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(2, static request => request, null);
        string target = Database.In("target.db");
        for (int at = 1; at < 20; at += 3)
        {
            int fault = at;
            using var cancel = new CancellationTokenSource();
            using var client = new ScriptedClient(Transport, 2);
            client.Fault = (number, _) =>
            {
                if (number == fault)
                {
                    cancel.Cancel();
                }

                return null;
            };
            if (!isBackup)
            {
                Load(client, streams);
            }

            client.Start();
            Assert.ThrowsAny<OperationCanceledException>(() => _ = isBackup
                ? SqliteEngine.Backup(BackupRequest(client) with { MaxTransferSizeBytes = 65536 }, cancel.Token)
                : SqliteEngine.Restore(RestoreRequest(client, target) with { MaxTransferSizeBytes = 65536 }, cancel.Token));
            client.Finish();
            Assert.NotNull(client.Abort);
            Database.AssertNoTemporaryFiles();
            Assert.False(File.Exists(target));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void BackupThenRestore_EmptyDatabase_GivesAnEmptyFile(int deviceCount)
    {
        File.WriteAllBytes(Database.Path, []);
        (SqliteOperationResult backup, byte[][] streams) = Backup(deviceCount, static request => request, null);
        Assert.Equal(0, backup.DatabaseBytes);
        string target = Database.In("target.db");
        Restore(target, streams, static request => request, null);
        Assert.Equal(0, new FileInfo(target).Length);
    }

    [Fact]
    public void BackupThenRestore_OverSharedMemory_GivesTheDatabase()
    {
        Transport = SharedMemoryTransport.Default;
        Database.Create(rows: 5000).Dispose();
        (SqliteOperationResult backup, byte[][] streams) = Backup(
            3, static request => request with { ComputeContentHash = true }, new Random(1));
        string target = Database.In("target.db");
        Restore(target, streams, static request => request, new Random(2));
        Assert.Equal(backup.ContentHash, SqliteContentHash.Compute(target));
    }

    [Fact]
    public void Backup_WhileFrozen_WorksAndAnAbortThaws()
    {
        // AT26's engine side: whatever becomes of the set, writes do not stay suspended.
        using SqliteConnection connection = Database.Create(rows: 500);
        using var client = new ScriptedClient(Transport, 1) { AbortAt = 2 };
        client.Start();
        Assert.Equal(SqliteFailureKind.Aborted, SnapshotTests.FailureOf(() =>
        {
            using SqliteFreeze freeze = SqliteFreeze.Begin(Database.Path, TimeSpan.Zero);
            SqliteEngine.Backup(BackupRequest(client) with { LockTimeout = TimeSpan.Zero, MaxTransferSizeBytes = 65536 });
        }));
        client.Finish();
        TestDatabase.Execute(connection, "DELETE FROM entry");
    }
}
