namespace OpenVdi.Testing.Mtf;

/// <summary>The body of TAPE.</summary>
internal static class MtfTapeBlock
{
    private const uint SoftFilemarks = 1, DefinedAttributes = 0b11;

    // What stands at offset 8 of a soft filemark is its size in 16 bits.
    private const int MaxSoftUnits = ushort.MaxValue / 512;

    public static MtfTape Read(MtfBlock block, MtfCheckOptions options)
    {
        CheckHeader(block);
        uint attributes = block.U32(56);
        block.Require((attributes & ~DefinedAttributes) == 0, MtfRules.TapeAttributes, "attributes",
            $"only bits of 0x{DefinedAttributes:X}", $"0x{attributes:X8}");
        int filemarkBytes = ReadFilemarkBytes(block, (attributes & SoftFilemarks) != 0, options);

        int sequence = block.U16(60);
        block.Require(sequence >= 1, MtfRules.MediaSequence, "media sequence number", "1 or more", $"{sequence}");
        block.Require(block.IsContinuation == (sequence > 1), MtfRules.ContinuedTape, "block attributes",
            $"{(sequence > 1 ? "the" : "no")} continuation bit on medium {sequence}", $"0x{block.Attributes:X8}");
        CheckPassword(block, 62, 76);
        int catalogType = block.U16(66);
        block.Require(catalogType <= 2, MtfRules.CatalogType, "catalog type", "0, 1 or 2", $"{catalogType}");
        int flbBytes = block.U16(84);
        block.Require(flbBytes is 512 or 1024, MtfRules.FlbSize, "FLB size", "512 or 1024", $"{flbBytes}");
        block.Require(block.Bytes.Length <= flbBytes, MtfRules.BlockSize, "offset to first stream",
            $"at most {flbBytes}, the FLB", $"{block.Bytes.Length}");
        block.RequireEqual(1, block.Bytes[93], MtfRules.MajorVersion, "major version");
        return new MtfTape
        {
            FamilyId = block.U32(52),
            SequenceNumber = sequence,
            IsContinuation = block.IsContinuation,
            UsesSoftFilemarks = (attributes & SoftFilemarks) != 0,
            FlbBytes = flbBytes,
            PhysicalBlockBytes = options.PhysicalBlockBytes ?? filemarkBytes,
            SoftFilemarkBytes = filemarkBytes,
            VendorId = block.U16(86),
            CatalogType = catalogType,
            HasSetMap = (block.Attributes & MtfBlock.HighAttribute16) != 0,
            AllowsDetail = (block.Attributes & MtfBlock.HighAttribute17) != 0,
            Date = block.Date(88, "media date"),
            Name = block.Text(68, "media name"),
            Description = block.Text(72, "description"),
            Software = block.Text(80, "software name"),
        };
    }

    /// <summary>The password of TAPE and of SSET.</summary>
    public static void CheckPassword(MtfBlock block, int algorithmAt, int addressAt)
    {
        const int md5 = 5, md5Bytes = 16;
        int algorithm = block.U16(algorithmAt);
        block.Require(algorithm is 0 or md5, MtfRules.PasswordAlgorithm, "password algorithm", "0 or 5", $"{algorithm}");
        int found = block.Addressed(addressAt, "password").Length;
        block.RequireEqual(algorithm == md5 ? md5Bytes : 0u, (ulong)found, MtfRules.PasswordSize, "password");
    }

    private static void CheckHeader(MtfBlock block)
    {
        block.Require(block.Type == "TAPE", MtfRules.TapeFirst, "type", "TAPE", block.Type);
        block.RequireEqual(0, block.Fla, MtfRules.FlaOfNone, "FLA");
    }

    private static int ReadFilemarkBytes(MtfBlock block, bool isSoft, MtfCheckOptions options)
    {
        bool expectsSoft = options.FilemarkOffsetsBytes is null;
        block.Require(isSoft == expectsSoft, MtfRules.SoftFilemarksInUse, "attributes",
            expectsSoft ? "bit 0, as the bytes show no filemarks but soft ones" : "bit 0 clear, as the device has filemarks",
            isSoft ? "bit 0" : "bit 0 clear");

        int units = block.U16(64), size = units * 512;
        bool fits = options.PhysicalBlockBytes is not { } physical || size % physical == 0;
        block.Require(isSoft ? units is >= 1 and <= MaxSoftUnits && fits : units == 0, MtfRules.SoftFilemarkSize,
            "soft filemark block size", isSoft ? $"1 to {MaxSoftUnits} units, whole physical blocks" : "0", $"{units}");
        return isSoft ? size : 0;
    }
}
