namespace OpenVdi.Testing.Mtf;

/// <summary>One reading of a medium: from TAPE to the last filemark.</summary>
internal sealed class MtfMedium
{
    private readonly bool _allowsLongPadding;
    private readonly int _flbBytes;
    private long? _lastEndPba;
    private bool _lastEndHasMap;

    private MtfMedium(MtfInput input, MtfCheckOptions options, MtfExtraction? extraction)
    {
        Input = input;
        Extraction = extraction;
        _allowsLongPadding = options.AllowLongPadding;
        MtfBlock block = MtfBlock.Read(input, MtfBlock.MaxBytes, 0);
        MtfTape tape = MtfTapeBlock.Read(block, options);
        _flbBytes = tape.FlbBytes;
        Report = new MtfReport(tape);
        Filemarks = new MtfFilemarks(input, tape.SoftFilemarkBytes, tape.PhysicalBlockBytes);
        ReadStreams(block, PaddingFrom(0), static _ => null);
        Filemarks.Expect(MtfRules.FilemarkAfterTape, "TAPE");
    }

    public MtfInput Input { get; }

    public MtfReport Report { get; }

    public MtfFilemarks Filemarks { get; }

    public MtfExtraction? Extraction { get; }

    public static MtfReport Read(Stream stream, MtfCheckOptions options, MtfExtraction? extraction)
    {
        options.Validate();
        var input = new MtfInput(stream, options.FilemarkOffsetsBytes);
        var medium = new MtfMedium(input, options, extraction);
        while (!input.IsAtEnd && !medium.Report.GoesOn)
        {
            medium.ReadSet();
        }

        medium.CheckEnd();
        medium.Report.FilemarkCount = medium.Filemarks.Count;
        medium.Report.LengthBytes = input.OffsetBytes;
        return medium.Report;
    }

    public MtfBlock ReadBlock() => MtfBlock.Read(Input, _flbBytes, Filemarks.SoftBytes);

    public MtfPadding PaddingFrom(long baseBytes) => new(Input, Filemarks, baseBytes, _flbBytes, _allowsLongPadding);

    /// <summary>Reads a block's streams; a set map may only be among those of ESET.</summary>
    public IReadOnlyList<MtfStream> ReadStreams(MtfBlock block, MtfPadding padding, Func<MtfStream, MtfSink?> open) =>
        new MtfStreams(Input, padding, block, stream =>
        {
            if (stream.Id is "TSMP" or "MAP2")
            {
                CheckMapPlace(block, stream);
            }

            block.Require(Report.Tape.AllowsDetail || stream.Id is not ("TFDD" or "FDD2"), MtfRules.FddAllowed,
                $"stream {stream.Id}", "none, as TAPE has block attribute 17 clear", "one");

            return open(stream);
        }).ReadAll();

    private void ReadSet()
    {
        if (Filemarks.IsNext)
        {
            throw new MtfViolationException(MtfRules.SetBegins, Input.OffsetBytes, "data set", "SSET", "a filemark");
        }

        MtfDataSet set = MtfSetWalk.Read(this);
        if (Input.IsAtEnd || Filemarks.IsNext)
        {
            throw new MtfViolationException(MtfRules.SetEnds, Input.OffsetBytes, $"data set {set.Number}: end", "ESET or EOTM",
                Filemarks.IsNext ? "a filemark" : "the end of the medium");
        }

        MtfBlock end = ReadBlock();
        switch (end.Type)
        {
            case "ESET":
                MtfSetBlocks.CheckEnd(end, set);
                ReadEndStreams(end);
                _lastEndPba = end.OffsetBytes / Report.Tape.PhysicalBlockBytes;
                break;
            case "EOTM":
                MtfSetBlocks.CheckEndOfMedium(end, _lastEndPba);
                ReadStreams(end, PaddingFrom(end.OffsetBytes), static _ => null);
                Report.GoesOn = true;
                break;
            default:
                throw end.Violation(MtfRules.SetEnds, "type", "ESET or EOTM", end.Type);
        }

        Filemarks.Expect(MtfRules.FilemarkAfterEnd, end.Type);
    }

    private void ReadEndStreams(MtfBlock block)
    {
        MtfCapture? map = null;
        IReadOnlyList<MtfStream> streams = ReadStreams(block, PaddingFrom(block.OffsetBytes), stream =>
        {
            if (stream.Id != "TSMP")
            {
                return null;
            }

            map = new MtfCapture(MtfSetMap.MaxBytes, () => MtfSetMap.TooLong(block, stream.OffsetBytes));
            return map.Take;
        });
        _lastEndHasMap = streams.Any(stream => stream.Id is "TSMP" or "MAP2");
        if (map is not null)
        {
            new MtfSetMap(block, streams.Last(stream => stream.Id == "TSMP").OffsetBytes, map.ToArray()).Check(Report);
        }
    }

    private void CheckMapPlace(MtfBlock block, MtfStream stream)
    {
        block.Require(block.Type == "ESET", MtfRules.SetMapPlace, $"stream {stream.Id}", "none but on ESET", "one");
        int type = stream.Id == "TSMP" ? 1 : 2;
        block.Require(Report.Tape.CatalogType == type && Report.Tape.HasSetMap, MtfRules.SetMapAllowed, $"stream {stream.Id}",
            $"TAPE with catalog type {type} and block attribute 16",
            $"catalog type {Report.Tape.CatalogType}, attribute 16 {(Report.Tape.HasSetMap ? "set" : "clear")}");
    }

    private void CheckEnd()
    {
        if (!Input.IsAtEnd || Input.HasMarks)
        {
            throw new MtfViolationException(MtfRules.NothingBehindTheEnd, Input.OffsetBytes, "medium: end",
                "nothing behind the last filemark", Input.IsAtEnd || Filemarks.IsNext ? "a filemark" : MtfBlock.PeekType(Input));
        }

        if (Report.Tape.HasSetMap && Report.DataSets.Count > 0 && !Report.GoesOn && !_lastEndHasMap)
        {
            throw new MtfViolationException(MtfRules.SetMapExists, Report.DataSets[^1].OffsetBytes,
                $"data set {Report.DataSets[^1].Number}: set map", "one on ESET, as TAPE says that it exists", "none");
        }
    }
}
