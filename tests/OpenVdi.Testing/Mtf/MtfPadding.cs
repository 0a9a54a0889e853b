namespace OpenVdi.Testing.Mtf;

/// <summary>Where the SPADs of a stretch of blocks must end.</summary>
/// <param name="input">The medium.</param>
/// <param name="filemarks">Its filemarks.</param>
/// <param name="baseBytes">Where FLBs are counted from: the SSET.</param>
/// <param name="flbBytes">The format logical block.</param>
/// <param name="allowsLong">Whether a SPAD may fill more than what is left of one FLB.</param>
internal sealed class MtfPadding(MtfInput input, MtfFilemarks filemarks, long baseBytes, int flbBytes, bool allowsLong)
{
    /// <summary>Passes a SPAD's data, and looks at what stands behind it.</summary>
    public void Pass(MtfStreamHeader header)
    {
        long begin = input.OffsetBytes;
        input.Take(header.LengthBytes, bytes =>
        {
            int first = bytes.IndexOfAnyExcept((byte)0);
            header.Require(first < 0, MtfRules.PaddingZero, "data", "zero", first < 0 ? "" : $"0x{bytes[first]:X2}");
        }, MtfRules.StreamWhole, $"{header.Block}/SPAD: data");

        long end = input.OffsetBytes;
        bool isMarkNext = filemarks.IsNext;
        int unit = isMarkNext ? filemarks.PhysicalBlockBytes : flbBytes;
        long origin = isMarkNext ? 0 : baseBytes;
        long next = begin + Remainder(origin - begin, unit);
        header.Require(end == next || (allowsLong && end > next && (end - next) % unit == 0), MtfRules.PaddingEnd, "end",
            $"offset {next}, the next {(isMarkNext ? "physical block, before a filemark" : "format logical block")}",
            $"offset {end}");
    }

    private static long Remainder(long value, int unit) => ((value % unit) + unit) % unit;
}
