using System.Runtime.InteropServices;

namespace OpenVdi.Native.Abi;

/// <summary>VDConfig as the C++ header lays it out. Spec: 14.1.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct VDConfig
{
    public uint deviceCount;
    public uint features;
    public uint prefixZoneSize;
    public uint alignment;
    public uint softFileMarkBlockSize;
    public uint EOMWarningSize;
    public uint serverTimeOut;
    public uint blockSize;
    public uint maxIODepth;
    public uint maxTransferSize;
    public uint bufferAreaSize;

    /// <summary>What the managed halves call the same.</summary>
    public readonly SetConfiguration ToConfiguration() => new()
    {
        DeviceCount = deviceCount,
        Features = (VdFeatures)features,
        PrefixZoneSizeBytes = prefixZoneSize,
        AlignmentBytes = alignment,
        SoftFileMarkBlockSizeBytes = softFileMarkBlockSize,
        EomWarningSizeBytes = EOMWarningSize,
        ServerTimeoutMilliseconds = serverTimeOut,
        BlockSizeBytes = blockSize,
        MaxIODepth = maxIODepth,
        MaxTransferSizeBytes = maxTransferSize,
        BufferAreaSizeBytes = bufferAreaSize,
    };

    public static VDConfig From(SetConfiguration configuration) => new()
    {
        deviceCount = configuration.DeviceCount,
        features = (uint)configuration.Features,
        prefixZoneSize = configuration.PrefixZoneSizeBytes,
        alignment = configuration.AlignmentBytes,
        softFileMarkBlockSize = configuration.SoftFileMarkBlockSizeBytes,
        EOMWarningSize = configuration.EomWarningSizeBytes,
        serverTimeOut = configuration.ServerTimeoutMilliseconds,
        blockSize = configuration.BlockSizeBytes,
        maxIODepth = configuration.MaxIODepth,
        maxTransferSize = configuration.MaxTransferSizeBytes,
        bufferAreaSize = configuration.BufferAreaSizeBytes,
    };
}
