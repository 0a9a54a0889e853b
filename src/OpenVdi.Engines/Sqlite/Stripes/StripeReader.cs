using System.Diagnostics.CodeAnalysis;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>Who receives what stripes hold, as it is read.</summary>
internal interface IStripeSink
{
    /// <summary>A stripe's header was read and is consistent in itself. Throws when it does not belong.</summary>
    void AcceptHeader(string deviceName, StripeHeader header);

    /// <summary>A part of a chunk; its checksum is not known to be right yet.</summary>
    void AcceptBytes(long imageOffset, ReadOnlySpan<byte> bytes);

    /// <summary>A chunk is complete and its checksum right. Throws when it was there before.</summary>
    void AcceptChunk(string deviceName, long chunk);
}

/// <summary>
/// Takes the bytes of one stripe in order, in pieces of any size, checks everything and passes the payload on, straight out
/// of the piece. One thread at a time.
/// </summary>
internal sealed class StripeReader(string deviceName, IStripeSink sink)
{
    private readonly byte[] _head = new byte[BlockHeader.Bytes];
    private readonly byte[] _small = new byte[StripeHeader.MaxPayloadBytes];
    private int _headCount;
    private bool _isInBody;
    private BlockHeader _block;
    private long _bodyPosition;
    private uint _bodyCrc;
    private ulong _blockCount;
    private ulong _imageBytes;
    private ulong _streamBytes;
    private uint _headersCrc;

    /// <summary>The stripe's header, once it was read.</summary>
    public StripeHeader? Header { get; private set; }

