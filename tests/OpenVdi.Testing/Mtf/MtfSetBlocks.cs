namespace OpenVdi.Testing.Mtf;

/// <summary>The bodies of the blocks around a data set: SSET, ESET, EOTM.</summary>
internal static class MtfSetBlocks
{
    private const uint DefinedAttributes = 0b111111;

    // No place is farther from UTC than 14 hours.
    private const int MaxTimeZoneQuarters = 14 * 4, UnknownTimeZone = 127;

    public static MtfDataSet ReadStart(MtfBlock block, MtfReport report)
    {
        bool isFirst = report.DataSets.Count == 0, mustContinue = isFirst && report.Tape.IsContinuation;
        block.Require(block.IsContinuation == mustContinue, MtfRules.ContinuedSet, "block attributes",
            $"{(mustContinue ? "the" : "no")} continuation bit", $"0x{block.Attributes:X8}");
        if (!mustContinue)
        {
            block.RequireEqual(0, block.Fla, MtfRules.FlaOfNone, "FLA");
        }

        uint attributes = block.U32(52);
        block.Require((attributes & ~DefinedAttributes) == 0, MtfRules.SetAttributes, "attributes",
            $"only bits of 0x{DefinedAttributes:X}", $"0x{attributes:X8}");
        bool hasDetail = (block.Attributes & MtfBlock.HighAttribute16) != 0;
        block.Require(!hasDetail || report.Tape.AllowsDetail, MtfRules.FddAllowed, "block attributes",
            "bit 16 clear, as TAPE has bit 17 clear", $"0x{block.Attributes:X8}");
        MtfTapeBlock.CheckPassword(block, 56, 72);
        CheckNumber(block, report);

        ulong pba = block.U64(80);
        block.RequireEqual((ulong)(block.OffsetBytes / report.Tape.PhysicalBlockBytes), pba, MtfRules.SetPba, "PBA");
        int zone = (sbyte)block.Bytes[95];
        block.Require(Math.Abs(zone) <= MaxTimeZoneQuarters || zone == UnknownTimeZone, MtfRules.TimeZone, "time zone",
            $"-{MaxTimeZoneQuarters} to {MaxTimeZoneQuarters} quarter hours, or {UnknownTimeZone}", $"{zone}");
        block.RequireEqual(0, block.Bytes[96], MtfRules.MinorVersion, "minor version");
        return new MtfDataSet(block.OffsetBytes)
        {
            Number = block.U16(62),
            Attributes = attributes,
            HasDetail = hasDetail,
            PasswordAlgorithm = block.U16(56),
            CatalogVersion = block.Bytes[97],
            Pba = pba,
            Fla = block.Fla,
            Date = block.Date(88, "write date"),
            TimeZoneQuarters = zone,
            Name = block.Text(64, "name"),
            Description = block.Text(68, "description"),
            User = block.Text(76, "user name"),
            VendorId = block.U16(60),
            IsContinuation = block.IsContinuation,
        };
    }

    public static void CheckEnd(MtfBlock block, MtfDataSet set)
    {
        CheckPlain(block);
        block.RequireEqual(set.Attributes, block.U32(52), MtfRules.EndAttributes, "attributes");
        block.RequireEqual((ulong)set.CorruptFileCount, block.U32(56), MtfRules.CorruptCount, "corrupt files");
        if (!set.HasDetail)
        {
            block.RequireZero(60, 8, MtfRules.EndReserved, "file/directory detail PBA");
        }

        block.RequireZero(68, 8, MtfRules.EndReserved, "reserved bytes");
        block.RequireEqual((ulong)set.Number, block.U16(78), MtfRules.EndSetNumber, "data set number");
        set.EndDate = block.Date(80, "write date");
    }

    /// <summary>EOTM, behind a set that goes on.</summary>
    /// <param name="block">The block.</param>
    /// <param name="lastEnd">The PBA of the last ESET of this medium; null: there is none.</param>
    public static void CheckEndOfMedium(MtfBlock block, long? lastEnd)
    {
        CheckPlain(block);
        bool hasNone = (block.Attributes & MtfBlock.HighAttribute16) != 0;
        block.Require(hasNone == lastEnd is null, MtfRules.LastEsetPba, "block attributes",
            $"bit 16 {(lastEnd is null ? "set, as there is no" : "clear, as there is an")} ESET", $"0x{block.Attributes:X8}");
        if (lastEnd is { } pba && (block.Attributes & MtfBlock.HighAttribute17) == 0)
        {
            block.RequireEqual((ulong)pba, block.U64(52), MtfRules.LastEsetPba, "PBA of the last ESET");
        }
    }

    private static void CheckPlain(MtfBlock block)
    {
        block.RequireEqual(0, block.Fla, MtfRules.FlaOfNone, "FLA");
        block.Require(!block.IsContinuation, MtfRules.ContinuedBlock, "block attributes", "no continuation bit", "one");
    }

    private static void CheckNumber(MtfBlock block, MtfReport report)
    {
        int number = block.U16(62);
        if (report.DataSets.Count > 0 || !report.Tape.IsContinuation)
        {
            int expected = report.DataSets.Count > 0 ? report.DataSets[^1].Number + 1 : 1;
            block.RequireEqual((ulong)expected, (ulong)number, MtfRules.SetNumber, "data set number");
        }
        else
        {
            block.Require(number >= 1, MtfRules.SetNumber, "data set number", "1 or more", $"{number}");
        }
    }
}
