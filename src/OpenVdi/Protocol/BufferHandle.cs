namespace OpenVdi;

/// <summary>A buffer's number, the same in every process of its set: area index above, data offset in 512-byte units
/// below. Never 0, never 0xFFFFFFFF.</summary>
/// <remarks>
/// Spec: 5.4.
/// <code>
/// 31            21 20                    0
/// | area index+1  | offset / 512         |
/// </code>
/// An area holds at most 2^21 units, that is 1 GiB, and there are at most 2046 areas; so the two extreme numbers do not
/// occur.
/// </remarks>
public static class BufferHandle
{
    /// <summary>The handle that means "no buffer".</summary>
    public const uint None = 0;

    /// <summary>Offsets are multiples of it: no alignment is below the smallest block size.</summary>
    public const int UnitBytes = 512;

    /// <summary>The largest buffer area in bytes; one Memory of the base library can hold it.</summary>
    public const int MaxAreaBytes = 1 << (OffsetBits + 9);

    /// <summary>The most buffer areas of a set.</summary>
    public const int MaxAreaCount = (1 << (32 - OffsetBits)) - 2;

    private const int OffsetBits = 21;

    /// <summary>Makes the handle of the data at an offset in an area.</summary>
    public static uint Encode(int areaIndex, long offsetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(areaIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(areaIndex, MaxAreaCount);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offsetBytes, MaxAreaBytes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(offsetBytes % UnitBytes, 0);
        return ((uint)(areaIndex + 1) << OffsetBits) | (uint)(offsetBytes / UnitBytes);
    }

    /// <summary>Takes a handle apart. What comes from a peer may be any number: check the parts against real areas.</summary>
    /// <returns>False for the numbers that no buffer has.</returns>
    public static bool TryDecode(uint handle, out int areaIndex, out int offsetBytes)
    {
        areaIndex = (int)(handle >> OffsetBits) - 1;
        offsetBytes = (int)(handle & ((1u << OffsetBits) - 1)) * UnitBytes;
        return areaIndex >= 0 && areaIndex < MaxAreaCount;
    }
}
