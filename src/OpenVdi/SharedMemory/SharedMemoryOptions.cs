namespace OpenVdi.SharedMemory;

/// <summary>Settings of the machine's shared memory transport.</summary>
public sealed record SharedMemoryOptions
{
    /// <summary>The environment variable of <see cref="Group"/>.</summary>
    public const string GroupVariable = "OPENVDI_GROUP";

    /// <summary>The environment variable of <see cref="InstanceNames"/>, separated by commas.</summary>
    public const string InstancesVariable = "OPENVDI_INSTANCES";

    /// <summary>A group, by name or number, whose members may take part in the sets that this process makes; null: only
    /// this user. Spec: U10 to U13.</summary>
    public string? Group { get; init; }

    /// <summary>Named instances to recognise beside the default one. Spec: N13.</summary>
    public IReadOnlyCollection<string> InstanceNames { get; init; } = [];

    /// <summary>The folder of the sets' names. All parties must see the same one.</summary>
    public string Folder { get; init; } = "/dev/shm";

    /// <summary>The settings that the environment makes.</summary>
    public static SharedMemoryOptions FromEnvironment() => new()
    {
        Group = Environment.GetEnvironmentVariable(GroupVariable) is { Length: > 0 } group ? group : null,
        InstanceNames = (Environment.GetEnvironmentVariable(InstancesVariable) ?? string.Empty).Split(
            ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
    };
}
