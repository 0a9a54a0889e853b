using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;
using Xunit.Abstractions;

namespace OpenVdi.Engines.Tests.Sqlite;

/// <summary>Alone in the process while it runs: it counts everybody's allocations.</summary>
[CollectionDefinition(nameof(EngineAllocationTests), DisableParallelization = true)]
[Collection(nameof(EngineAllocationTests))]
[UnsupportedOSPlatform("windows")]
public sealed class EngineAllocationTests(ITestOutputHelper output) : EngineTestBase
{
    /// <summary>Less than the smallest object takes (24); above zero for what the runtime allocates now and then.</summary>
    private const double MaxBytesPerCommand = 4;

    [Fact]
    public void Backup_Steadily_AllocatesNothingPerCommand()
    {
        // The same but for the number of commands: a part of the database, then all of it.
        using (SqliteConnection connection = Database.Create(rows: 2000))
        {
            // In the file, not in the log: the map of the log's pages grows with it.
            TestDatabase.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            Measure();
            (long fewBytes, long fewCommands) = Measure();
            new RandomWriter(connection, 2).InsertSome(30_000);
            TestDatabase.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            (long manyBytes, long manyCommands) = Measure();
            double slope = (double)(manyBytes - fewBytes) / (manyCommands - fewCommands);
            output.WriteLine($"{fewBytes} bytes for {fewCommands} commands, {manyBytes} for {manyCommands}: {slope:0.0} each");
            Assert.True(manyCommands > fewCommands + 300);
            Assert.True(slope < MaxBytesPerCommand, $"{slope} bytes allocated per command");
        }
    }

    private (long Bytes, long Commands) Measure()
    {
        using var client = new ScriptedClient(Transport, 1) { IsDiscarding = true };
        client.Start();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        SqliteOperationResult result = SqliteEngine.Backup(BackupRequest(client) with { MaxTransferSizeBytes = 65536 });
        client.Finish();
        return (GC.GetTotalAllocatedBytes(precise: true) - before, result.CommandCount);
    }
}
