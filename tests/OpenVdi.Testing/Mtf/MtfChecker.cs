namespace OpenVdi.Testing.Mtf;

/// <summary>
/// A strict reader of Microsoft Tape Format 1.00a that knows the published format and no writer of it. It reads forward,
/// once, with bounded buffers, so that a medium may be a pipe; what it keeps grows with the blocks, not with their data.
/// </summary>
/// <remarks>
/// Readings where the format's description leaves a choice: without <see cref="MtfCheckOptions.PhysicalBlockBytes"/> the
/// physical block is as large as a soft filemark; ids count without a gap; blocks that stand alone between filemarks
/// (TAPE, ESET, EOTM) are padded to the physical block; the one CSUM of a stream of variable length stands behind its last
/// piece and is over all of them. A stream that the end of a medium cuts is a violation.
/// </remarks>
public static class MtfChecker
{
    /// <summary>Checks a medium with soft filemarks.</summary>
    /// <param name="medium">All its bytes; read to the end, not closed.</param>
    /// <exception cref="MtfViolationException">The first broken rule.</exception>
    public static MtfReport Check(Stream medium) => Check(medium, MtfCheckOptions.Default);

    /// <summary>Checks a medium.</summary>
    /// <param name="medium">All its bytes; read to the end, not closed.</param>
    /// <param name="options">What the bytes do not say.</param>
    /// <exception cref="MtfViolationException">The first broken rule.</exception>
    public static MtfReport Check(Stream medium, MtfCheckOptions options)
    {
        ArgumentNullException.ThrowIfNull(medium);
        ArgumentNullException.ThrowIfNull(options);
        return MtfMedium.Read(medium, options, null);
    }

    /// <summary>Checks a medium with soft filemarks, and unpacks the data of its files.</summary>
    /// <inheritdoc cref="Extract(Stream, MtfCheckOptions, Func{MtfFile, Stream?})"/>
    public static MtfReport Extract(Stream medium, Func<MtfFile, Stream?> open) => Extract(medium, MtfCheckOptions.Default, open);

    /// <summary>
    /// Checks a medium, and unpacks the data of its files (stream STAN), as a program does that knows no private streams.
    /// </summary>
    /// <param name="medium">All its bytes; read to the end, not closed.</param>
    /// <param name="options">What the bytes do not say.</param>
    /// <param name="open">Called once for each file, in order: where its data goes; it is closed behind the data. Null: the
    /// file is passed over. The paths come from the medium: where they lead is for the caller to judge.</param>
    /// <returns>What the medium holds.</returns>
    /// <exception cref="MtfViolationException">The first broken rule; what stands before it is unpacked.</exception>
    /// <exception cref="NotSupportedException">A file's data is compressed, encrypted, sparse, or not all on this medium.
    /// </exception>
    public static MtfReport Extract(Stream medium, MtfCheckOptions options, Func<MtfFile, Stream?> open)
    {
        ArgumentNullException.ThrowIfNull(medium);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(open);
        using var extraction = new MtfExtraction(open);
        return MtfMedium.Read(medium, options, extraction);
    }
}
