using System.Buffers.Binary;

namespace OpenVdi.Tape;

/// <summary>How the streams of a block are read.</summary>
public sealed partial class TapeReader
{
    private StreamHeader _stream;
    private long _streamStart;

    // Bytes under the sum before the stream.
    private long _coveredBefore;
    private SetTotals _totals;
    private BackupRecord? _record;
    private MediaFamily _family;
    private SetTotals _foundTotals;
    private PieceRange _range;
    private FileProgress _fileProgress;
    private long _pieceNumber;

    // Of the block: whether its record was there; whether a sum is the last thing there; whether there was any sum.
    private bool _hasRecord;
    private bool _isCovered;
    private bool _isProved;

    private enum FileProgress
    {
        // No data yet: a whole stream or pieces may come.
        Empty,

        // Its data are a range's, which was read.
        Range,

        // Data were read, and their sum must follow.
        Data,

        // Another piece may come.
        Pieces,

        // The last data were read, and their sum must follow.
        LastData,

        // No more may come.
        Complete,
    }

    private void BeginFile(FileBlock file)
    {
        _totals = _totals with { FileCount = _totals.FileCount + 1 };
        if (file.FileId != _totals.FileCount || file.DirectoryId != _directory!.DirectoryId)
        {
            throw TapeFormatException.Damaged(
                _blockStart + 76, $"file {_totals.FileCount} of directory {_directory!.DirectoryId}",
                $"{file.FileId} of {file.DirectoryId}");
        }

        _fileProgress = FileProgress.Empty;
        _pieceNumber = 0;
        _sink.OnFile(file);
    }

    private void EndStreamHead()
    {
        _streamStart = _partStart;
        _stream = StreamHeader.Read(_kept, _streamStart);
        _coveredBefore = _sum.CoveredBytes - StreamHeader.Bytes;
        if (_stream.Id is not (StreamId.FileData or StreamId.PieceRange or StreamId.Checksum or StreamId.Padding)
            && _fileProgress is FileProgress.Range or FileProgress.Data or FileProgress.LastData && _header.Type == BlockType.File)
        {
            throw Misplaced("data or their checksum");
        }

        switch (_stream.Id)
        {
            case StreamId.Padding:
                BeginPadding();
                return;
            case StreamId.Checksum:
                RequireLength(sizeof(long) + TapeSum.Bytes);
                BeginKept(ReaderPart.Record, sizeof(long));
                break;
            case StreamId.FileData:
                BeginFileData();
                break;
            case StreamId.PieceRange:
                if (_header.Type != BlockType.File || _fileProgress is not (FileProgress.Empty or FileProgress.Pieces))
                {
                    throw Misplaced("no range of a piece");
                }

                RequireLength(PieceRange.Bytes + TapeSum.Bytes);
                BeginKept(ReaderPart.Record, PieceRange.Bytes);
                break;
            case StreamId.MediaFamily or StreamId.BackupRecord or StreamId.SetTotals:
                BeginRecord();
                break;
            default:
                // Whatever a newer version added: passed on, and covered like all else.
                _sink.OnStreamBegin(_stream, 0);
                Begin(ReaderPart.Data, _stream.LengthBytes);
                break;
        }

        _isCovered = false;
    }

    private void BeginPadding()
    {
        bool isFile = _header.Type == BlockType.File;
        if (!_isCovered || (isFile && _fileProgress != FileProgress.Complete))
        {
            throw Misplaced(isFile ? "more of the file, or its checksum" : "a checksum");
        }

        // Before the first sum of TAPE was right there is no medium; there is none here without one.
        TapeGeometry geometry = _medium!.Geometry;
        long filemark = _state == ReaderState.SetFilemark
            ? geometry.EndBeforeLastFilemark(_position)
            : geometry.EndBeforeFilemark(_position);
        long block = TapeGeometry.EndBeforeBlock(_position);
        long end = _position + _stream.LengthBytes;
        bool isBlock = end == block && _state is ReaderState.Volume or ReaderState.Directory or ReaderState.File;
        bool isFilemark = end == filemark && _state is ReaderState.HeaderFilemark or ReaderState.File or ReaderState.SetFilemark;
        if (_stream.Attributes != StreamAttributes.None || !(isBlock || isFilemark))
        {
            throw TapeFormatException.Damaged(
                _streamStart + 8, $"padding up to byte {block} or {filemark}", $"up to byte {end}, attributes {_stream.Attributes}");
        }

        Begin(ReaderPart.Padding, _stream.LengthBytes);
    }

