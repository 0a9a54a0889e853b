using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>The sets of this machine, between processes.</summary>
public sealed class SharedMemoryTransport : VdiTransport
{
    /// <summary>The machine's sets with the settings of the environment.</summary>
    public static SharedMemoryTransport Default { get; } = new();

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
