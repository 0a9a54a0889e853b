namespace OpenVdi.Testing.Mtf;

/// <summary>What the bytes of a medium do not say themselves.</summary>
public sealed record MtfCheckOptions
{
    /// <summary>A medium whose filemarks are blocks among its bytes, and whose physical block is as large as they are.</summary>
    public static MtfCheckOptions Default { get; } = new();

    /// <summary>The device's unit in bytes. Null: the size of a soft filemark; it must be given with
    /// <see cref="FilemarkOffsetsBytes"/>.</summary>
    public int? PhysicalBlockBytes { get; init; }

    /// <summary>Where a device with filemarks of its own has them, ascending: the count of bytes before each. Null: the
    /// filemarks are soft ones.</summary>
    public IReadOnlyList<long>? FilemarkOffsetsBytes { get; init; }

    /// <summary>Whether a SPAD may fill more than what is left of a format logical block. The format allows it; a writer
    /// has no reason to without one of its own.</summary>
    public bool AllowLongPadding { get; init; }

    internal void Validate()
    {
        if (PhysicalBlockBytes is { } size && (size <= 0 || size % 512 != 0))
        {
            throw new ArgumentException($"PhysicalBlockBytes: expected a positive multiple of 512, found {size}");
        }

        if (FilemarkOffsetsBytes is null)
        {
            return;
        }

        if (PhysicalBlockBytes is null)
        {
            throw new ArgumentException("PhysicalBlockBytes: expected a size, as the device has filemarks of its own, found none");
        }

        for (int i = 1; i < FilemarkOffsetsBytes.Count; i++)
        {
            if (FilemarkOffsetsBytes[i] <= FilemarkOffsetsBytes[i - 1])
            {
                throw new ArgumentException(
                    $"FilemarkOffsetsBytes: expected ascending offsets, found {FilemarkOffsetsBytes[i]} at index {i}");
            }
        }
    }
}
