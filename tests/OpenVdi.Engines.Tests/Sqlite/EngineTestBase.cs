using System.Runtime.Versioning;
using OpenVdi.Engines.Sqlite;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Tests.Sqlite;

/// <summary>A database, a transport within this process, and backups and restores over it with a scripted client.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class EngineTestBase : IDisposable
{
    /// <summary>More commands than any operation here has.</summary>
    internal const int FaultLimit = 1000;

    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    internal TestDatabase Database { get; } = new();

    internal VdiTransport Transport { get; set; } = new InProcessTransport();

    public void Dispose()
    {
        Database.Dispose();
        GC.SuppressFinalize(this);
    }

    internal SqliteBackupRequest BackupRequest(ScriptedClient client) => new()
    {
        Transport = Transport,
        DeviceNames = client.DeviceNames,
        DatabasePath = Database.Path,
    };

    internal SqliteRestoreRequest RestoreRequest(ScriptedClient client, string target) => new()
    {
        Transport = Transport,
        DeviceNames = client.DeviceNames,
        DatabasePath = target,
    };

    internal (SqliteOperationResult Result, byte[][] Streams) Backup(
        int deviceCount, Func<SqliteBackupRequest, SqliteBackupRequest> change, Random? disorder)
    {
        using var client = new ScriptedClient(Transport, deviceCount) { Disorder = disorder };
        client.Start();
        SqliteOperationResult result = SqliteEngine.Backup(change(BackupRequest(client)));
        Assert.Equal(VdResult.Ok, client.Finish());
        return (result, [.. client.Streams.Select(static stream => stream.ToArray())]);
    }

    internal SqliteOperationResult Restore(
        string target, byte[][] streams, Func<SqliteRestoreRequest, SqliteRestoreRequest> change, Random? disorder)
    {
        using var client = new ScriptedClient(Transport, streams.Length) { Disorder = disorder };
        Load(client, streams);
        client.Start();
        SqliteOperationResult result = SqliteEngine.Restore(change(RestoreRequest(client, target)));
        Assert.Equal(VdResult.Ok, client.Finish());
        return result;
    }

    internal static void Load(ScriptedClient client, byte[][] streams)
    {
        for (int i = 0; i < streams.Length; i++)
        {
            client.Streams[i].Write(streams[i]);
            client.Streams[i].Position = 0;
        }
    }
}
