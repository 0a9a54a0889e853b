namespace OpenVdi.Testing.Mtf;

/// <summary>Goes through the blocks of one data set, from behind SSET up to its filemark.</summary>
internal sealed class MtfSetWalk
{
    // No system has longer paths, in two bytes a character.
    private const int MaxNameBytes = 1 << 16;

    private readonly MtfMedium _medium;
    private readonly MtfDataSet _set;
    private readonly MtfPadding _padding;

    private MtfVolume? _volume;
    private MtfDirectory? _directory;
    private string _before = "SSET";
    private bool _fileIsCorrupt;

    // A continued set repeats some blocks first; ids go on from what is only on the other medium.
    private bool _repeats;
    private uint? _nextId, _nextDirectoryId;

    private MtfSetWalk(MtfMedium medium, MtfDataSet set)
    {
        _medium = medium;
        _set = set;
        _padding = medium.PaddingFrom(set.OffsetBytes);
        _repeats = set.IsContinuation;
        _nextId = set.IsContinuation ? null : 0;
        _nextDirectoryId = set.IsContinuation ? null : 1;
    }

    /// <summary>Reads a set, with the filemark behind its last block.</summary>
    public static MtfDataSet Read(MtfMedium medium)
    {
        MtfBlock start = medium.ReadBlock();
        start.Require(start.Type == "SSET", MtfRules.SetBegins, "type", "SSET", start.Type);
        MtfDataSet set = MtfSetBlocks.ReadStart(start, medium.Report);
        medium.Report.Add(set);
        var walk = new MtfSetWalk(medium, set);
        walk.CheckPlace(start);
        set.Add(walk.ReadStreams(start, static _ => null));
        while (!medium.Filemarks.IsNext)
        {
            walk.ReadBlock();
        }

        medium.Filemarks.Expect(MtfRules.FilemarkAfterBlocks, "the blocks of a set");
        return set;
    }

    private void ReadBlock()
    {
        if (_medium.Input.IsAtEnd || MtfBlock.PeekType(_medium.Input) is "TAPE" or "SSET" or "ESET" or "EOTM")
        {
            _medium.Filemarks.Expect(MtfRules.FilemarkAfterBlocks, $"the blocks of data set {_set.Number}");
        }

        MtfBlock block = _medium.ReadBlock();
        CheckPlace(block);
        switch (block.Type)
        {
            case "VOLB":
                _volume = MtfTreeBlocks.ReadVolume(block);
                _set.Add(_volume);
                _directory = null;
                ReadStreams(block, static _ => null);
                break;
            case "DIRB":
                ReadDirectory(block);
                break;
            case "FILE":
                ReadFile(block);
                break;
            case "CFIL":
                ReadCorrupt(block);
                break;
            case "ESPB":
                ReadStreams(block, static _ => null);
                break;
            default:
                _set.Add(new MtfUnknownBlock(block.Type, block.OffsetBytes, ReadStreams(block, static _ => null)));
                break;
        }

        _before = block.Type;
    }

    /// <summary>FLA, control block id and continuation: where a block stands in its set.</summary>
    private void CheckPlace(MtfBlock block)
    {
        _set.BlockCount++;
        ulong fla = _set.Fla + ((ulong)(block.OffsetBytes - _set.OffsetBytes) / (ulong)_medium.Report.Tape.FlbBytes);
        block.RequireEqual(fla, block.Fla, MtfRules.BlockFla, "FLA");
        block.Require(!block.IsContinuation || _repeats, MtfRules.ContinuedBlock, "block attributes", "no continuation bit", "one");
        _repeats &= block.IsContinuation;
        if (!_repeats)
        {
            block.RequireEqual(_nextId ?? block.Id, block.Id, MtfRules.ControlBlockId, "control block id");
            _nextId = unchecked(block.Id + 1);
        }
    }

