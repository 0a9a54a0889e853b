using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;
using OpenVdi.Transport;
using Xunit.Abstractions;

namespace OpenVdi.Engines.Tests.Sqlite;

[UnsupportedOSPlatform("windows")]
public sealed class EngineTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>More commands than any operation here has.</summary>
    private const int FaultLimit = 1000;

    private readonly TestDatabase _database = new();
    private readonly InProcessTransport _transport = new();

    public void Dispose() => _database.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(64)]
    public void BackupThenRestore_WithWritersAndDisorder_GivesTheDatabaseOfThatMoment(int deviceCount)
    {
        using SqliteConnection connection = _database.Create(rows: 3000);
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
            string target = _database.In($"target{seed}.db");
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

        _database.AssertNoTemporaryFiles();
    }

    [Theory]
    [InlineData(VdFeatures.LikePipe, 0x10000u)]
    [InlineData(VdFeatures.RequestComplete, 0x52000u)]
    public void Backup_Commands_AreWritesThenFlushThenCompleteWhereGranted(VdFeatures features, uint expected)
    {
        _database.Create(rows: 1000).Dispose();
        using var client = new ScriptedClient(_transport, 3, features);
        client.Start();
        SqliteOperationResult result = SqliteEngine.Backup(BackupRequest(client));
        Assert.Equal(VdResult.Ok, client.Finish());
        Assert.Equal(expected, (uint)client.Configuration!.Features);
        foreach (List<CommandCode> commands in client.Commands)
        {
            int last = commands.Count - 1;
            if (features.HasFlag(VdFeatures.RequestComplete))
            {
                Assert.Equal(CommandCode.Complete, commands[last--]);
            }

            Assert.Equal(CommandCode.Flush, commands[last--]);
            Assert.All(commands[..(last + 1)], static code => Assert.Equal(CommandCode.Write, code));
        }

        Assert.Equal(client.Commands.Sum(static commands => commands.Count), result.CommandCount);
        Assert.All(client.Ends, static end => Assert.Equal(VdResult.Closed, end));
    }

    [Fact]
    public void Backup_OneDeviceThatCompletesNothing_DoesNotStopTheOther()
    {
        // Goal: devices are fed as they become free. Method: the first device's first command is completed only when the
        // other device has taken everything there is.
        _database.Create(rows: 6000).Dispose();
        using var client = new ScriptedClient(_transport, 2);
        using var othersDone = new ManualResetEventSlim();
        long total = 0;
        long expected;
        using (SqliteConnection connection = TestDatabase.Connect(_database.Path))
        {
            expected = TestDatabase.Query<long>(connection, "PRAGMA page_count") * 4096;
        }

        client.Held = (index, command) =>
        {
            if (index == 0 && client.Commands[0].Count == 1)
            {
                Assert.True(othersDone.Wait(s_limit), "the other device did not get all data");
            }
            else if (index == 1 && command.Code == CommandCode.Write
                && Interlocked.Add(ref total, command.SizeBytes) >= expected)
            {
                othersDone.Set();
            }
        };
        client.Start();
        SqliteEngine.Backup(BackupRequest(client) with { MaxTransferSizeBytes = 65536 });
        Assert.Equal(VdResult.Ok, client.Finish());
    }

    [Theory]
    [InlineData(CompletionCode.DiskFull)]
    [InlineData(CompletionCode.EomOverflow)]
    [InlineData(CompletionCode.EndOfMedia)]
    [InlineData(CompletionCode.NotSupported)]
    [InlineData(CompletionCode.OperationAborted)]
    [InlineData(CompletionCode.IODevice)]
    [InlineData((CompletionCode)5)]
    public void Backup_AnyCommandFails_ThrowsTheCodeAndAborts(CompletionCode code)
    {
        _database.Create(rows: 1000).Dispose();
        for (int at = 1; at <= FaultLimit; at++)
        {
            int fault = at;
            using var client = new ScriptedClient(_transport, 2, VdFeatures.RequestComplete);
            client.Fault = (number, _) => number == fault ? code : null;
            client.Start();
            SqliteEngineException? exception = null;
            try
            {
                SqliteEngine.Backup(BackupRequest(client) with { MaxTransferSizeBytes = 65536 });
            }
            catch (SqliteEngineException thrown)
            {
                exception = thrown;
            }

            client.Finish();
            if (client.CommandCount < fault)
            {
                Assert.Null(exception);
                Assert.True(fault > 10, "the fault never fired");
                return;
            }

            Assert.Equal((SqliteFailureKind.DeviceFailed, code), (exception?.Kind, exception?.CompletionCode));
            Assert.Equal(AbortReason.ServerSignalled, client.Abort?.Reason);
            Assert.Contains(exception!.Problem, client.Abort!.Detail, StringComparison.Ordinal);
        }

        Assert.Fail("the backup never got through");
    }

    [Fact]
    public void Backup_ShortWrite_IsAFailure()
    {
        // K10.
        _database.Create(rows: 1000).Dispose();
        using var client = new ScriptedClient(_transport, 1);
        client.Fault = static (number, _) => number == 3 ? CompletionCode.Success : null;
        client.Start();
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(() => SqliteEngine.Backup(BackupRequest(client)));
        Assert.Equal(SqliteFailureKind.DeviceFailed, exception.Kind);
        client.Finish();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BackupAndRestore_ClientAbortsAtAnyCommand_IsAbortedAndLeavesNothing(bool isBackup)
    {
        _database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(3, static request => request, null);
        string target = _database.In("target.db");
        for (int at = 1; at <= FaultLimit; at++)
        {
            using var client = new ScriptedClient(_transport, 3, VdFeatures.RequestComplete);
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
            _database.AssertNoTemporaryFiles();
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
        _database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(2, static request => request, null);
        string target = _database.In("target.db");
        for (int at = 1; at < 20; at += 3)
        {
            int fault = at;
            using var cancel = new CancellationTokenSource();
            using var client = new ScriptedClient(_transport, 2);
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
            _database.AssertNoTemporaryFiles();
            Assert.False(File.Exists(target));
        }
    }

    [Fact]
    public void Restore_FailingRead_ThrowsTheCode()
    {
        _database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(2, static request => request, null);
        for (int at = 1; at < 8; at++)
        {
            int fault = at;
            using var client = new ScriptedClient(_transport, 2);
            Load(client, streams);
            client.Fault = (number, _) => number == fault ? CompletionCode.BusReset : null;
            client.Start();
            SqliteEngineException exception = Assert.Throws<SqliteEngineException>(
                () => SqliteEngine.Restore(
                    RestoreRequest(client, _database.In("target.db")) with { MaxTransferSizeBytes = 65536 }));
            Assert.Equal((SqliteFailureKind.DeviceFailed, CompletionCode.BusReset), (exception.Kind, exception.CompletionCode));
            client.Finish();
            _database.AssertNoTemporaryFiles();
        }
    }

    [Fact]
    public void Restore_AlteredOrCutOrMissingOrForeign_IsReportedAndTheTargetStays()
    {
        _database.Create(rows: 1000).Dispose();
        (_, byte[][] streams) = Backup(2, static request => request, null);
        (_, byte[][] others) = Backup(2, static request => request, null);
        string target = _database.In("target.db");
        using (SqliteConnection old = TestDatabase.Connect(target))
        {
            TestDatabase.Execute(old, "PRAGMA journal_mode = wal; CREATE TABLE old(x); INSERT INTO old VALUES (1);");
        }

        string before = SqliteContentHash.Compute(target);
        byte[] altered = [.. streams[1]];
        altered[altered.Length / 2] ^= 1;
        var cases = new (byte[][] Streams, SqliteFailureKind Kind)[]
        {
            ([streams[0], altered], SqliteFailureKind.MediaDamaged),
            ([streams[0], streams[1][..^600]], SqliteFailureKind.MediaIncomplete),
            ([streams[0], []], SqliteFailureKind.MediaIncomplete),
            ([streams[0]], SqliteFailureKind.MediaIncomplete),
            ([streams[0], others[1]], SqliteFailureKind.MediaMismatch),
            ([streams[0], streams[0]], SqliteFailureKind.MediaMismatch),
            ([streams[0], streams[1], others[0]], SqliteFailureKind.MediaMismatch),
            ([streams[0], new byte[5000]], SqliteFailureKind.MediaMismatch),
        };
        foreach ((byte[][] media, SqliteFailureKind kind) in cases)
        {
            using var client = new ScriptedClient(_transport, media.Length);
            Load(client, media);
            client.Start();
            SqliteEngineException exception = Assert.Throws<SqliteEngineException>(
                () => SqliteEngine.Restore(RestoreRequest(client, target) with { Replace = true }));
            output.WriteLine(exception.Message);
            Assert.Equal(kind, exception.Kind);
            client.Finish();
            Assert.Contains(exception.Problem, client.Abort!.Detail, StringComparison.Ordinal);
            _database.AssertNoTemporaryFiles();
            Assert.Equal(before, SqliteContentHash.Compute(target));
            using SqliteConnection old = TestDatabase.Connect(target);
            Assert.Equal("wal", TestDatabase.Query<string>(old, "PRAGMA journal_mode"));
        }
    }

    [Fact]
    public void Restore_TargetExists_IsRefusedBeforeTheSetIsTouched()
    {
        _database.Create().Dispose();
        using var client = new ScriptedClient(_transport, 1);
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(
            () => SqliteEngine.Restore(RestoreRequest(client, _database.Path)));
        Assert.Equal(SqliteFailureKind.TargetExists, exception.Kind);
        File.Move(_database.Path, _database.In("moved.db"));
        File.WriteAllText(_database.Path + "-journal", "left behind");
        Assert.Equal(
            SqliteFailureKind.TargetExists,
            SnapshotTests.FailureOf(() => SqliteEngine.Restore(RestoreRequest(client, _database.Path))));
        Assert.Null(client.Abort);
    }

    [Fact]
    public void Restore_ReplaceWhileInUse_IsTargetBusyBeforeTheSetIsTouched()
    {
        using SqliteConnection connection = _database.Create();
        using var client = new ScriptedClient(_transport, 1);
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(() => SqliteEngine.Restore(
            RestoreRequest(client, _database.Path) with { Replace = true, LockTimeout = TimeSpan.Zero }));
        Assert.Equal(SqliteFailureKind.TargetBusy, exception.Kind);
        Assert.Null(client.Abort);
        TestDatabase.Execute(connection, "DELETE FROM entry");
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    public void Restore_Replace_LeavesNoLogOfTheOldDatabaseAndKeepsTheMode(string journalMode)
    {
        using (_database.Create(rows: 500))
        {
        }

        (SqliteOperationResult backup, byte[][] streams) = Backup(1, static request => request with { ComputeContentHash = true }, null);
        string target = _database.In("target.db");
        using (SqliteConnection old = TestDatabase.Connect(target))
        {
            TestDatabase.Execute(old, $"PRAGMA journal_mode = {journalMode}; CREATE TABLE old(x); INSERT INTO old VALUES (1);");
            if (journalMode == "wal")
            {
                // As a crash leaves it: a log whose frames are not in the file.
                File.Copy(target + "-wal", _database.In("kept-wal"));
                File.Copy(target, _database.In("kept"));
            }
        }

        if (journalMode == "wal")
        {
            File.Copy(_database.In("kept-wal"), target + "-wal", overwrite: true);
            File.Copy(_database.In("kept"), target, overwrite: true);
        }

        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        SqliteOperationResult restore = Restore(
            target, streams, static request => request with { Replace = true }, null);
        Assert.False(File.Exists(target + "-wal"));
        Assert.False(File.Exists(target + "-shm"));
        Assert.False(File.Exists(target + "-journal"));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(target));
        Assert.Equal(backup.ContentHash, SqliteContentHash.Compute(target));
        Assert.Equal(backup.PageCount, restore.PageCount);
        TestDatabase.AssertIntact(target);
    }

    [Fact]
    public void Restore_ReplaceOfWhatIsNoDatabase_Succeeds()
    {
        _database.Create().Dispose();
        (_, byte[][] streams) = Backup(1, static request => request, null);
        string target = _database.In("target.db");
        File.WriteAllText(target, new string('x', 5000));
        Restore(target, streams, static request => request with { Replace = true }, null);
        TestDatabase.AssertIntact(target);
    }

    [Fact]
    public void BackupThenRestore_EmptyDatabase_GivesAnEmptyFile()
    {
        File.WriteAllBytes(_database.Path, []);
        (SqliteOperationResult backup, byte[][] streams) = Backup(3, static request => request, null);
        Assert.Equal(0, backup.DatabaseBytes);
        string target = _database.In("target.db");
        Restore(target, streams, static request => request, null);
        Assert.Equal(0, new FileInfo(target).Length);
    }

    [Fact]
    public void Backup_NoSet_IsSetUnavailableAfterTheTimeout()
    {
        _database.Create().Dispose();
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(() => SqliteEngine.Backup(new SqliteBackupRequest
        {
            Transport = _transport,
            DeviceNames = ["nobody"],
            DatabasePath = _database.Path,
            OpenTimeout = TimeSpan.Zero,
        }));
        Assert.Equal(SqliteFailureKind.SetUnavailable, exception.Kind);
        Assert.Contains("HINT:", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backup_SetMadeLater_IsFound()
    {
        _database.Create().Dispose();
        string name = Guid.NewGuid().ToString();
        SqliteOperationResult? result = null;
        Thread engine = new(() => result = SqliteEngine.Backup(new SqliteBackupRequest
        {
            Transport = _transport, DeviceNames = [name], DatabasePath = _database.Path, OpenTimeout = s_limit,
        }));
        engine.Start();
        using var client = new ScriptedClient(_transport, 1, name: name);
        client.Start();
        Assert.True(engine.Join(s_limit), "the backup did not end");
        Assert.Equal(VdResult.Ok, client.Finish());
        Assert.NotNull(result);
    }

    [Fact]
    public void Backup_OtherNumberOfDevices_IsSetUnavailableAndAborts()
    {
        _database.Create().Dispose();
        using var client = new ScriptedClient(_transport, 2);
        client.Start();
        Assert.Equal(
            SqliteFailureKind.SetUnavailable,
            SnapshotTests.FailureOf(() => SqliteEngine.Backup(BackupRequest(client) with { DeviceNames = [client.Name] })));
        client.Finish();
        Assert.All(client.Ends, static end => Assert.Equal(VdResult.Aborted, end));
    }

    public static TheoryData<string, uint, uint, int> InvalidRequests => new()
    {
        { "a", 1000, 65536, 0 },
        { "a", 256, 65536, 0 },
        { "a", 512, 65537, 0 },
        { "a", 512, 0, 0 },
        { "a", 512, 65536, -1 },
        { "a,b", 512, 65536, 1 },
        { "a,a", 512, 65536, 0 },
        { "", 512, 65536, 0 },
        { "a\\b", 512, 65536, 0 },
    };

    [Theory, MemberData(nameof(InvalidRequests))]
    public void Backup_InvalidRequest_IsRefused(string names, uint blockSize, uint maxTransfer, int buffers)
    {
        _database.Create().Dispose();
        Assert.Equal(SqliteFailureKind.InvalidRequest, SnapshotTests.FailureOf(() => SqliteEngine.Backup(new SqliteBackupRequest
        {
            Transport = _transport,
            DeviceNames = names.Split(','),
            DatabasePath = _database.Path,
            BlockSizeBytes = blockSize,
            MaxTransferSizeBytes = maxTransfer,
            BufferCount = buffers,
        })));
    }

    [Fact]
    public void Backup_ProgressThatThrows_EndsIt()
    {
        _database.Create(rows: 1000).Dispose();
        using var client = new ScriptedClient(_transport, 1);
        client.Start();
        Assert.Throws<NotSupportedException>(() => SqliteEngine.Backup(
            BackupRequest(client) with { Progress = static _ => throw new NotSupportedException() }));
        client.Finish();
    }

    [Fact]
    public void Backup_Steadily_AllocatesNothingPerCommand()
    {
        _database.Create(rows: 8000).Dispose();
        long Measure(uint maxTransfer, out long commands)
        {
            using var client = new ScriptedClient(_transport, 1);
            client.Start();
            long before = GC.GetTotalAllocatedBytes(precise: true);
            SqliteOperationResult result = SqliteEngine.Backup(BackupRequest(client) with { MaxTransferSizeBytes = maxTransfer, BlockSizeBytes = 512 });
            commands = result.CommandCount;
            client.Finish();
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        _ = Measure(65536, out _);
        long few = Measure(1 << 20, out long fewCommands);
        long many = Measure(65536, out long manyCommands);
        output.WriteLine($"{few} bytes for {fewCommands} commands, {many} bytes for {manyCommands} commands");
    }

    private SqliteBackupRequest BackupRequest(ScriptedClient client) => new()
    {
        Transport = _transport,
        DeviceNames = client.DeviceNames,
        DatabasePath = _database.Path,
    };

    private SqliteRestoreRequest RestoreRequest(ScriptedClient client, string target) => new()
    {
        Transport = _transport,
        DeviceNames = client.DeviceNames,
        DatabasePath = target,
    };

    private (SqliteOperationResult Result, byte[][] Streams) Backup(
        int deviceCount, Func<SqliteBackupRequest, SqliteBackupRequest> change, Random? disorder)
    {
        using var client = new ScriptedClient(_transport, deviceCount) { Disorder = disorder };
        client.Start();
        SqliteOperationResult result = SqliteEngine.Backup(change(BackupRequest(client)));
        Assert.Equal(VdResult.Ok, client.Finish());
        return (result, [.. client.Streams.Select(static stream => stream.ToArray())]);
    }

    private SqliteOperationResult Restore(
        string target, byte[][] streams, Func<SqliteRestoreRequest, SqliteRestoreRequest> change, Random? disorder)
    {
        using var client = new ScriptedClient(_transport, streams.Length) { Disorder = disorder };
        Load(client, streams);
        client.Start();
        SqliteOperationResult result = SqliteEngine.Restore(change(RestoreRequest(client, target)));
        Assert.Equal(VdResult.Ok, client.Finish());
        return result;
    }

    private static void Load(ScriptedClient client, byte[][] streams)
    {
        for (int i = 0; i < streams.Length; i++)
        {
            client.Streams[i].Write(streams[i]);
            client.Streams[i].Position = 0;
        }
    }
}