    /// <summary>Whether the trailer was read and is right.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="SqliteEngineException">MediaDamaged or MediaMismatch.</exception>
    public void Push(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (IsComplete)
            {
                // A medium may pad the end to its own unit; anything else was not written by this backup.
                if (bytes.ContainsAnyExcept((byte)0))
                {
                    throw Damaged("expected nothing but zeros behind the trailer, found other bytes");
                }

                return;
            }

            bytes = _isInBody ? bytes[TakeBody(bytes)..] : bytes[TakeHead(bytes)..];
        }
    }

    /// <summary>The stripe's bytes have ended.</summary>
    /// <exception cref="SqliteEngineException">MediaIncomplete.</exception>
    public void End()
    {
        if (!IsComplete)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaIncomplete,
                $"device '{deviceName}': expected a trailer at the end, found the end after {_streamBytes} bytes in "
                    + $"{_blockCount} whole blocks",
                "the backup did not finish, or the medium was cut; use another backup.");
        }
    }

    private int TakeHead(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, BlockHeader.Bytes - _headCount);
        bytes[..count].CopyTo(_head.AsSpan(_headCount));
        _headCount += count;
        if (_headCount < BlockHeader.Bytes)
        {
            return count;
        }

        if (BlockHeader.Parse(_head, out _block) is { } problem)
        {
            if (_blockCount == 0)
            {
                throw new SqliteEngineException(
                    SqliteFailureKind.MediaMismatch,
                    $"device '{deviceName}': expected a SQLite backup stream of this program, found at the first block: {problem}",
                    "check that the medium is the right one.");
            }

            throw Damaged(problem);
        }

        CheckBlock();
        _headCount = 0;
        _isInBody = true;
        _bodyPosition = BlockHeader.Bytes;
        _bodyCrc = 0;
        return count;
    }

    // The checksum was right, so these are the bytes that were written: what is wrong here was put together wrongly.
    private void CheckBlock()
    {
        if (Header is null)
        {
            if (_block.Kind != BlockKind.Header || _block.Sequence != 0)
            {
                throw Damaged($"expected the stripe's header, found block {_block.Sequence} of kind {(byte)_block.Kind}");
            }

            // Before the header is read, its own fields are all there is to hold against it.
            if (_block.PayloadOffset != BlockHeader.Bytes || _block.PayloadBytes > StripeHeader.MaxPayloadBytes
                || _block.BlockBytes is < 512 or > 65536)
            {
                throw Damaged("expected a stripe's header in one block, found other sizes");
            }

            return;
        }

        if (_block.BackupId != Header.BackupId || _block.Stripe != Header.StripeIndex)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaMismatch,
                $"device '{deviceName}': expected block {_blockCount} of stripe {Header.StripeIndex} of backup "
                    + $"{Header.BackupId}, found stripe {_block.Stripe} of backup {_block.BackupId}");
        }

        BlockHeader expected = _block.Kind switch
        {
            BlockKind.Data when (long)_block.ImageOffset >= 0 && (long)_block.ImageOffset < Header.ImageBytes
                && (long)_block.ImageOffset % Header.ChunkBytes == 0 =>
                Header.DataBlock((long)_block.ImageOffset / Header.ChunkBytes, _blockCount),
            BlockKind.Trailer => Header.TrailerBlock(_blockCount),
            _ => default,
        };
        if (expected with { BodyCrc = _block.BodyCrc } != _block)
        {
            throw Damaged($"expected block {_blockCount}, found block {_block.Sequence} of kind {(byte)_block.Kind} with "
                + $"{_block.PayloadBytes} bytes for {_block.ImageOffset}");
        }
    }

    private int TakeBody(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(bytes.Length, _block.BlockBytes - _bodyPosition);
        ReadOnlySpan<byte> part = bytes[..count];
        _bodyCrc = Crc32C.Append(_bodyCrc, part);

        // The piece of the payload in this part.
        long from = Math.Max(_bodyPosition, _block.PayloadOffset);
        long to = Math.Min(_bodyPosition + count, (long)_block.PayloadOffset + _block.PayloadBytes);
        if (from < to)
        {
            ReadOnlySpan<byte> payload = part[(int)(from - _bodyPosition)..(int)(to - _bodyPosition)];
            long offset = from - _block.PayloadOffset;
            if (_block.Kind == BlockKind.Data)
            {
                sink.AcceptBytes((long)_block.ImageOffset + offset, payload);
            }
            else
            {
                payload.CopyTo(_small.AsSpan((int)offset));
            }
        }

        _bodyPosition += count;
        if (_bodyPosition == _block.BlockBytes)
        {
            EndBlock();
        }

        return count;
    }

    private void EndBlock()
    {
        if (_bodyCrc != _block.BodyCrc)
        {
            throw Damaged($"expected checksum {_block.BodyCrc:x8} of block {_blockCount}, found {_bodyCrc:x8}");
        }

        _isInBody = false;
        _blockCount++;
        _streamBytes += _block.BlockBytes;
        ReadOnlySpan<byte> small = _small.AsSpan(0, (int)Math.Min(_block.PayloadBytes, (uint)_small.Length));
        switch (_block.Kind)
        {
            case BlockKind.Header:
                if (StripeHeader.Parse(_block, small, out StripeHeader? header) is { } problem)
                {
                    throw Damaged(problem);
                }

                Header = header;
                sink.AcceptHeader(deviceName, header!);
                break;
            case BlockKind.Data:
                _imageBytes += _block.PayloadBytes;
                sink.AcceptChunk(deviceName, (long)_block.ImageOffset / Header!.ChunkBytes);
                break;
            default:
                CheckTrailer(small);
                IsComplete = true;
                break;
        }

        _headersCrc = Crc32C.Append(_headersCrc, _head);
    }

    private void CheckTrailer(ReadOnlySpan<byte> payload)
    {
        var expected = new StripeTrailer(_blockCount, _imageBytes, _streamBytes, (ulong)Header!.PageCount, _headersCrc);
        if (!StripeTrailer.TryParse(payload, out StripeTrailer found) || found != expected)
        {
            throw Damaged($"expected the trailer {expected}, found {found}");
        }
    }

    [SuppressMessage("Performance", "CA1859", Justification = "The exception type is the contract of this file.")]
    private SqliteEngineException Damaged(string what) => new(
        SqliteFailureKind.MediaDamaged,
        $"device '{deviceName}': {what}, in the block at byte {_streamBytes} of the stream",
        "the medium was altered since the backup; use another copy.");
}
