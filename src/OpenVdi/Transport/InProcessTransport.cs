namespace OpenVdi.Transport;

/// <summary>The twin of shared memory within one process: for tests, simulation and embedded use. Each object is a name
/// space of its own: sets made in one are not seen in another.</summary>
public sealed class InProcessTransport : VdiTransport
{
    private readonly object _gate = new();
    private readonly Dictionary<SetName, InProcessSet> _sets = [];
    private readonly string[] _instanceNames;
    private readonly long _maxBufferBytes;
    private long _reservedBytes;

    /// <summary>A new, empty name space with the default instance only, and no limit but the machine's memory.</summary>
    public InProcessTransport()
        : this(long.MaxValue)
    {
    }

    /// <summary>A new, empty name space.</summary>
    /// <param name="maxBufferBytes">The most bytes that the buffer areas of all its sets may have together; what exceeds it
    /// is refused with VD_E_MEMORY.</param>
    /// <param name="instanceNames">The named instances beside the default one.</param>
    public InProcessTransport(long maxBufferBytes, params IEnumerable<string> instanceNames)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBufferBytes);
        ArgumentNullException.ThrowIfNull(instanceNames);
        _maxBufferBytes = maxBufferBytes;
        _instanceNames = [.. instanceNames];
    }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> InstanceNames => _instanceNames;

    /// <inheritdoc/>
    public override IReadOnlyList<SetStatus> ListSets()
    {
        InProcessSet[] sets;
        lock (_gate)
        {
            sets = [.. _sets.Values];
        }

        return [.. sets.Select(static set => set.Status()).OrderBy(static status => status.Name, StringComparer.Ordinal)];
    }

    /// <summary>Does nothing: no party of this transport can die and leave something behind.</summary>
    public override IReadOnlyList<string> Sweep() => [];

    internal override VdFailure? Create(string instanceName, SetName name, SetConfiguration wishes, out IClientChannel? channel)
    {
        channel = null;
        lock (_gate)
        {
            if (_sets.ContainsKey(name))
            {
                return new VdFailure(
                    VdResult.ProtocolError,
                    $"set '{name}': the name is in use",
                    "a GUID makes a name that nobody else has.");
            }

            var set = new InProcessSet(this, instanceName, name, wishes);
            _sets.Add(name, set);
            channel = new InProcessClientChannel(set, isPrimary: true);
            return null;
        }
    }

    internal override VdFailure? Join(string instanceName, SetName name, out IClientChannel? channel)
    {
        channel = null;
        if (Find(instanceName, name) is not { } set)
        {
            return new VdFailure(
                VdResult.ProtocolError, $"set '{name}': there is none", "the primary client creates the set first.");
        }

        if (set.Join() is { } failure)
        {
            return failure;
        }

        channel = new InProcessClientChannel(set, isPrimary: false);
        return null;
    }

    internal override VdFailure? Open(string instanceName, SetName name, out IServerChannel? channel)
    {
        channel = null;
        if (Find(instanceName, name) is not { } set)
        {
            return new VdFailure(
                VdResult.Invalid,
                $"set '{name}': there is none for this instance",
                "the client creates the set before it sends the statement; names are case-sensitive.");
        }

        if (set.Open() is { } failure)
        {
            return failure;
        }

        channel = new InProcessServerChannel(set);
        return null;
    }

    /// <summary>Gives up a name, so that the next set can have it.</summary>
    internal void Forget(InProcessSet set)
    {
        lock (_gate)
        {
            bool known = _sets.Remove(set.Name);
            Invariant.That(known);
        }
    }

    /// <summary>Takes bytes out of this transport's limit.</summary>
    internal bool TryReserve(long sizeBytes, out long availableBytes)
    {
        lock (_gate)
        {
            availableBytes = _maxBufferBytes - _reservedBytes;
            if (sizeBytes > availableBytes)
            {
                return false;
            }

            _reservedBytes += sizeBytes;
            return true;
        }
    }

    /// <summary>Gives bytes back.</summary>
    internal void Return(long sizeBytes)
    {
        lock (_gate)
        {
            _reservedBytes -= sizeBytes;
            Invariant.That(_reservedBytes >= 0);
        }
    }

    private InProcessSet? Find(string instanceName, SetName name)
    {
        lock (_gate)
        {
            return _sets.TryGetValue(name, out InProcessSet? set) && set.InstanceName == instanceName ? set : null;
        }
    }
}
