using OpenVdi.Transport;

namespace OpenVdi.Simulation.Faults;

/// <summary>The twin with a fault between it and the halves.</summary>
internal sealed class FaultTransport(InProcessTransport inner, FaultPlan plan) : VdiTransport
{
    public override IReadOnlyCollection<string> InstanceNames => inner.InstanceNames;

    /// <summary>The server's channel, to be cut off when the server dies.</summary>
    public IServerChannel? Server { get; private set; }

    /// <summary>The clients' channels: the primary's first.</summary>
    public List<IClientChannel> Clients { get; } = [];

    public override IReadOnlyList<SetStatus> ListSets() => inner.ListSets();

    public override IReadOnlyList<string> Sweep() => inner.Sweep();

    internal override VdFailure? Create(
        string instanceName, SetName name, SetConfiguration wishes, out IClientChannel? channel) =>
        Wrap(inner.Create(instanceName, name, wishes, out channel), ref channel);

    internal override VdFailure? Join(string instanceName, SetName name, out IClientChannel? channel) =>
        Wrap(inner.Join(instanceName, name, out channel), ref channel);

    internal override VdFailure? Open(string instanceName, SetName name, out IServerChannel? channel)
    {
        VdFailure? failure = inner.Open(instanceName, name, out channel);
        if (channel is not null)
        {
            Server = channel;
            channel = new FaultServerChannel(channel, plan);
        }

        return failure;
    }

    private VdFailure? Wrap(VdFailure? failure, ref IClientChannel? channel)
    {
        if (channel is not null)
        {
            Clients.Add(channel);
            channel = new FaultClientChannel(channel, plan);
        }

        return failure;
    }
}
