using System.IO.Pipes;
using System.Net.Sockets;
using OpenVdi.Bench.Interop;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>Opens the channels of a set of devices on one side.</summary>
internal abstract class ChannelSource : IDisposable
{
    /// <summary>What the client needs to open the same channels.</summary>
    public abstract string Endpoint { get; }

    /// <summary>Opens a device's channel: on the client when its end is made, on the server then (Connect).</summary>
    public abstract ByteChannel Open(int device, bool isProducer);

    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>Anonymous pipes. The client opens the server's other ends.</summary>
internal sealed class PipeSource : ChannelSource
{
    private readonly (int ReadEnd, int WriteEnd)[] _pipes = [];
    private readonly string[] _endpoints = [];

    /// <summary>Makes the server's pipes.</summary>
    public PipeSource(ChannelPlan plan, int sizeBytes) =>
        _pipes = [.. Enumerable.Range(0, plan.Devices).Select(_ => LinuxNative.CreatePipe(sizeBytes))];

    /// <summary>Finds them from the client.</summary>
    public PipeSource(string endpoint) => _endpoints = endpoint.Split(',');

    public override string Endpoint =>
        string.Join(',', _pipes.Select(pipe => $"{DescriptorName.Of(pipe.ReadEnd)}/{DescriptorName.Of(pipe.WriteEnd)}"));

    public override ByteChannel Open(int device, bool isProducer)
    {
        if (_pipes.Length == 0)
        {
            string[] ends = _endpoints[device].Split('/');
            return new DescriptorChannel(
                isProducer ? DescriptorName.Open(ends[1], FileAccess.Write) : DescriptorName.Open(ends[0], FileAccess.Read));
        }

        // The client has its own descriptor by now.
        (int readEnd, int writeEnd) = _pipes[device];
        LinuxNative.Close(isProducer ? readEnd : writeEnd);
        return new DescriptorChannel(isProducer ? writeEnd : readEnd);
    }
}

/// <summary>Unix stream sockets, with a name that no file has.</summary>
internal sealed class UnixSocketSource : ChannelSource
{
    private readonly string _name;
    private readonly Socket? _listener;

    public UnixSocketSource(string? endpoint, int devices)
    {
        _name = endpoint ?? $"openvdi-bench-{Guid.NewGuid():N}";
        if (endpoint is null)
        {
            _listener = NewSocket();
            _listener.Bind(Address);
            _listener.Listen(devices);
        }
    }

    public override string Endpoint => _name;

    private UnixDomainSocketEndPoint Address => new("\0" + _name);

    public override ByteChannel Open(int device, bool isProducer)
    {
        // Connections are accepted in the order in which the client made them: device by device.
        if (_listener is not null)
        {
            return new SocketChannel(_listener.Accept());
        }

        Socket socket = NewSocket();
        socket.Connect(Address);
        return new SocketChannel(socket);
    }

    public override void Dispose()
    {
        _listener?.Dispose();
        base.Dispose();
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
}

/// <summary>Named pipes of the base library.</summary>
internal sealed class NamedPipeSource : ChannelSource
{
    private readonly string _name;
    private readonly NamedPipeServerStream[] _servers = [];

    public NamedPipeSource(string? endpoint, int devices)
    {
        _name = endpoint ?? $"openvdi-bench-{Guid.NewGuid():N}";
        if (endpoint is null)
        {
            _servers = [.. Enumerable.Range(0, devices).Select(device => new NamedPipeServerStream(NameOf(device)))];
        }
    }

    public override string Endpoint => _name;

    public override ByteChannel Open(int device, bool isProducer)
    {
        if (_servers.Length > 0)
        {
            _servers[device].WaitForConnection();
            return new NamedPipeChannel(_servers[device]);
        }

        NamedPipeClientStream client = new(NameOf(device));
        client.Connect(BenchLimits.Wait);
        return new NamedPipeChannel(client);
    }

    private string NameOf(int device) => $"{_name}-{device}";
}
