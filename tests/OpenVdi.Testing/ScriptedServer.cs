using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Testing;

/// <summary>The engine's half, driven by a script: the real classes, the completion agent on a thread of its own, and a
/// record of every callback. A step that does not return what its name promises throws.</summary>
public sealed class ScriptedServer : IDisposable
{
    private readonly List<ServerVirtualDevice> _devices = [];
    private readonly List<SentCommand> _sent = [];
    private readonly Lock _gate = new();
    private int _callbacks;

    /// <summary>A server without a set yet.</summary>
    public ScriptedServer(VdiTransport transport) => Set = new ServerVirtualDeviceSet(transport);

    /// <summary>The real class.</summary>
    public ServerVirtualDeviceSet Set { get; }

    /// <summary>The devices opened so far, in order.</summary>
    public IReadOnlyList<ServerVirtualDevice> Devices => _devices;

    /// <summary>The agent's run, once begun.</summary>
    public PendingCall<VdResult>? Agent { get; private set; }

    /// <summary>Everything sent so far.</summary>
    public IReadOnlyList<SentCommand> Sent
    {
        get
        {
            lock (_gate)
            {
                return [.. _sent];
            }
        }
    }

    /// <summary>Open.</summary>
    public ScriptedServer Open(string setName)
    {
        Require("Open", Set.Open(null, setName));
        return this;
    }

    /// <summary>BeginConfiguration with the client's features and what is added to them.</summary>
    public ScriptedServer Begin(
        VdFeatures added, uint blockSizeBytes = 512, uint alignmentBytes = 0, uint maxTransferSizeBytes = 65536)
    {
        Require("GetConfiguration", Set.GetConfiguration(out SetConfiguration? wishes));
        Require(
            "BeginConfiguration",
            Set.BeginConfiguration(
                wishes!.Features | added, blockSizeBytes, alignmentBytes, maxTransferSizeBytes, Timeout.InfiniteTimeSpan));
        return this;
    }

    /// <summary>RequestBuffers.</summary>
    public ScriptedServer Request(uint sizeBytes, uint count, uint alignmentBytes = 0)
    {
        Require("RequestBuffers", Set.RequestBuffers(sizeBytes, alignmentBytes, count));
        return this;
    }

    /// <summary>EndConfiguration.</summary>
    public ScriptedServer End()
    {
        Require("EndConfiguration", Set.EndConfiguration());
        return this;
    }

    /// <summary>OpenDevice.</summary>
    public ServerVirtualDevice OpenDevice(string name)
    {
        Require($"OpenDevice('{name}')", Set.OpenDevice(name, out ServerVirtualDevice? device));
        _devices.Add(device!);
        return device!;
    }

    /// <summary>Lends the agent a thread and waits until the set says that it is active.</summary>
    public ScriptedServer StartAgent()
    {
        Agent = PendingCall.Begin("ExecuteCompletionAgent", Set.ExecuteCompletionAgent);

        // The agent has begun when it blocks, or has ended (an abort in between).
        Await.Until(() => Set.State != ServerSetState.Initializing, "the agent to make the set active");
        if (!Agent.IsOver)
        {
            Agent.AwaitBlocked();
        }

        return this;
    }

    /// <summary>Waits for the agent's return and gives its result.</summary>
    public VdResult AwaitAgent() =>
        (Agent ?? throw new ScriptFailedException("the agent was never started")).AwaitResult();

    /// <summary>AllocateBuffer.</summary>
    public DeviceBuffer Allocate(uint sizeBytes = 65536, uint alignmentBytes = 0)
    {
        Require("AllocateBuffer", Set.AllocateBuffer(out DeviceBuffer buffer, sizeBytes, alignmentBytes));
        return buffer;
    }

    /// <summary>SendCommand, which must accept.</summary>
    public SentCommand Send(
        CommandCode code, DeviceBuffer buffer = default, uint? sizeBytes = null, ulong position = 0, int device = 0,
        Action<SentCommand>? onCompleted = null)
    {
        SentCommand sent = TrySend(code, buffer, sizeBytes, position, device, onCompleted);
        Require($"SendCommand({code})", sent.Result);
        return sent;
    }

    /// <summary>SendCommand, whatever it answers.</summary>
    public SentCommand TrySend(
        CommandCode code, DeviceBuffer buffer = default, uint? sizeBytes = null, ulong position = 0, int device = 0,
        Action<SentCommand>? onCompleted = null)
    {
        var sent = new SentCommand(code, sizeBytes ?? (uint)buffer.SizeBytes, position, buffer, onCompleted)
        {
            NextOrder = () => Interlocked.Increment(ref _callbacks),
        };
        lock (_gate)
        {
            _sent.Add(sent);
        }

        sent.Result = _devices[device].SendCommand(sent.Command);
        return sent;
    }

    /// <summary>A Write of bytes, in a buffer taken for it.</summary>
    public SentCommand SendWrite(ReadOnlySpan<byte> bytes, int device = 0, ulong position = 0)
    {
        DeviceBuffer buffer = Allocate((uint)bytes.Length);
        bytes.CopyTo(buffer.Span);
        return Send(CommandCode.Write, buffer, position: position, device: device);
    }

    /// <summary>CloseDevice of every device opened.</summary>
    public ScriptedServer CloseDevices()
    {
        foreach (ServerVirtualDevice device in _devices)
        {
            Require($"CloseDevice of '{device.Name}'", device.CloseDevice());
        }

        return this;
    }

    /// <summary>Close, which must find everything closed.</summary>
    public void Close() => Require("Close", Set.Close());

    /// <summary>Throws for what a script did not expect.</summary>
    public void Require(string call, VdResult result)
    {
        if (result != VdResult.Ok)
        {
            throw new ScriptFailedException($"server {call}: expected NOERROR, found {result} ({Set.LastFailure})");
        }
    }

    /// <summary>Gives everything up and waits for the agent's thread.</summary>
    public void Dispose()
    {
        Set.Dispose();
        Agent?.AwaitEnd();
    }
}