    private void BeginFileData()
    {
        if (_header.Type != BlockType.File)
        {
            throw Misplaced("no file data");
        }

        switch (_stream.Attributes, _fileProgress)
        {
            case (StreamAttributes.None, FileProgress.Empty):
                RequireLength(_file!.SizeBytes);
                _fileProgress = FileProgress.LastData;
                _sink.OnStreamBegin(_stream, 0);
                break;
            case (StreamAttributes.Variable, FileProgress.Range):
                RequireLength(_range.LengthBytes);
                _fileProgress = FileProgress.Data;
                _totals = _totals with { PieceCount = _totals.PieceCount + 1 };
                _sink.OnStreamBegin(_stream, _range.OffsetBytes);
                break;
            case (StreamAttributes.Variable | StreamAttributes.LastPiece, FileProgress.Empty or FileProgress.Pieces):
                RequireLength(0);
                _fileProgress = FileProgress.LastData;
                BeginAlignment();
                return;
            default:
                throw Misplaced(_fileProgress switch
                {
                    FileProgress.Empty => "all of the file, or the range of a piece",
                    FileProgress.Range => "the piece of the range before it",
                    FileProgress.Pieces => "the range of a piece, or an empty last piece",
                    FileProgress.Complete => "no more data",
                    _ => "a checksum of the data",
                });
        }

        _totals = _totals with { DataBytes = _totals.DataBytes + _stream.LengthBytes };
        Begin(ReaderPart.Data, _stream.LengthBytes);
    }

    private void BeginRecord()
    {
        BlockType owner = _stream.Id switch
        {
            StreamId.MediaFamily => BlockType.Tape,
            StreamId.BackupRecord => BlockType.StartOfSet,
            _ => BlockType.EndOfSet,
        };
        if (_header.Type != owner || _hasRecord)
        {
            throw Misplaced("none of its kind, or one only");
        }

        if (_stream.Id != StreamId.BackupRecord)
        {
            RequireLength(_stream.Id == StreamId.MediaFamily ? MediaFamily.Bytes : SetTotals.Bytes);
        }
        else if (_stream.LengthBytes > BackupRecord.MaxBytes)
        {
            throw TapeFormatException.Damaged(
                _streamStart + 8, $"a backup record of at most {BackupRecord.MaxBytes} bytes", $"{_stream.LengthBytes}");
        }

        BeginKept(ReaderPart.Record, (int)_stream.LengthBytes);
    }

    private void EndRecord()
    {
        ReadOnlySpan<byte> data = _kept.AsSpan(0, _keptCount);
        switch (_stream.Id)
        {
            case StreamId.MediaFamily:
                _family = MediaFamily.Read(data, _partStart);
                break;
            case StreamId.BackupRecord:
                _record = BackupRecord.Read(data, _partStart);
                break;
            case StreamId.SetTotals:
                _foundTotals = SetTotals.Read(data, _partStart);
                break;
            default:
                // The sum goes behind it.
                Begin(ReaderPart.Sum, TapeSum.Bytes);
                return;
        }

        _hasRecord = true;
        BeginAlignment();
    }

