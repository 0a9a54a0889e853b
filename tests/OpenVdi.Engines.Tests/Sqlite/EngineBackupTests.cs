using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;
using OpenVdi.Tape.Tests;

namespace OpenVdi.Engines.Tests.Sqlite;

[UnsupportedOSPlatform("windows")]
public sealed class EngineBackupTests : EngineTestBase
{
    [Theory]
    [InlineData(VdFeatures.LikePipe, 0x10000u)]
    [InlineData(VdFeatures.RequestComplete, 0x52000u)]
    public void Backup_Commands_AreWritesThenFlushThenCompleteWhereGranted(VdFeatures features, uint expected)
    {
        Database.Create(rows: 1000).Dispose();
        using var client = new ScriptedClient(Transport, 3, features);
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

    [Theory]
    [InlineData(1, 512u)]
    [InlineData(1, 65536u)]
    [InlineData(3, 4096u)]
    [InlineData(3, 65536u)]
    public void Backup_Writes_AreFullTransfersButTheLastOne(int deviceCount, uint blockSize)
    {
        const uint TransferBytes = 65536;
        Database.Create(rows: 1000).Dispose();
        using var client = new ScriptedClient(Transport, deviceCount);
        List<uint>[] sizes = [.. client.DeviceNames.Select(static _ => new List<uint>())];
        client.Held = (index, command) =>
        {
            if (command.Code == CommandCode.Write)
            {
                sizes[index].Add(command.SizeBytes);
            }
        };
        client.Start();
        SqliteEngine.Backup(BackupRequest(client) with { BlockSizeBytes = blockSize, MaxTransferSizeBytes = TransferBytes });
        Assert.Equal(VdResult.Ok, client.Finish());
        Assert.All(sizes, device =>
        {
            Assert.All(device[..^1], static size => Assert.Equal(TransferBytes, size));
            Assert.InRange(device[^1], blockSize, TransferBytes);
            Assert.Equal(0u, device[^1] % blockSize);
        });
    }

    [Fact]
    public void Backup_ToOneDevice_IsUnpackedByWhoKnowsOnlyTheFormat()
    {
        Database.Create(rows: 2000).Dispose();
        (SqliteOperationResult result, byte[][] streams) = Backup(1, static request => request, new Random(1));
        KeyValuePair<string, byte[]> file = Assert.Single(new ForeignWalker(streams[0]).Files);
        Assert.Equal("/source.db", file.Key);
        Assert.Equal(result.DatabaseBytes, file.Value.Length);
        Assert.Equal(File.ReadAllBytes(Database.Path), file.Value);
    }

    [Fact]
    public void Backup_OneDeviceThatCompletesNothing_DoesNotStopTheOther()
    {
        // Goal: devices are fed as they become free. Method: the first device's first command is completed only when the
        // other device has taken everything but the piece that the first one has begun.
        const uint TransferBytes = 65536;
        Database.Create(rows: 6000).Dispose();
        using var client = new ScriptedClient(Transport, 2);
        using var othersDone = new ManualResetEventSlim();
        long total = 0;
        long expected;
        using (SqliteConnection connection = TestDatabase.Connect(Database.Path))
        {
            expected = TestDatabase.Query<long>(connection, "PRAGMA page_count") * 4096;
        }

        Assert.True(expected > 20 * TransferBytes);
        client.Held = (index, command) =>
        {
            if (index == 0 && client.Commands[0].Count == 1)
            {
                Assert.True(othersDone.Wait(Limit), "the other device did not get all data");
            }
            else if (index == 1 && command.Code == CommandCode.Write
                && Interlocked.Add(ref total, command.SizeBytes) >= expected - TransferBytes)
            {
                othersDone.Set();
            }
        };
        client.Start();
        SqliteEngine.Backup(BackupRequest(client) with { MaxTransferSizeBytes = TransferBytes });
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
        Database.Create(rows: 1000).Dispose();
        for (int at = 1; at <= FaultLimit; at++)
        {
            int fault = at;
            using var client = new ScriptedClient(Transport, 2, VdFeatures.RequestComplete);
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
        Database.Create(rows: 1000).Dispose();
        using var client = new ScriptedClient(Transport, 1);
        client.Fault = static (number, _) => number == 3 ? CompletionCode.Success : null;
        client.Start();
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(() => SqliteEngine.Backup(BackupRequest(client)));
        Assert.Equal(SqliteFailureKind.DeviceFailed, exception.Kind);
        client.Finish();
    }

    [Fact]
    public void Backup_NoSet_IsSetUnavailableAfterTheTimeout()
    {
        Database.Create().Dispose();
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(() => SqliteEngine.Backup(new SqliteBackupRequest
        {
            Transport = Transport,
            DeviceNames = ["nobody"],
            DatabasePath = Database.Path,
            OpenTimeout = TimeSpan.Zero,
        }));
        Assert.Equal(SqliteFailureKind.SetUnavailable, exception.Kind);
        Assert.Contains("HINT:", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backup_SetMadeLater_IsFound()
    {
        Database.Create().Dispose();
        string name = Guid.NewGuid().ToString();
        SqliteOperationResult? result = null;
        Thread engine = new(() => result = SqliteEngine.Backup(new SqliteBackupRequest
        {
            Transport = Transport,
            DeviceNames = [name],
            DatabasePath = Database.Path,
            OpenTimeout = Limit,
        }));
        engine.Start();
        using var client = new ScriptedClient(Transport, 1, name: name);
        client.Start();
        Assert.True(engine.Join(Limit), "the backup did not end");
        Assert.Equal(VdResult.Ok, client.Finish());
        Assert.NotNull(result);
    }

    [Fact]
    public void Backup_OtherNumberOfDevices_IsSetUnavailableAndAborts()
    {
        Database.Create().Dispose();
        using var client = new ScriptedClient(Transport, 2);
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
        Database.Create().Dispose();
        Assert.Equal(SqliteFailureKind.InvalidRequest, SnapshotTests.FailureOf(() => SqliteEngine.Backup(new SqliteBackupRequest
        {
            Transport = Transport,
            DeviceNames = names.Split(','),
            DatabasePath = Database.Path,
            BlockSizeBytes = blockSize,
            MaxTransferSizeBytes = maxTransfer,
            BufferCount = buffers,
        })));
    }

    [Fact]
    public void Backup_ProgressThatThrows_EndsIt()
    {
        Database.Create(rows: 1000).Dispose();
        using var client = new ScriptedClient(Transport, 1);
        client.Start();
        Assert.Throws<NotSupportedException>(() => SqliteEngine.Backup(
            BackupRequest(client) with { Progress = static _ => throw new NotSupportedException() }));
        client.Finish();
    }
}
