using System.Numerics;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite.Transfer;

/// <summary>What backup and restore requests say alike of the set, checked.</summary>
internal sealed record TransferOptions(
    VdiTransport Transport,
    string? InstanceName,
    IReadOnlyList<string> DeviceNames,
    uint BlockSizeBytes,
    uint MaxTransferSizeBytes,
    int BufferCount,
    TimeSpan OpenTimeout,
    Action<OperationProgress>? Progress)
{
    /// <summary>The largest transfer that is accepted, in bytes: well above the 4 MiB of a statement (V10), and far below
    /// the largest buffer area.</summary>
    public const uint LargestTransferBytes = 64 << 20;

    /// <summary>Buffers for all devices together when the caller leaves it open: eight of them suffice to keep both sides
    /// busy, more leave the cache; two for each device, so that none waits for another's, and two to spare.</summary>
    private const int FewestChosenBuffers = 8, ChosenBuffersOfDevice = 2, SpareBuffers = 2;

    /// <summary>The set's name: the first device's (N5).</summary>
    public string SetName => DeviceNames[0];

    /// <summary>How many buffers to ask for, and how few would do: one for each device.</summary>
    public (int Wanted, int Fewest) BufferCounts => BufferCount > 0
        ? (BufferCount, BufferCount)
        : (Math.Max(FewestChosenBuffers, (ChosenBuffersOfDevice * DeviceNames.Count) + SpareBuffers), DeviceNames.Count);

    /// <summary>Checks what can be checked before any effect.</summary>
    /// <exception cref="SqliteEngineException">InvalidRequest.</exception>
    public TransferOptions Checked()
    {
        ArgumentNullException.ThrowIfNull(Transport);
        ArgumentNullException.ThrowIfNull(DeviceNames);
        if (DeviceNames.Count is < 1 or > (int)ConfigurationRules.MaxDeviceCount)
        {
            throw Invalid($"devices: expected 1 to {ConfigurationRules.MaxDeviceCount}, found {DeviceNames.Count}");
        }

        foreach (string name in DeviceNames)
        {
            if (!OpenVdi.SetName.TryParse(name, out _, out string? problem))
            {
                throw Invalid($"device '{name}': {problem}");
            }
        }

        if (DeviceNames.Distinct(StringComparer.Ordinal).Count() != DeviceNames.Count)
        {
            throw Invalid($"devices: expected different names, found '{string.Join("', '", DeviceNames)}'");
        }

        if (!BitOperations.IsPow2(BlockSizeBytes)
            || BlockSizeBytes is < ConfigurationRules.MinBlockSizeBytes or > ConfigurationRules.MaxBlockSizeBytes)
        {
            throw Invalid($"block size: expected a power of two from {ConfigurationRules.MinBlockSizeBytes} to "
                + $"{ConfigurationRules.MaxBlockSizeBytes}, found {BlockSizeBytes}");
        }

        if (MaxTransferSizeBytes is 0 or > LargestTransferBytes
            || MaxTransferSizeBytes % ConfigurationRules.TransferUnitBytes != 0)
        {
            throw Invalid($"largest transfer: expected a multiple of {ConfigurationRules.TransferUnitBytes} up to "
                + $"{LargestTransferBytes}, found {MaxTransferSizeBytes}");
        }

        if (BufferCount < 0 || (BufferCount > 0 && BufferCount < DeviceNames.Count))
        {
            throw Invalid($"buffers: expected 0, or at least one for each of {DeviceNames.Count} devices, found {BufferCount}");
        }

        return this;
    }

    private static SqliteEngineException Invalid(string problem) => new(SqliteFailureKind.InvalidRequest, problem);
}
