using System.Numerics;

namespace OpenVdi;

/// <summary>What Create and BeginConfiguration accept, and what becomes of it.</summary>
/// <remarks>Spec: V1 to V11, G1 to G4. Pure: no state, no clock.</remarks>
public static class ConfigurationRules
{
    /// <summary>The most devices of a set (V1).</summary>
    public const uint MaxDeviceCount = 64;

    /// <summary>The largest alignment, in bytes (V4, V7).</summary>
    public const uint MaxAlignmentBytes = 65536;

    /// <summary>The smallest and largest block size, in bytes (V6).</summary>
    public const uint MinBlockSizeBytes = 512, MaxBlockSizeBytes = 65536;

    /// <summary>Transfers are multiples of it (V9).</summary>
    public const uint TransferUnitBytes = 65536;

    /// <summary>Always reported, no longer a limit (4.1).</summary>
    public const uint MaxIODepth = 4;

    /// <summary>The longest prefix zone, in bytes. The specification names no limit; this one keeps a buffer's stride
    /// within 32 bits with room to spare.</summary>
    public const uint MaxPrefixZoneSizeBytes = 1 << 20;

    /// <summary>Checks a client's wishes. Spec: V1 to V4.</summary>
    /// <returns>Null when acceptable; else VD_E_NOTSUPPORTED in words.</returns>
    public static VdFailure? CheckWishes(SetConfiguration wishes)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        return wishes switch
        {
            { DeviceCount: 0 or > MaxDeviceCount } =>
                Unsupported($"deviceCount {wishes.DeviceCount}: expected 1 to {MaxDeviceCount}"),
            _ when !FeatureRules.IsSupported(wishes.Features) =>
                Unsupported($"features 0x{(uint)wishes.Features:X}: expected one positioning class (pipe 0x0, tape 0x173, "
                    + "disk 0x200) with its permitted extras"),
            _ when !IsAlignment(wishes.AlignmentBytes) =>
                Unsupported($"alignment {wishes.AlignmentBytes}: expected 0 or a power of two up to {MaxAlignmentBytes}"),
            { PrefixZoneSizeBytes: > MaxPrefixZoneSizeBytes } =>
                Unsupported($"prefixZoneSize {wishes.PrefixZoneSizeBytes}: expected at most {MaxPrefixZoneSizeBytes}"),
            _ => null,
        };
    }

    /// <summary>A client's wishes as the server reads them: the server's bits and fields cleared. Spec: V3, 4.1.</summary>
    public static SetConfiguration NormalizeWishes(SetConfiguration wishes)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        return wishes with
        {
            Features = FeatureRules.ClientBits(wishes.Features),
            BlockSizeBytes = 0,
            MaxIODepth = 0,
            MaxTransferSizeBytes = 0,
            BufferAreaSizeBytes = 0,
        };
    }

    /// <summary>What BeginConfiguration makes of the wishes and the server's choice. Spec: V6 to V11, G3, G4.</summary>
    /// <returns>Null and the configuration; or VD_E_INVALID in words.</returns>
    public static VdFailure? Negotiate(
        SetConfiguration wishes,
        VdFeatures features,
        uint blockSizeBytes,
        uint alignmentBytes,
        uint maxTransferSizeBytes,
        out SetConfiguration? configuration)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        configuration = null;
        if (!BitOperations.IsPow2(blockSizeBytes) || blockSizeBytes is < MinBlockSizeBytes or > MaxBlockSizeBytes)
        {
            return Invalid($"blockSize {blockSizeBytes}: expected a power of two from {MinBlockSizeBytes} to {MaxBlockSizeBytes}");
        }

        if (alignmentBytes != 0 && (!IsAlignment(alignmentBytes) || alignmentBytes < blockSizeBytes))
        {
            return Invalid($"alignment {alignmentBytes}: expected 0 or a power of two from the block size {blockSizeBytes} "
                + $"to {MaxAlignmentBytes}");
        }

        if (maxTransferSizeBytes == 0 || maxTransferSizeBytes % TransferUnitBytes != 0)
        {
            return Invalid($"maxTransferSize {maxTransferSizeBytes}: expected a multiple of {TransferUnitBytes}");
        }

        uint alignment = alignmentBytes == 0 ? blockSizeBytes : alignmentBytes;
        if (alignment < wishes.AlignmentBytes)
        {
            return Invalid($"alignment {alignment}: expected at least the client's {wishes.AlignmentBytes}");
        }

        VdFeatures invented = FeatureRules.ClientBits(features) & ~wishes.Features;
        if (invented != 0)
        {
            return Invalid($"features 0x{(uint)features:X}: the client did not offer 0x{(uint)invented:X}");
        }

        if (features.HasFlag(VdFeatures.CompleteEnabled) && !wishes.Features.HasFlag(VdFeatures.RequestComplete))
        {
            return Invalid("features: CompleteEnabled expected only where the client set RequestComplete");
        }

        configuration = wishes with
        {
            // G4: the client's bits stay as they are; the server only adds its own.
            Features = wishes.Features | (features & FeatureRules.ServerOnly),
            AlignmentBytes = alignment,
            BlockSizeBytes = blockSizeBytes,
            MaxIODepth = MaxIODepth,
            MaxTransferSizeBytes = maxTransferSizeBytes,
        };
        return null;
    }

    /// <summary>Whether a number can be an alignment: 0 for none, else a power of two up to
    /// <see cref="MaxAlignmentBytes"/>.</summary>
    public static bool IsAlignment(uint alignmentBytes) =>
        alignmentBytes == 0 || (BitOperations.IsPow2(alignmentBytes) && alignmentBytes <= MaxAlignmentBytes);

    private static VdFailure Unsupported(string message) => new(VdResult.NotSupported, message);

    private static VdFailure Invalid(string message) => new(VdResult.Invalid, message);
}
