using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Microbench;

/// <summary>A set with one open device in one process, for steps of the halves without shared memory.</summary>
internal sealed class TwinSet : IDisposable
{
    private const string Name = "microbench";

    private readonly ClientVirtualDeviceSet _client;
    private readonly Thread? _agent;

    /// <param name="bufferBytes">Size of the buffers.</param>
    /// <param name="bufferCount">How many.</param>
    /// <param name="runsAgent">Whether a thread is the agent; else the caller is, by RunAgentOnce.</param>
    public TwinSet(uint bufferBytes, uint bufferCount, bool runsAgent)
    {
        InProcessTransport transport = new();
        _client = new ClientVirtualDeviceSet(transport);
        Server = new ServerVirtualDeviceSet(transport);
        Check(_client.CreateEx(null, Name, new SetConfiguration()));
        Check(Server.Open(null, Name));
        Check(Server.BeginConfiguration(VdFeatures.WriteMedia, 512, 4096, 1 << 20, Timeout.InfiniteTimeSpan));
        Check(Server.RequestBuffers(bufferBytes, 4096, bufferCount));
        Check(Server.EndConfiguration());
        Check(Server.OpenDevice(Name, out ServerVirtualDevice? serverDevice));
        Check(_client.GetConfiguration(Timeout.InfiniteTimeSpan, out _));
        Check(_client.OpenDevice(Name, out ClientVirtualDevice? clientDevice));
        ServerDevice = serverDevice!;
        ClientDevice = clientDevice!;
        if (runsAgent)
        {
            _agent = new Thread(() => Server.ExecuteCompletionAgent()) { IsBackground = true };
            _agent.Start();
        }
        else
        {
            _ = Server.RunAgentOnce(out _);
        }
    }

    public ServerVirtualDeviceSet Server { get; }

    public ServerVirtualDevice ServerDevice { get; }

    public ClientVirtualDevice ClientDevice { get; }

    public static void Check(VdResult result)
    {
        if (result != VdResult.Ok)
        {
            throw new InvalidOperationException($"the microbenchmark's set answered {result}");
        }
    }

    public void Dispose()
    {
        Check(ServerDevice.CloseDevice());
        _ = ClientDevice.GetCommand(TimeSpan.Zero, out _);
        _ = _agent is null && Server.RunAgentOnce(out _);
        _agent?.Join();
        Server.Dispose();
        _client.Dispose();
    }
}