    private void EndSum()
    {
        ulong found = BinaryPrimitives.ReadUInt64LittleEndian(_kept.AsSpan(_keptCount - TapeSum.Bytes));
        ulong expected = _sum.Value;
        if (found != expected)
        {
            throw TapeFormatException.Damaged(_partStart, $"checksum {expected:x16} of all before it", $"{found:x16}");
        }

        if (_stream.Id == StreamId.PieceRange)
        {
            EndRange();
        }
        else
        {
            EndChecksum();
        }

        _sink.OnVerified(_position);
        BeginAlignment();
    }

    private void EndRange()
    {
        _range = PieceRange.Read(_kept);
        if (_range.Number != _pieceNumber++ || !PieceRange.IsLegal(_range.OffsetBytes, _range.LengthBytes, _file!.SizeBytes))
        {
            throw TapeFormatException.Damaged(
                _streamStart, $"piece {_pieceNumber - 1} of a file of {_file!.SizeBytes} bytes",
                $"piece {_range.Number} with {_range.LengthBytes} bytes at {_range.OffsetBytes}");
        }

        _fileProgress = FileProgress.Range;
    }

    private void EndChecksum()
    {
        long covered = BinaryPrimitives.ReadInt64LittleEndian(_kept);
        if (covered != _coveredBefore)
        {
            throw TapeFormatException.Damaged(_streamStart, $"a checksum of {_coveredBefore} bytes", $"of {covered}");
        }

        if (_header.Type is BlockType.Tape or BlockType.StartOfSet or BlockType.EndOfSet && !_hasRecord)
        {
            throw Misplaced("the block's record");
        }

        _isCovered = true;
        if (_header.Type == BlockType.File)
        {
            _fileProgress = _fileProgress switch
            {
                FileProgress.Data => FileProgress.Pieces,
                FileProgress.LastData => FileProgress.Complete,
                FileProgress.Range => throw Misplaced("the piece of the range before it"),
                _ => _fileProgress,
            };
        }
        else if (!_isProved)
        {
            Report();
        }

        _isProved = true;
    }

    private void Report()
    {
        switch (_header.Type)
        {
            case BlockType.Tape:
                CheckMedium();
                _medium = new TapeMedium(_tape!, _family);
                _state = ReaderState.HeaderFilemark;
                _sink.OnMediaHeader(_tape!, _family);
                break;
            case BlockType.StartOfSet:
                CheckSet(_set!, _record!);
                _state = ReaderState.Volume;
                _sink.OnSetStart(_set!, _record!);
                break;
            case BlockType.Volume:
                _state = ReaderState.Directory;
                _sink.OnVolume(_volume!);
                break;
            case BlockType.Directory:
                _state = ReaderState.File;
                _sink.OnDirectory(_directory!);
                break;
            default:
                CheckSetEnd(_setEnd!, _foundTotals);
                _state = ReaderState.SetFilemark;
                _sink.OnSetEnd(_setEnd!, _foundTotals);
                break;
        }
    }

    private void CheckMedium()
    {
        if (_tape!.SoftFilemarkBytes != _family.Geometry.PhysicalBlockBytes || _tape.MediaSequenceNumber < 1)
        {
            throw TapeFormatException.Damaged(
                _blockStart + 60, $"a medium with filemarks of {_family.Geometry.PhysicalBlockBytes} bytes, numbered from 1",
                $"medium {_tape.MediaSequenceNumber} with filemarks of {_tape.SoftFilemarkBytes} bytes");
        }
    }

    private void RequireLength(long length)
    {
        if (_stream.LengthBytes != length)
        {
            throw TapeFormatException.Damaged(
                _streamStart + 8, $"{length} bytes of stream {FourLetters.Show(_stream.Id)}", $"{_stream.LengthBytes}");
        }
    }

    private TapeFormatException Misplaced(string expected) => TapeFormatException.Damaged(
        _streamStart, $"{expected} in block {FourLetters.Show(_header.Type)}",
        $"stream {FourLetters.Show(_stream.Id)} ({_stream.Attributes})");
}
