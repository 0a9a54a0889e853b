namespace OpenVdi;

/// <summary>Where the buffers of one requirement lie: prefix zone before, data aligned, stride constant.</summary>
/// <remarks>
/// Spec: B20 to B23. With A the alignment, P the prefix zone and S the size:
/// <code><![CDATA[
/// base                data 0                          data 1
/// |<- roundup(P,A) -->|<------ S ------>|...pad...|<-P->|<------ S ------>|
/// |           |<- P ->|<----- stride = roundup(P + S, A) ------->|
/// ]]></code>
/// </remarks>
/// <param name="FirstDataOffsetBytes">Offset of the first buffer's data from a base aligned to 64 KiB.</param>
/// <param name="StrideBytes">Distance from one buffer's data to the next one's.</param>
public readonly record struct BufferLayout(long FirstDataOffsetBytes, long StrideBytes)
{
    /// <summary>The layout for buffers of a size, an effective alignment (a power of two) and a prefix zone.</summary>
    public static BufferLayout For(uint sizeBytes, uint alignmentBytes, uint prefixZoneSizeBytes) =>
        new(RoundUp(prefixZoneSizeBytes, alignmentBytes), RoundUp((long)prefixZoneSizeBytes + sizeBytes, alignmentBytes));

    /// <summary>Offset of buffer <paramref name="index"/>'s data.</summary>
    public long DataOffsetBytes(long index) => FirstDataOffsetBytes + (index * StrideBytes);

    /// <summary>Bytes from the base to the end of the last buffer's stride.</summary>
    public long TotalBytes(long count) => FirstDataOffsetBytes + (count * StrideBytes);

    /// <summary>The smallest multiple of a power of two that is not below the value.</summary>
    public static long RoundUp(long value, long powerOfTwo) => (value + powerOfTwo - 1) & ~(powerOfTwo - 1);
}
