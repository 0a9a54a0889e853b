namespace OpenVdi.Transport;

/// <summary>The twin of shared memory within one process: for tests, simulation and embedded use.</summary>
public sealed class InProcessTransport : VdiTransport
{
    /// <inheritdoc/>
    public override IReadOnlyCollection<string> InstanceNames => throw new NotImplementedException();

    /// <inheritdoc/>
    public override IReadOnlyList<SetStatus> ListSets() => throw new NotImplementedException();

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sweep() => throw new NotImplementedException();

    internal override VdFailure? Create(string instanceName, SetName name, SetConfiguration wishes, out IClientChannel? channel) =>
        throw new NotImplementedException();

    internal override VdFailure? Join(string instanceName, SetName name, out IClientChannel? channel) =>
        throw new NotImplementedException();

    internal override VdFailure? Open(string instanceName, SetName name, out IServerChannel? channel) =>
        throw new NotImplementedException();
}
