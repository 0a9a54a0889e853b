namespace OpenVdi.Transport;

/// <summary>Where sets have names and the two halves meet: the machine's shared memory, or one process
/// (<see cref="InProcessTransport"/>). Thread-safe.</summary>
public abstract class VdiTransport
{
    private protected VdiTransport()
    {
    }

    /// <summary>The named instances that this transport recognises beside the default one. Spec: N10 to N13.</summary>
    public abstract IReadOnlyCollection<string> InstanceNames { get; }

    /// <summary>The sets that have a name here now, and what crashed processes left behind.</summary>
    public abstract IReadOnlyList<SetStatus> ListSets();

    /// <summary>Removes what crashed processes left behind; never touches a set that a living process holds.</summary>
    /// <returns>What was removed.</returns>
    public abstract IReadOnlyList<string> Sweep();

    /// <summary>Makes a set. VD_E_PROTOCOL when the name is in use (C1n2).</summary>
    internal abstract VdFailure? Create(
        string instanceName, SetName name, SetConfiguration wishes, out IClientChannel? channel);

    /// <summary>Joins a set as a secondary client. VD_E_PROTOCOL when there is none, or it is not configured yet (P4);
    /// VD_E_ABORT when it is aborted.</summary>
    internal abstract VdFailure? Join(string instanceName, SetName name, out IClientChannel? channel);

    /// <summary>Finds a set for the server. VD_E_INVALID when there is none (V12); VD_E_PROTOCOL when another server has it
    /// (V13).</summary>
    internal abstract VdFailure? Open(string instanceName, SetName name, out IServerChannel? channel);

    /// <summary>The recognised form of an instance name: empty for the default instance; or VD_E_INSTANCE_NAME.
    /// Spec: N10, N11, N13.</summary>
    internal VdFailure? ResolveInstance(string? instanceName, out string resolved)
    {
        resolved = instanceName ?? string.Empty;
        if (resolved.Length == 0)
        {
            return null;
        }

        foreach (string known in InstanceNames)
        {
            // Instance names are not case-sensitive on any SQL Server; set names are.
            if (string.Equals(known, resolved, StringComparison.OrdinalIgnoreCase))
            {
                resolved = known;
                return null;
            }
        }

        string message = resolved.Contains('\\', StringComparison.Ordinal)
            ? $"instance '{resolved}': expected the bare instance name without the machine's"
            : $"instance '{resolved}' is not one of this machine's";
        return new VdFailure(VdResult.UnknownInstance, message, "pass null for the default instance.");
    }
}
