using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>A suite that every transport must pass. What a test makes through it is given up when the test ends.</summary>
public abstract class ConformanceSuite : IDisposable
{
    private readonly Stack<IDisposable> _owned = new();

    protected ConformanceSuite(TransportKind kind)
    {
        Kind = kind;
        Transport = kind.CreateTransport();
    }

    /// <summary>What the suite runs over.</summary>
    protected TransportKind Kind { get; }

    /// <summary>The transport under test.</summary>
    protected VdiTransport Transport { get; }

    /// <summary>A wait's limit: generous, and never reached by what is right.</summary>
    protected static TimeSpan Limit => Await.Limit;

    /// <summary>A fresh set name.</summary>
    protected string NewName() => Kind.NewName();

    /// <summary>Two halves for a fresh name.</summary>
    protected BothHalves NewSet(SetShape? shape = null) => Own(new BothHalves(Transport, NewName(), shape));

    /// <summary>Two halves with so many devices.</summary>
    protected BothHalves NewSet(uint deviceCount) => NewSet(new SetShape { DeviceCount = deviceCount });

    /// <summary>A further client.</summary>
    protected ScriptedClient NewClient() => Own(new ScriptedClient(Transport));

    /// <summary>A further server.</summary>
    protected ScriptedServer NewServer() => Own(new ScriptedServer(Transport));

    /// <summary>A bare client set.</summary>
    protected ClientVirtualDeviceSet NewClientSet() => Own(new ClientVirtualDeviceSet(Transport));

    /// <summary>A bare server set.</summary>
    protected ServerVirtualDeviceSet NewServerSet() => Own(new ServerVirtualDeviceSet(Transport));

    /// <summary>Gives an object up when the test ends.</summary>
    protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? owned))
        {
            owned.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
