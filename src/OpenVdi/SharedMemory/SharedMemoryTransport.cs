using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>The sets of this machine, between processes, in shared memory. Linux, 64 bits. Thread-safe.</summary>
/// <remarks>A set's name is a socket in /dev/shm, with the mode 0600, or 0660 with a group; its memory is anonymous and sealed,
/// and reaches the other parties through that socket. So the data takes nothing of /dev/shm's own size, nobody can cut it
/// short, and a crash leaves at most the socket's name, which the next creation of a set removes.</remarks>
public sealed class SharedMemoryTransport : VdiTransport
{
    private readonly SharedMemoryOptions _options;
    private readonly Rendezvous _rendezvous;
    private int _isSweeping;

    /// <summary>The machine's sets with settings of one's own.</summary>
    public SharedMemoryTransport(SharedMemoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _rendezvous = new Rendezvous(options.Folder);
    }

    /// <summary>The machine's sets with the settings of the environment.</summary>
    public static SharedMemoryTransport Default { get; } = new(SharedMemoryOptions.FromEnvironment());

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> InstanceNames => _options.InstanceNames;

    /// <inheritdoc/>
    public override IReadOnlyList<SetStatus> ListSets() => SetListing.Read(_rendezvous);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sweep() => _rendezvous.Sweep();

    internal override VdFailure? Create(string instanceName, SetName name, SetConfiguration wishes, out IClientChannel? channel)
    {
        channel = null;
        uint? group = null;
        if (Unsupported() is { } unsupported)
        {
            return unsupported;
        }

        if (_options.Group is not null && (group = Interop.FindGroup(_options.Group)) is null)
        {
            return new VdFailure(VdResult.SecurityError, $"set '{name}': there is no group '{_options.Group}'",
                $"correct the group's name (the environment variable {SharedMemoryOptions.GroupVariable}).");
        }

        SweepUnlessSwept();
        VdFailure? failure = PrimaryClientChannel.TryCreate(
            _rendezvous.PathOf(name.Value), group, name, instanceName, wishes, out PrimaryClientChannel? primary);
        channel = primary;
        return failure;
    }

    // Whoever makes a set takes away what crashes have left; of those who do so at the same moment, one. A sweep asks every
    // set there is: all of them asking all of them keeps a busy machine from making any.
    private void SweepUnlessSwept()
    {
        if (Interlocked.Exchange(ref _isSweeping, 1) != 0)
        {
            return;
        }

        try
        {
            _rendezvous.Sweep();
        }
        finally
        {
            Volatile.Write(ref _isSweeping, 0);   // Pairs with the exchange above.
        }
    }

    internal override VdFailure? Join(string instanceName, SetName name, out IClientChannel? channel)
    {
        channel = null;
        if (Unsupported() is { } unsupported)
        {
            return unsupported;
        }

        VdFailure? failure = SecondaryClientChannel.TryJoin(
            _rendezvous.PathOf(name.Value), name, instanceName, out SecondaryClientChannel? secondary);
        channel = secondary;
        return failure;
    }

    internal override VdFailure? Open(string instanceName, SetName name, out IServerChannel? channel)
    {
        channel = null;
        if (Unsupported() is { } unsupported)
        {
            return unsupported;
        }

        VdFailure? failure = SharedServerChannel.TryOpen(
            _rendezvous.PathOf(name.Value), name, instanceName, out SharedServerChannel? server);
        channel = server;
        return failure;
    }

    private static VdFailure? Unsupported() => OperatingSystem.IsLinux() && Environment.Is64BitProcess
        ? null
        : new VdFailure(VdResult.NotSupported, "shared memory between processes is there on 64-bit Linux only",
            "within one process, use InProcessTransport.");
}
