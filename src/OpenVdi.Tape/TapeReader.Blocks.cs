namespace OpenVdi.Tape;

/// <summary>How blocks and filemarks are read.</summary>
public sealed partial class TapeReader
{
    private BlockHeader _header;
    private long _blockStart;
    private long _setStart;
    private uint _controlBlockId;

    // The block that waits for its checksum.
    private TapeBlock? _tape;
    private StartOfSetBlock? _set;
    private VolumeBlock? _volume;
    private DirectoryBlock? _directory;
    private FileBlock? _file;
    private EndOfSetBlock? _setEnd;

    private void EndBlockHead()
    {
        _blockStart = _partStart;
        var found = (BlockType)System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(_kept);
        if (_state == ReaderState.Header && found != BlockType.Tape)
        {
            throw new TapeFormatException(TapeFormatFailure.Foreign, 0, "a medium that begins with block 'TAPE'", FourLetters.Show(found));
        }

        _header = BlockHeader.Read(_kept, _blockStart);
        if (!IsExpected(found))
        {
            throw TapeFormatException.Damaged(_blockStart, DescribePart(), FourLetters.Show(found));
        }

        if (found == BlockType.SoftFilemark)
        {
            if (_blockStart != _medium!.Geometry.EndBeforeFilemark(_blockStart))
            {
                throw TapeFormatException.Damaged(_blockStart, "a filemark at the start of a physical block", "one within");
            }

            CompareFilemark(_kept.AsSpan(0, BlockHeader.Bytes), 0, _blockStart);
            Begin(ReaderPart.Filemark, _medium.Geometry.PhysicalBlockBytes - BlockHeader.Bytes);
            return;
        }

        if (found == BlockType.StartOfSet)
        {
            _setStart = _blockStart;
            _controlBlockId = 0;
            _totals = default;
        }

        bool isCounted = found is not (BlockType.Tape or BlockType.EndOfSet);
        ulong address = isCounted ? (ulong)(_blockStart - _setStart) / TapeFormat.LogicalBlockBytes : 0;
        uint id = isCounted ? _controlBlockId++ : 0;
        if (_header.LogicalAddress != address || _header.ControlBlockId != id)
        {
            throw TapeFormatException.Damaged(
                _blockStart + 20, $"block {id} at logical block {address}", $"block {_header.ControlBlockId} at {_header.LogicalAddress}");
        }

        if (_header.FirstStreamOffset is < BlockHeader.Bytes or > TapeFormat.LogicalBlockBytes
            || _header.FirstStreamOffset % TapeFormat.StreamAlignmentBytes != 0)
        {
            throw TapeFormatException.Damaged(
                _blockStart + 8, $"a first stream within {TapeFormat.LogicalBlockBytes} bytes of block {FourLetters.Show(found)}",
                $"one at {_header.FirstStreamOffset}");
        }

        // Not BeginKept: the body goes behind the header.
        Begin(ReaderPart.BlockBody, _header.FirstStreamOffset - BlockHeader.Bytes);
    }

    private bool IsExpected(BlockType found) => _state switch
    {
        ReaderState.Header => found == BlockType.Tape,
        ReaderState.StartOfSet => found == BlockType.StartOfSet,
        ReaderState.Volume => found == BlockType.Volume,
        ReaderState.Directory => found == BlockType.Directory,
        ReaderState.File => found is BlockType.File or BlockType.SoftFilemark,
        ReaderState.EndOfSet => found == BlockType.EndOfSet,
        _ => found == BlockType.SoftFilemark,
    };

    private void EndBlockBody()
    {
        ReadOnlySpan<byte> block = _kept.AsSpan(0, _keptCount);
        switch (_header.Type)
        {
            case BlockType.Tape:
                _tape = TapeBlock.Read(block, _blockStart);
                break;
            case BlockType.StartOfSet:
                _set = StartOfSetBlock.Read(block, _blockStart);
                break;
            case BlockType.Volume:
                _volume = VolumeBlock.Read(block, _blockStart);
                break;
            case BlockType.Directory:
                _directory = DirectoryBlock.Read(block, _blockStart);
                break;
            case BlockType.File:
                _file = FileBlock.Read(block, _blockStart);
                BeginFile(_file);
                break;
            default:
                _setEnd = EndOfSetBlock.Read(block, _blockStart);
                break;
        }

        _hasRecord = _isCovered = _isProved = false;
        BeginKept(ReaderPart.StreamHead, StreamHeader.Bytes);
    }

