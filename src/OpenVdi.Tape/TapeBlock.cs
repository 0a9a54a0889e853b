namespace OpenVdi.Tape;

/// <summary>TAPE: what is said of a medium, once, at its start.</summary>
public sealed record TapeBlock
{
    private const int FixedBytes = 94;
    private const uint SoftFilemarksInUse = 1;
    private const byte MajorVersion = 1;
    private const int SoftFilemarkUnitBytes = 512;

    /// <summary>The number of the media family: each stripe's media have their own.</summary>
    public required uint FamilyId { get; init; }

    /// <summary>The medium's number in its family, from 1.</summary>
    public int MediaSequenceNumber { get; init; } = 1;

    /// <summary>The medium's name, or empty.</summary>
    public string MediaName { get; init; } = "";

    /// <summary>A description of the medium for people, or empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>The program that made the medium.</summary>
    public string SoftwareName { get; init; } = TapeFormat.SoftwareName;

    /// <summary>The number of that program's vendor.</summary>
    public ushort VendorId { get; init; } = TapeFormat.VendorId;

    /// <summary>When the medium was begun: local time of the writer; null is unknown.</summary>
    public DateTime? Written { get; init; }

    /// <summary>Bytes of a soft filemark, which is one physical block.</summary>
    internal int SoftFilemarkBytes { get; init; }

    /// <summary>Writes the block.</summary>
    /// <returns>Its bytes.</returns>
    internal int Write(Span<byte> block, TapeGeometry geometry)
    {
        var writer = new BlockWriter(block, FixedBytes);
        writer.U32(52, FamilyId);
        writer.U32(56, SoftFilemarksInUse);
        writer.U16(60, MediaSequenceNumber);
        writer.U16(64, geometry.PhysicalBlockBytes / SoftFilemarkUnitBytes);
        writer.String(68, MediaName, nameof(MediaName));
        writer.String(72, Description, nameof(Description));
        writer.String(80, SoftwareName, nameof(SoftwareName));
        writer.U16(84, TapeFormat.LogicalBlockBytes);
        writer.U16(86, VendorId);
        writer.Date(88, Written);
        writer.U8(93, MajorVersion);
        return writer.Finish(new BlockHeader { Type = BlockType.Tape });
    }

    /// <summary>Reads a block.</summary>
    /// <exception cref="TapeFormatException">It is not as it must be, or another program's.</exception>
    internal static TapeBlock Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        // Before anything else of the block is judged: another program's is not damaged, it is another program's.
        ushort vendor = bytes.Length >= FixedBytes ? System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(bytes[86..])
            : (ushort)0;
        if (vendor != TapeFormat.VendorId)
        {
            throw new TapeFormatException(
                TapeFormatFailure.Foreign, offsetBytes + 86, $"a medium of {TapeFormat.SoftwareName} (vendor 0x{TapeFormat.VendorId:x4})",
                $"one of vendor 0x{vendor:x4}");
        }

        var reader = new BlockReader(bytes, FixedBytes, offsetBytes);
        var block = new TapeBlock
        {
            FamilyId = reader.U32(52),
            MediaSequenceNumber = reader.U16(60),
            SoftFilemarkBytes = reader.U16(64) * SoftFilemarkUnitBytes,
            MediaName = reader.String(68, "a media name"),
            Description = reader.String(72, "a description"),
            SoftwareName = reader.String(80, "a software name"),
            VendorId = vendor,
            Written = reader.Date(88, "a date"),
        };
        if (reader.U32(56) != SoftFilemarksInUse || reader.U16(62) != 0)
        {
            throw reader.Wrong(56, "soft filemarks and no password", $"attributes 0x{reader.U32(56):x} and password {reader.U16(62)}");
        }

        if (reader.U16(84) != TapeFormat.LogicalBlockBytes)
        {
            throw reader.Wrong(84, $"logical blocks of {TapeFormat.LogicalBlockBytes} bytes", $"{reader.U16(84)}");
        }

        return reader.U8(93) == MajorVersion
            ? block
            : throw reader.Wrong(93, $"format version {MajorVersion}", $"{reader.U8(93)}");
    }
}
