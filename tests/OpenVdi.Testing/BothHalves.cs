using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Testing;

/// <summary>What a set of a test looks like.</summary>
public sealed record SetShape
{
    /// <summary>The client's wishes.</summary>
    public SetConfiguration Wishes { get; init; } = new();

    /// <summary>The bits that the server adds.</summary>
    public VdFeatures ServerBits { get; init; } = VdFeatures.WriteMedia;

    /// <summary>The server's block size.</summary>
    public uint BlockSizeBytes { get; init; } = 512;

    /// <summary>The server's alignment, 0 for the block size.</summary>
    public uint AlignmentBytes { get; init; }

    /// <summary>The server's largest transfer.</summary>
    public uint MaxTransferSizeBytes { get; init; } = 65536;

    /// <summary>Size of the buffers requested.</summary>
    public uint BufferSizeBytes { get; init; } = 65536;

    /// <summary>Number of the buffers requested.</summary>
    public uint BufferCount { get; init; } = 8;

    /// <summary>How many devices.</summary>
    public uint DeviceCount
    {
        get => Wishes.DeviceCount;
        init => Wishes = Wishes with { DeviceCount = value };
    }
}

/// <summary>A set with both its halves, brought as far along the sequence of 3.1 as a test wants it.</summary>
public sealed class BothHalves : IDisposable
{
    /// <summary>Two halves without a set yet.</summary>
    public BothHalves(VdiTransport transport, string name, SetShape? shape = null)
    {
        Name = name;
        Shape = shape ?? new SetShape();
        Client = new ScriptedClient(transport);
        Server = new ScriptedServer(transport);
    }

    /// <summary>The set's name.</summary>
    public string Name { get; }

    /// <summary>What it looks like.</summary>
    public SetShape Shape { get; }

    /// <summary>The client's half.</summary>
    public ScriptedClient Client { get; }

    /// <summary>The server's half.</summary>
    public ScriptedServer Server { get; }

    /// <summary>The real client set.</summary>
    public ClientVirtualDeviceSet ClientSet => Client.Set;

    /// <summary>The real server set.</summary>
    public ServerVirtualDeviceSet ServerSet => Server.Set;

    /// <summary>The client's first device.</summary>
    public ClientVirtualDevice ClientDevice => Client.Devices[0];

    /// <summary>The server's first device.</summary>
    public ServerVirtualDevice ServerDevice => Server.Devices[0];

    /// <summary>The name of a device: the set's for the first (N6).</summary>
    public string DeviceName(int index) => index == 0 ? Name : $"device {index + 1}";

    /// <summary>CreateEx.</summary>
    public BothHalves Created()
    {
        Client.Create(Name, Shape.Wishes);
        return this;
    }

    /// <summary>And the server's Open.</summary>
    public BothHalves Connected()
    {
        Created();
        Server.Open(Name);
        return this;
    }

    /// <summary>And BeginConfiguration.</summary>
    public BothHalves Begun()
    {
        Connected();
        Server.Begin(Shape.ServerBits, Shape.BlockSizeBytes, Shape.AlignmentBytes, Shape.MaxTransferSizeBytes);
        return this;
    }

    /// <summary>And EndConfiguration, and the client's GetConfiguration: both Initializing.</summary>
    public BothHalves Configured()
    {
        Begun();
        if (Shape.BufferCount > 0)
        {
            Server.Request(Shape.BufferSizeBytes, Shape.BufferCount);
        }

        Server.End();
        Client.GetConfiguration();
        return this;
    }

    /// <summary>And every device open on both sides: both Active.</summary>
    public BothHalves Opened()
    {
        Configured();
        for (int i = 0; i < Shape.DeviceCount; i++)
        {
            Server.OpenDevice(DeviceName(i));
        }

        for (int i = 0; i < Shape.DeviceCount; i++)
        {
            Client.OpenDevice(DeviceName(i));
        }

        return this;
    }

    /// <summary>And the agent running: ready for commands.</summary>
    public BothHalves Running()
    {
        Opened();
        Server.StartAgent();
        return this;
    }

    /// <summary>The orderly end of a set without outstanding commands, up to Normally Terminated on both sides.</summary>
    public BothHalves Terminated()
    {
        Server.CloseDevices();
        for (int i = 0; i < Client.Devices.Count; i++)
        {
            Client.ExpectEnd(VdResult.Closed, i);
        }

        Server.Require("ExecuteCompletionAgent", Server.AwaitAgent());
        return this;
    }

    /// <summary>The orderly end, and both Close calls.</summary>
    public void ClosedInOrder()
    {
        Terminated();
        Client.Close();
        Server.Close();
    }

    /// <summary>Gives both halves up, the server's first so that its agent ends.</summary>
    public void Dispose()
    {
        Server.Dispose();
        Client.Dispose();
    }
}