    private void CompareFilemark(ReadOnlySpan<byte> taken, int at, long? start = null)
    {
        long filemark = start ?? _blockStart;
        Span<byte> expected = stackalloc byte[256];
        while (!taken.IsEmpty)
        {
            Span<byte> part = expected[..Math.Min(taken.Length, expected.Length)];
            _medium!.FillFilemark(filemark, at, part);
            int same = taken.CommonPrefixLength(part);
            if (same < part.Length)
            {
                throw TapeFormatException.Damaged(
                    filemark + at + same, $"0x{part[same]:x2} in filemark {filemark / _medium.Geometry.PhysicalBlockBytes}",
                    $"0x{taken[same]:x2}");
            }

            at += part.Length;
            taken = taken[part.Length..];
        }
    }

    private void EndFilemark()
    {
        _medium!.AddFilemark(_blockStart);
        switch (_state)
        {
            case ReaderState.HeaderFilemark:
                _medium.EndHeader(_position);
                _state = ReaderState.StartOfSet;
                break;
            case ReaderState.SetFilemark:
                _medium.EndSet(_position);
                _state = ReaderState.StartOfSet;
                break;
            default:
                _state = ReaderState.EndOfSet;
                break;
        }

        if (_state == ReaderState.StartOfSet)
        {
            // Each set has its own sum, so that one can be put behind another by who did not read the first.
            _sum = new TapeSum();
        }

        _sink.OnFilemark(_blockStart / _medium.Geometry.PhysicalBlockBytes);
        BeginKept(ReaderPart.BlockHead, BlockHeader.Bytes);
    }

    private void CheckSet(StartOfSetBlock set, BackupRecord record)
    {
        TapeMedium medium = _medium!;
        int number = medium.DataSetCount + 1;
        long address = _setStart / medium.Geometry.PhysicalBlockBytes;
        if (set.DataSetNumber != number || set.PhysicalBlockAddress != address)
        {
            throw TapeFormatException.Damaged(
                _setStart + 62, $"data set {number} at physical block {address}", $"{set.DataSetNumber} at {set.PhysicalBlockAddress}");
        }

        if (set.Attributes != record.Attributes)
        {
            throw TapeFormatException.Damaged(_setStart + 52, $"a set that is {record.Attributes}", $"{set.Attributes}");
        }

        MediaFamily family = medium.Family;
        if (record.MediaSetId != family.MediaSetId || record.StripeNumber != family.StripeNumber
            || record.StripeCount != family.StripeCount)
        {
            throw TapeFormatException.Damaged(
                _setStart, $"stripe {family.StripeNumber} of {family.StripeCount} of media set {family.MediaSetId}",
                $"{record.StripeNumber} of {record.StripeCount} of {record.MediaSetId}");
        }
    }

    private void CheckSetEnd(EndOfSetBlock end, SetTotals totals)
    {
        if (end.DataSetNumber != _set!.DataSetNumber || end.Attributes != _set.Attributes)
        {
            throw TapeFormatException.Damaged(
                _blockStart + 52, $"the end of data set {_set.DataSetNumber} ({_set.Attributes})",
                $"{end.DataSetNumber} ({end.Attributes})");
        }

        SetTotals expected = _totals with { AllStripesBytes = totals.AllStripesBytes, Finished = totals.Finished };
        if (totals != expected)
        {
            throw TapeFormatException.Damaged(
                _blockStart, $"{expected.FileCount} files, {expected.PieceCount} pieces, {expected.DataBytes} bytes in the set",
                $"{totals.FileCount} files, {totals.PieceCount} pieces, {totals.DataBytes} bytes");
        }
    }
}
