namespace OpenVdi.Tape;

/// <summary>VOLB: the volume that the files of a set come from.</summary>
public sealed record VolumeBlock
{
    private const int FixedBytes = 73;
    private const uint DeviceIsDriveLetter = 1 << 2;

    /// <summary>The device. The default is what every reader of the format knows how to show.</summary>
    public string DeviceName { get; init; } = "C:";

    /// <summary>The volume's label, or empty.</summary>
    public string VolumeName { get; init; } = "";

    /// <summary>The computer, or empty.</summary>
    public string MachineName { get; init; } = "";

    /// <summary>When it was written: local time of the writer; null is unknown.</summary>
    public DateTime? Written { get; init; }

    /// <summary>Writes the block.</summary>
    /// <returns>Its bytes.</returns>
    internal int Write(Span<byte> block, long logicalAddress, uint controlBlockId)
    {
        var writer = new BlockWriter(block, FixedBytes);
        writer.U32(52, DeviceIsDriveLetter);
        writer.String(56, DeviceName, nameof(DeviceName));
        writer.String(60, VolumeName, nameof(VolumeName));
        writer.String(64, MachineName, nameof(MachineName));
        writer.Date(68, Written);
        return writer.Finish(new BlockHeader
        {
            Type = BlockType.Volume,
            LogicalAddress = (ulong)logicalAddress,
            ControlBlockId = controlBlockId,
        });
    }

    /// <summary>Reads a block.</summary>
    /// <exception cref="TapeFormatException">It is not as it must be.</exception>
    internal static VolumeBlock Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        var reader = new BlockReader(bytes, FixedBytes, offsetBytes);
        return new VolumeBlock
        {
            DeviceName = reader.String(56, "a device name"),
            VolumeName = reader.String(60, "a volume name"),
            MachineName = reader.String(64, "a machine name"),
            Written = reader.Date(68, "a date"),
        };
    }
}
