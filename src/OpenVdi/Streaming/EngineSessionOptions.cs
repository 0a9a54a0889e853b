using OpenVdi.SharedMemory;
using OpenVdi.Transport;

namespace OpenVdi.Streaming;

/// <summary>How an <see cref="EngineSession"/> finds its set.</summary>
public sealed record EngineSessionOptions
{
    /// <summary>Where the set has its name. Null: the machine's shared memory.</summary>
    public VdiTransport? Transport { get; init; }

    /// <summary>This engine's instance; null for the default one (N10).</summary>
    public string? InstanceName { get; init; }

    /// <summary>The devices' names as the statement gives them, the set's first (N5, N6). Null: those of
    /// <see cref="DeviceNames.For"/>, as many as the client wants.</summary>
    public IReadOnlyList<string>? DeviceNames { get; init; }

    internal VdiTransport EffectiveTransport => Transport ?? SharedMemoryTransport.Default;
}
