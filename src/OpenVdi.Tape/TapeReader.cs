using System.Diagnostics.CodeAnalysis;

namespace OpenVdi.Tape;

/// <summary>
/// Takes the bytes of one medium in order, in parts of any size, checks everything, and tells a sink what it finds. It keeps
/// one logical block and a small state, whatever comes. One thread at a time.
/// </summary>
/// <remarks>
/// It reads what <see cref="TapeWriter"/> writes, and is strict about it: every byte follows from what stands before it, is
/// covered by a checksum, or is the sink's.
/// </remarks>
public sealed partial class TapeReader
{
    private readonly ITapeSink _sink;
    private readonly byte[] _kept = new byte[TapeFormat.LogicalBlockBytes];
    private ReaderState _state;
    private ReaderPart _part;
    private int _keptCount;
    private long _left;
    private long _position;
    private long _partStart;
    private bool _hasFailed;
    private TapeSum _sum = new();
    private TapeMedium? _medium;

    /// <summary>Reads a medium from its start.</summary>
    /// <param name="sink">Takes what is found.</param>
    public TapeReader(ITapeSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        _sink = sink;
        Begin(ReaderPart.BlockHead, BlockHeader.Bytes);
    }

    /// <summary>Reads on behind the last set of a medium: the next byte is the one at <see cref="TapeMedium.EndBytes"/>.</summary>
    /// <param name="sink">Takes what is found.</param>
    /// <param name="medium">The medium, as another reader or writer left it.</param>
    public TapeReader(ITapeSink sink, TapeMedium medium)
        : this(sink)
    {
        ArgumentNullException.ThrowIfNull(medium);
        _medium = medium.Clone();
        _position = _partStart = medium.EndBytes;
        _state = ReaderState.StartOfSet;
    }

    /// <summary>How many bytes were read, counted from the start of the medium.</summary>
    public long PositionBytes => _position;

    /// <summary>Whether the medium may end here: behind a whole set.</summary>
    [MemberNotNullWhen(true, nameof(_medium))]
    public bool IsAtEndOfSet =>
        !_hasFailed && _state == ReaderState.StartOfSet && _part == ReaderPart.BlockHead && _keptCount == 0
        && _medium is { DataSetCount: > 0 };

    /// <summary>The medium as it is behind the last set, to go on writing; null when this is no such place.</summary>
    public TapeMedium? Medium => IsAtEndOfSet ? _medium.Clone() : null;

    /// <summary>Takes the next bytes.</summary>
    /// <param name="bytes">Any number of them.</param>
    /// <exception cref="TapeFormatException">They are not what they should be. The reader takes no more.</exception>
    /// <exception cref="InvalidOperationException">The reader has failed before.</exception>
    public void Push(ReadOnlySpan<byte> bytes)
    {
        if (_hasFailed)
        {
            throw new InvalidOperationException("tape reader: expected no more bytes after a failure");
        }

        // Until it is known that nothing was thrown, by this class or the sink.
        _hasFailed = true;
        while (!bytes.IsEmpty)
        {
            bytes = bytes[Take(bytes)..];
        }

        _hasFailed = false;
    }

    /// <summary>The medium's bytes have ended.</summary>
    /// <exception cref="TapeFormatException">Truncated: not behind a whole set.</exception>
    /// <exception cref="InvalidOperationException">The reader has failed before.</exception>
    public void End()
    {
        if (_hasFailed)
        {
            throw new InvalidOperationException("tape reader: expected no end after a failure");
        }

        if (!IsAtEndOfSet)
        {
            bool isInHead = _keptCount > 0 && _part is ReaderPart.BlockHead or ReaderPart.StreamHead;
            string kept = isInHead ? $", {_keptCount} of them in" : ", before";
            throw new TapeFormatException(
                TapeFormatFailure.Truncated, _position, "the end of a data set", $"the end after {_position} bytes{kept} {DescribePart()}");
        }
    }

    private int Take(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(bytes.Length, _left);
        ReadOnlySpan<byte> taken = bytes[..count];
        if (_part != ReaderPart.Sum)
        {
            _sum.Append(taken);
        }

        switch (_part)
        {
            case ReaderPart.Data:
                _sink.OnData(taken);
                break;
            case ReaderPart.Filemark:
                CompareFilemark(taken, (int)(_position - _partStart) + BlockHeader.Bytes);
                break;
            case ReaderPart.Alignment or ReaderPart.Padding:
                CheckZeros(taken);
                break;
            default:
                taken.CopyTo(_kept.AsSpan(_keptCount));
                _keptCount += count;
                break;
        }

        _left -= count;
        _position += count;

        // A part may have no bytes; a header always has some, so this ends.
        while (_left == 0)
        {
            EndPart();
        }

        return count;
    }

    private void EndPart()
    {
        switch (_part)
        {
            case ReaderPart.BlockHead:
                EndBlockHead();
                break;
            case ReaderPart.BlockBody:
                EndBlockBody();
                break;
            case ReaderPart.Filemark:
                EndFilemark();
                break;
            case ReaderPart.StreamHead:
                EndStreamHead();
                break;
            case ReaderPart.Record:
                EndRecord();
                break;
            case ReaderPart.Sum:
                EndSum();
                break;
            case ReaderPart.Data:
                _sink.OnStreamEnd();
                BeginAlignment();
                break;
            case ReaderPart.Alignment:
                BeginKept(ReaderPart.StreamHead, StreamHeader.Bytes);
                break;
            default:
                BeginKept(ReaderPart.BlockHead, BlockHeader.Bytes);
                break;
        }
    }

    private void Begin(ReaderPart part, long length)
    {
        _part = part;
        _left = length;
        _partStart = _position;
    }

    private void BeginKept(ReaderPart part, int length)
    {
        _keptCount = 0;
        Begin(part, length);
    }

    private void BeginAlignment() => Begin(ReaderPart.Alignment, -_position & (TapeFormat.StreamAlignmentBytes - 1));

    private void CheckZeros(ReadOnlySpan<byte> taken)
    {
        int at = taken.IndexOfAnyExcept((byte)0);
        if (at >= 0)
        {
            throw TapeFormatException.Damaged(_position + at, "a zero of padding", $"0x{taken[at]:x2}");
        }
    }

    private string DescribePart() => _part switch
    {
        ReaderPart.BlockHead => _state switch
        {
            ReaderState.Header => "the header of block 'TAPE'",
            ReaderState.StartOfSet => "the header of block 'SSET'",
            ReaderState.Volume => "the header of block 'VOLB'",
            ReaderState.Directory => "the header of block 'DIRB'",
            ReaderState.File => "the header of block 'FILE' or of a filemark",
            ReaderState.EndOfSet => "the header of block 'ESET'",
            _ => "the header of a filemark",
        },
        ReaderPart.BlockBody => "the rest of a block",
        ReaderPart.Filemark => $"{_left} more bytes of a filemark",
        ReaderPart.StreamHead => "the header of a stream",
        ReaderPart.Alignment or ReaderPart.Padding => $"{_left} more bytes of padding",
        _ => $"{_left} more bytes of stream {FourLetters.Show(_stream.Id)}",
    };
}
