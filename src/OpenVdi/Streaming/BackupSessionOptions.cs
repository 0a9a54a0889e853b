using OpenVdi.SharedMemory;
using OpenVdi.Transport;

namespace OpenVdi.Streaming;

/// <summary>How a <see cref="BackupSession"/> is made.</summary>
public sealed record BackupSessionOptions
{
    /// <summary>Where the set gets its name. Null: the machine's shared memory.</summary>
    public VdiTransport? Transport { get; init; }

    /// <summary>The engine's instance; null for the default one (N10).</summary>
    public string? InstanceName { get; init; }

    /// <summary>How many devices the set has, 1 to 64. Not looked at when <see cref="Names"/> is given.</summary>
    public int DeviceCount { get; init; } = 1;

    /// <summary>The devices' names, the set's first (N6). Null: those of <see cref="DeviceNames.For"/>.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>The other wishes: features, alignment, prefix zone, timeout. Its device count is replaced.</summary>
    public SetConfiguration Configuration { get; init; } = new();

    /// <summary>Whether the cancellation of a wait or a run aborts the set for both halves. False: the set stays as it is,
    /// and waiting or running can be taken up again.</summary>
    public bool AbortOnCancellation { get; init; }

    internal VdiTransport EffectiveTransport => Transport ?? SharedMemoryTransport.Default;
}