    private void ReadDirectory(MtfBlock block)
    {
        block.Require(_volume is not null, MtfRules.ParentOrder, "place", "a VOLB before it in the set", "none");
        _directory = MtfTreeBlocks.ReadDirectory(block);
        uint id = _directory.Id;
        block.RequireEqual(_nextDirectoryId ?? id, id, MtfRules.DirectoryId, "directory id");
        _nextDirectoryId = unchecked(id + 1);
        _volume!.Add(_directory);
        ReadNamedStreams(block, "PNAM", MtfRules.DirectoryNameInStream,
            name => _directory.Path = MtfTreeBlocks.DecodePath(block, name), static _ => null);
    }

    private void ReadFile(MtfBlock block)
    {
        block.Require(_directory is not null, MtfRules.ParentOrder, "place", "a DIRB before it in the volume", "none");
        MtfFile file = MtfTreeBlocks.ReadFile(block, _directory!);
        _directory!.Add(file);
        _fileIsCorrupt = false;
        file.Add(ReadNamedStreams(block, "FNAM", MtfRules.FileNameInStream,
            name => file.Name = MtfTreeBlocks.DecodeFileName(block, name), stream => _medium.Extraction?.Open(file, stream)));
        CheckFileData(block, file);
        _medium.Extraction?.End(file);
    }

    private static void CheckFileData(MtfBlock block, MtfFile file)
    {
        List<MtfStream> data = [.. file.Streams.Where(stream => stream.Id == "STAN")];
        block.Require(data.Count <= 1, MtfRules.OneFileData, "streams", "one STAN", $"{data.Count}");

        // Elsewhere the bytes on the medium are not as many as those of the file.
        bool isPlain = !block.IsContinuation && file.Streams.All(stream => stream.Id != "SPAR")
            && data.All(stream => (stream.MediaAttributes & (MtfStreamHeader.Compressed | MtfStreamHeader.Encrypted)) == 0);
        if (isPlain)
        {
            block.RequireEqual((ulong)data.Sum(stream => stream.LengthBytes), block.DisplayableSize, MtfRules.FileSize,
                "displayable size");
        }
    }

    private void ReadCorrupt(MtfBlock block)
    {
        block.Require(_before is "FILE" or "DIRB" or "CFIL", MtfRules.CorruptPlace, "place", "a FILE or DIRB before it", _before);
        MtfTreeBlocks.CheckCorrupt(block);
        if (!_fileIsCorrupt && _directory is { Files.Count: > 0 })
        {
            _fileIsCorrupt = true;
            _set.CorruptFileCount++;
        }

        ReadStreams(block, static _ => null);
    }

    /// <summary>Reads the streams of a block whose name may be in one of them; it is known before the next one begins.</summary>
    private IReadOnlyList<MtfStream> ReadNamedStreams(
        MtfBlock block, string id, MtfRule rule, Action<byte[]> setName, Func<MtfStream, MtfSink?> open)
    {
        bool isInStream = (block.U32(52) & MtfTreeBlocks.NameInStream) != 0;
        MtfCapture? name = null;
        IReadOnlyList<MtfStream> streams = ReadStreams(block, stream =>
        {
            EndName();
            if (stream.Id != id)
            {
                return open(stream);
            }

            block.Require(isInStream, rule, $"stream {id}", "none", "one");
            name = new MtfCapture(MaxNameBytes, () => block.Violation(rule, id, $"at most {MaxNameBytes} bytes", "more"));
            return name.Take;
        });
        EndName();
        block.Require(isInStream == streams.Any(stream => stream.Id == id), rule, $"stream {id}", "one", "none");
        return streams;

        void EndName()
        {
            if (name is not null)
            {
                setName(name.ToArray());
                name = null;
            }
        }
    }

    private IReadOnlyList<MtfStream> ReadStreams(MtfBlock block, Func<MtfStream, MtfSink?> open) =>
        _medium.ReadStreams(block, _padding, open);
}
