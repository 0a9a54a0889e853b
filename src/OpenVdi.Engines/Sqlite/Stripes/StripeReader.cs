using OpenVdi.Engines.Sqlite.Transfer;
using OpenVdi.Tape;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>
/// Takes the bytes of one stripe in order, in parts of any size, and passes the image's on as they come, straight out of the
/// part. What a stripe of tape is, the tape's reader checks; here is checked that it is one of a database. One thread at a
/// time.
/// </summary>
internal sealed class StripeReader : ITapeSink
{
    private readonly string _deviceName;
    private readonly RestoredImage _image;
    private readonly TapeReader _tape;
    private StreamHeader _stream;
    private long _streamOffset;
    private long _streamLeft;
    private long _paddingBytes;

    public StripeReader(string deviceName, RestoredImage image)
    {
        _deviceName = deviceName;
        _image = image;
        _tape = new TapeReader(this);
    }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="SqliteEngineException">MediaDamaged, MediaMismatch or MediaIncomplete; TargetUnwritable.</exception>
    public void Push(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty && !_tape.IsAtEndOfSet)
            {
                // A set ends on a logical block, and what follows is not the reader's: no step goes beyond the next one, but
                // through a stream, whose end is known.
                long step = _streamLeft > 0
                    ? _streamLeft
                    : TapeFormat.LogicalBlockBytes - (_tape.PositionBytes % TapeFormat.LogicalBlockBytes);
                int count = (int)Math.Min(bytes.Length, step);
                _tape.Push(bytes[..count]);
                bytes = bytes[count..];
            }
        }
        catch (TapeFormatException exception)
        {
            throw Translate(exception);
        }

        CheckPadding(bytes);
    }

    /// <summary>The stripe's bytes have ended.</summary>
    /// <exception cref="SqliteEngineException">MediaIncomplete.</exception>
    public void End()
    {
        try
        {
            _tape.End();
        }
        catch (TapeFormatException exception)
        {
            throw Translate(exception);
        }
    }

    void ITapeSink.OnMediaHeader(TapeBlock header, MediaFamily family)
    {
    }

    void ITapeSink.OnFilemark(long physicalBlock)
    {
    }

    void ITapeSink.OnSetStart(StartOfSetBlock set, BackupRecord record) => _image.AcceptStripe(_deviceName, record);

    void ITapeSink.OnVolume(VolumeBlock volume)
    {
    }

    void ITapeSink.OnDirectory(DirectoryBlock directory)
    {
    }

    // The name is of no use: the target's is the caller's.
    void ITapeSink.OnFile(FileBlock file)
    {
        if (file.FileId != 1 || file.SizeBytes != _image.Bytes)
        {
            throw Damaged($"expected one file of {_image.Bytes} bytes, found file {file.FileId} of {file.SizeBytes} bytes");
        }
    }

    void ITapeSink.OnStreamBegin(StreamHeader stream, long fileOffsetBytes)
    {
        (_stream, _streamOffset, _streamLeft) = (stream, fileOffsetBytes, stream.LengthBytes);
        if (stream.Id == StreamId.FileData)
        {
            _image.AcceptRange(_deviceName, fileOffsetBytes, stream.LengthBytes);
        }
    }

    void ITapeSink.OnData(ReadOnlySpan<byte> bytes)
    {
        if (_stream.Id == StreamId.FileData)
        {
            _image.AcceptBytes(_streamOffset, bytes);
        }

        _streamOffset += bytes.Length;
        _streamLeft -= bytes.Length;
    }

    void ITapeSink.OnStreamEnd()
    {
    }

    void ITapeSink.OnVerified(long offsetBytes)
    {
    }

    void ITapeSink.OnSetEnd(EndOfSetBlock set, SetTotals totals)
    {
        if (set.IsAborted)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaIncomplete,
                $"device '{_deviceName}': expected a finished backup, found one that was given up",
                "use another backup.");
        }

        if (totals.FileCount != 1 || totals.AllStripesBytes != _image.Bytes)
        {
            throw Damaged($"expected one file and {_image.Bytes} bytes in all stripes, found {totals.FileCount} files and "
                + $"{totals.AllStripesBytes} bytes");
        }
    }

    // A medium may pad the end to its own unit, which is at most a transfer; anything else was not written by this backup.
    private void CheckPadding(ReadOnlySpan<byte> bytes)
    {
        _paddingBytes += bytes.Length;
        if (bytes.ContainsAnyExcept((byte)0) || _paddingBytes > TransferOptions.LargestTransferBytes)
        {
            throw Damaged($"expected nothing but at most {TransferOptions.LargestTransferBytes} zeros behind the backup's end at byte "
                + $"{_tape.PositionBytes}, found {(bytes.ContainsAnyExcept((byte)0) ? "other bytes" : "more")}");
        }
    }

    private SqliteEngineException Translate(TapeFormatException exception)
    {
        string problem = $"device '{_deviceName}': {exception.Message}";
        return exception.Failure switch
        {
            TapeFormatFailure.Foreign => new SqliteEngineException(
                SqliteFailureKind.MediaMismatch, problem, "check that the medium is the right one.", exception),
            TapeFormatFailure.Newer => new SqliteEngineException(
                SqliteFailureKind.MediaMismatch, problem, "restore with the version of this program that made the backup.", exception),
            TapeFormatFailure.Truncated => new SqliteEngineException(
                SqliteFailureKind.MediaIncomplete, problem,
                "the backup did not finish, or the medium was cut; use another backup.", exception),
            _ => Damaged(exception.Message, exception),
        };
    }

    private SqliteEngineException Damaged(string what, Exception? inner = null) => new(
        SqliteFailureKind.MediaDamaged,
        $"device '{_deviceName}': {what}",
        "the medium was altered since the backup; use another copy.",
        inner);
}
