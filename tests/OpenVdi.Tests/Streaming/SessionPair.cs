using OpenVdi.Streaming;
using OpenVdi.Transport;

namespace OpenVdi.Tests.Streaming;

/// <summary>Both halves of one set in this process.</summary>
internal sealed class SessionPair : IAsyncDisposable
{
    public const int BlockSizeBytes = 512;
    public const int TransferBytes = 65536;

    private SessionPair(BackupSession client, EngineSession engine)
    {
        Client = client;
        Engine = engine;
    }

    public BackupSession Client { get; }

    public EngineSession Engine { get; }

    public static Task<SessionPair> CreateAsync(
        EngineOperation operation,
        int deviceCount = 1,
        bool abortOnCancellation = false,
        VdFeatures features = VdFeatures.LikePipe,
        int buffersPerDevice = 4) =>
        CreateAsync(new InProcessTransport(), operation, deviceCount, abortOnCancellation, features, buffersPerDevice);

    public static async Task<SessionPair> CreateAsync(
        VdiTransport transport,
        EngineOperation operation,
        int deviceCount = 1,
        bool abortOnCancellation = false,
        VdFeatures features = VdFeatures.LikePipe,
        int buffersPerDevice = 4)
    {
        string name = $"openvdi-test-{Guid.NewGuid():N}";
        BackupSession client = BackupSession.Create(name, new BackupSessionOptions
        {
            Transport = transport,
            DeviceCount = deviceCount,
            Configuration = new SetConfiguration { Features = features, PrefixZoneSizeBytes = 32 },
            AbortOnCancellation = abortOnCancellation,
        });
        EngineSession engine = await EngineSession
            .OpenAsync(name, new EngineSessionOptions { Transport = transport }).Within("the set to be found");
        await engine.ConfigureAsync(operation, new EngineConfiguration
        {
            BlockSizeBytes = BlockSizeBytes,
            MaxTransferSizeBytes = TransferBytes,
            BuffersPerDevice = buffersPerDevice,
        }).Within("the configuration");
        await client.WaitForServerAsync().Within("the engine");
        return new SessionPair(client, engine);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync().Within("the client's disposal");
        await Engine.DisposeAsync().Within("the engine's disposal");
    }

    /// <summary>Bytes that differ from place to place, whole blocks.</summary>
    public static byte[] Data(int seed, int blockCount)
    {
        byte[] data = new byte[blockCount * BlockSizeBytes];
#pragma warning disable CA5394 // Not for secrets: the same bytes on each run.
        new Random(seed).NextBytes(data);
#pragma warning restore CA5394
        return data;
    }
}
