using System.Numerics;

namespace OpenVdi.Tape;

/// <summary>The block sizes of a medium, which follow from the block size of its device.</summary>
/// <remarks>
/// The physical block of the format is the device's block, but at least a logical block (so that a filemark is on both
/// boundaries) and at most 32768 bytes (a soft filemark says its size in 16 bits). With 65536-byte device blocks, a set ends
/// on a device block all the same: the padding before its last filemark is long enough.
/// </remarks>
public readonly record struct TapeGeometry
{
    /// <summary>The smallest block of a device, in bytes.</summary>
    public const int MinBlockSizeBytes = 512;

    /// <summary>The largest block of a device, in bytes.</summary>
    public const int MaxBlockSizeBytes = 65536;

    private const int MaxPhysicalBlockBytes = 32768;

    /// <summary>The geometry for a device.</summary>
    /// <param name="blockSizeBytes">The BLOCKSIZE of the configuration: a power of two from 512 to 65536.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public TapeGeometry(int blockSizeBytes)
    {
        if (!IsLegal(blockSizeBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(blockSizeBytes), blockSizeBytes, "block size: expected a power of two from 512 to 65536");
        }

        BlockSizeBytes = blockSizeBytes;
    }

    /// <summary>The device's block: a medium ends on a multiple of it behind every set.</summary>
    public int BlockSizeBytes { get; }

    /// <summary>The format's physical block, which is also the size of a soft filemark.</summary>
    public int PhysicalBlockBytes => Math.Clamp(BlockSizeBytes, TapeFormat.LogicalBlockBytes, MaxPhysicalBlockBytes);

    internal static bool IsLegal(long blockSizeBytes) =>
        BitOperations.IsPow2(blockSizeBytes) && blockSizeBytes is >= MinBlockSizeBytes and <= MaxBlockSizeBytes;

    internal static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;

    /// <summary>Where padding ends before another block.</summary>
    internal static long EndBeforeBlock(long position) => RoundUp(position, TapeFormat.LogicalBlockBytes);

    /// <summary>Where padding ends before a filemark.</summary>
    internal long EndBeforeFilemark(long position) => RoundUp(position, PhysicalBlockBytes);

    /// <summary>Where padding ends before the filemark that ends a set: that filemark ends on a block of the device.</summary>
    internal long EndBeforeLastFilemark(long position)
    {
        long unit = Math.Max(BlockSizeBytes, PhysicalBlockBytes);
        return RoundUp(position + PhysicalBlockBytes, unit) - PhysicalBlockBytes;
    }
}
