using OpenVdi.Backup.Media;

namespace OpenVdi.Backup;

/// <summary>Which way the data goes.</summary>
public enum RunDirection
{
    /// <summary>From the engine to the media.</summary>
    Backup,

    /// <summary>From the media to the engine.</summary>
    Restore,
}

/// <summary>One backup or restore.</summary>
public sealed record RunRequest
{
    /// <summary>Which way the data goes; the engine must mean the same (G6).</summary>
    public required RunDirection Direction { get; init; }

    /// <summary>A medium for each device, in order. The run publishes them; whoever opened them disposes of them.</summary>
    public required IReadOnlyList<Medium> Media { get; init; }

    /// <summary>What the engine executes.</summary>
    public required IStatement Statement { get; init; }

    /// <summary>Whether the devices are disk-like: the engine then names a position in each transfer (4.3). Every medium
    /// must honour positions.</summary>
    public bool IsDiskLike { get; init; }

    /// <summary>Shows how far the run is, for whoever wants to look.</summary>
    public RunProgress Progress { get; init; } = new();
}
