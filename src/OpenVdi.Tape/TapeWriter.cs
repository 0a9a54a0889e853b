namespace OpenVdi.Tape;

/// <summary>
/// Makes the stream of one medium, in parts of any size. The caller begins sets, files and pieces, takes the structure
/// between them with <see cref="Write"/>, and puts the data of files into the stream himself, wherever they come from.
/// </summary>
/// <remarks>
/// To fill a buffer: while <see cref="DataDueBytes"/> is not zero, put that many bytes (or as many as fit) of the file from
/// <see cref="DataOffsetBytes"/> on into it and show them to <see cref="AppendData"/>; else call Write, and when that gives
/// nothing, begin the next thing. Once it runs nothing is allocated for data and pieces. One thread at a time.
/// </remarks>
public sealed partial class TapeWriter
{
    private readonly TapeMedium _medium;
    private readonly PendingBytes _pending;
    private readonly byte[] _block = new byte[Math.Max(TapeFormat.LogicalBlockBytes, BackupRecord.MaxBytes)];
    private WriterState _state;
    private TapeSum _sum = new();

    // Where the next composed byte stands on the medium, and where the open set begins.
    private long _position;
    private long _setStart;
    private uint _controlBlockId;
    private long _dataDue;
    private long _fileBytes;
    private long _pieceNumber;
    private StartOfSetBlock? _set;
    private SetTotals _totals;

    /// <summary>Begins a medium.</summary>
    /// <param name="header">What to say of it.</param>
    /// <param name="family">The media set, and which of its stripes this is.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public TapeWriter(TapeBlock header, MediaFamily family)
    {
        ArgumentNullException.ThrowIfNull(header);
        if (!MediaFamily.IsLegal(family.StripeNumber, family.StripeCount))
        {
            throw new ArgumentException(
                $"stripe: expected 1 to {TapeFormat.MaxStripeCount}, found {family.StripeNumber} of {family.StripeCount}", nameof(family));
        }

        if (!TapeGeometry.IsLegal(family.Geometry.BlockSizeBytes))
        {
            throw new ArgumentException("block size: expected a power of two from 512 to 65536, found none", nameof(family));
        }

        if (header.VendorId != TapeFormat.VendorId || header.MediaSequenceNumber is < 1 or > ushort.MaxValue)
        {
            throw new ArgumentException(
                $"medium: expected vendor 0x{TapeFormat.VendorId:x4} and a sequence number from 1, found 0x{header.VendorId:x4} "
                    + $"and {header.MediaSequenceNumber}", nameof(header));
        }

        _medium = new TapeMedium(header, family);
        _pending = NewPending(family.Geometry);
        EmitBlock(header.Write(_block, family.Geometry));
        Span<byte> data = stackalloc byte[MediaFamily.Bytes];
        family.Write(data);
        EmitStream(StreamId.MediaFamily, data);
        EmitChecksum();
        EmitPadding(_medium.Geometry.EndBeforeFilemark(_position + StreamHeader.Bytes));
        EmitFilemark();
        _medium.EndHeader(_position);
    }

    /// <summary>Goes on behind the last set of a medium. What is written belongs behind its
    /// <see cref="TapeMedium.EndBytes"/>.</summary>
    /// <param name="medium">The medium, as a reader found it.</param>
    public TapeWriter(TapeMedium medium)
    {
        ArgumentNullException.ThrowIfNull(medium);
        _medium = medium.Clone();
        _pending = NewPending(medium.Geometry);
        _position = medium.EndBytes;
    }

    /// <summary>Where the next byte that is to be written stands on the medium.</summary>
    public long PositionBytes => _position - _pending.Count;

    /// <summary>How many bytes of the file come next in the stream; 0 while structure comes first, or nothing does.</summary>
    public long DataDueBytes => _pending.Count == 0 ? _dataDue : 0;

    /// <summary>Where in the file the next of these bytes belongs.</summary>
    public long DataOffsetBytes { get; private set; }

    /// <summary>The medium as it is behind the last set: to go on later. Null while a set is open.</summary>
    public TapeMedium? Medium => _state == WriterState.BetweenSets ? _medium.Clone() : null;

    /// <summary>What the open or last set holds so far.</summary>
    public SetTotals Totals => _totals;

    private bool IsInFile => _state is WriterState.InFile or WriterState.InPieces;

    /// <summary>Begins a data set with one volume and one directory. Files may follow.</summary>
    /// <param name="set">What to say of it; what the writer itself knows, it fills in.</param>
    /// <param name="volume">The volume of the files.</param>
    /// <param name="directory">Their directory.</param>
    /// <param name="record">What the backup is.</param>
    /// <exception cref="ArgumentException">A value is out of range or too long; nothing was begun.</exception>
    /// <exception cref="InvalidOperationException">A set is open.</exception>
    public void BeginSet(StartOfSetBlock set, VolumeBlock volume, DirectoryBlock directory, BackupRecord record)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(record);
        Require(WriterState.BetweenSets);
        CheckRecord(record);
        if (_medium.DataSetCount == ushort.MaxValue)
        {
            throw new InvalidOperationException($"medium: expected at most {ushort.MaxValue} data sets, found one more");
        }

        set = set with
        {
            Attributes = record.Attributes,
            DataSetNumber = _medium.DataSetCount + 1,
            PhysicalBlockAddress = _position / _medium.Geometry.PhysicalBlockBytes,
        };

        // Once for nothing: whatever is too long is said before anything is in the stream.
        directory.Write(_block, 0, 0);
        volume.Write(_block, 0, 0);
        set.Write(_block);
        record.Write(_block);

        (_set, _totals, _setStart, _controlBlockId, _sum) = (set, default, _position, 1, new TapeSum());
        EmitBlock(set.Write(_block));
        int recordBytes = record.Write(_block);
        EmitStream(StreamId.BackupRecord, _block.AsSpan(0, recordBytes));
        EmitChecksum();
        PadToBlock();
        EmitBlock(volume.Write(_block, LogicalAddress(), _controlBlockId++));
        EmitChecksum();
        PadToBlock();
        EmitBlock(directory.Write(_block, LogicalAddress(), _controlBlockId++));
        EmitChecksum();
        _state = WriterState.InSet;
    }

    /// <summary>Begins a file whose bytes follow at once, all of them, so that any reader of the format can take it out.</summary>
    /// <param name="file">The file, with its size.</param>
    /// <exception cref="ArgumentException">A value is out of range or too long; nothing was begun.</exception>
    /// <exception cref="InvalidOperationException">No set is open, or data is due.</exception>
    public void BeginFile(FileBlock file)
    {
        OpenFile(file);
        EmitStreamHeader(new StreamHeader(StreamId.FileData, StreamAttributes.None, _fileBytes));
        _state = WriterState.InFile;
        BeginData(0, _fileBytes);
    }

    /// <summary>Begins a file that comes in pieces, in any order, as many as there will be; a stripe holds some of a file's
    /// pieces, and its other stripes the others.</summary>
    /// <param name="file">The file, with its size if it is known.</param>
    /// <exception cref="ArgumentException">A value is out of range or too long; nothing was begun.</exception>
    /// <exception cref="InvalidOperationException">No set is open, or data is due.</exception>
    public void BeginPiecedFile(FileBlock file)
    {
        OpenFile(file);

        // The file's name is proved before its first byte comes: a restore opens files by it.
        EmitChecksum();
        _state = WriterState.InPieces;
        _pieceNumber = 0;
    }

    /// <summary>Begins a piece of the open file; its bytes are due next.</summary>
    /// <param name="offsetBytes">Where in the file it belongs.</param>
    /// <param name="lengthBytes">Its bytes, at least one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The file has no such part.</exception>
    /// <exception cref="InvalidOperationException">No file in pieces is open, or data is due.</exception>
    public void BeginPiece(long offsetBytes, long lengthBytes)
    {
        Require(WriterState.InPieces);
        if (!PieceRange.IsLegal(offsetBytes, lengthBytes, _fileBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(offsetBytes), offsetBytes, $"piece of {lengthBytes} bytes: expected a part of a file of {_fileBytes} bytes");
        }

        Span<byte> range = stackalloc byte[PieceRange.Bytes];
        new PieceRange(_pieceNumber++, offsetBytes, lengthBytes).Write(range);
        EmitSummedStream(StreamId.PieceRange, range);
        EmitStreamHeader(new StreamHeader(StreamId.FileData, StreamAttributes.Variable, lengthBytes));
        _totals = _totals with { PieceCount = _totals.PieceCount + 1 };
        BeginData(offsetBytes, lengthBytes);
    }

    /// <summary>Takes the structure that comes next.</summary>
    /// <param name="destination">Where the caller builds the stream.</param>
    /// <returns>Bytes written: less than there is room for when data is due or something must be begun.</returns>
    public int Write(Span<byte> destination) => _pending.Take(destination);

    /// <summary>The caller has put bytes of the file into the stream: they are counted and summed.</summary>
    /// <param name="data">These bytes, at most as many as are due.</param>
    /// <exception cref="ArgumentException">They are more than are due now.</exception>
    public void AppendData(ReadOnlySpan<byte> data)
    {
        if (data.Length > DataDueBytes)
        {
            throw new ArgumentException($"data: expected at most {DataDueBytes} bytes, found {data.Length}", nameof(data));
        }

        _sum.Append(data);
        _position += data.Length;
        _dataDue -= data.Length;
        DataOffsetBytes += data.Length;
        _totals = _totals with { DataBytes = _totals.DataBytes + data.Length };
        if (_dataDue == 0 && data.Length > 0)
        {
            EndData();
        }
    }

    /// <summary>Ends the open set.</summary>
    /// <remarks>Who gives up while data is due either ends the medium there, and it is truncated; or fills up what is due and
    /// says that the set is aborted.</remarks>
    /// <param name="written">When: local time; null is unknown.</param>
    /// <param name="finished">When: exactly.</param>
    /// <param name="allStripesBytes">Bytes of file data of all stripes together; null when there is but this one.</param>
    /// <param name="isAborted">Whether the backup was given up, so that the set is useless.</param>
    /// <exception cref="InvalidOperationException">No set is open, or data is due.</exception>
    public void EndSet(DateTime? written, DateTimeOffset finished, long? allStripesBytes = null, bool isAborted = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(finished, DateTimeOffset.UnixEpoch);
        long all = allStripesBytes ?? _totals.DataBytes;
        ArgumentOutOfRangeException.ThrowIfNegative(all, nameof(allStripesBytes));
        RequireSet();
        CloseFile();
        EmitPadding(_medium.Geometry.EndBeforeFilemark(_position + StreamHeader.Bytes));
        EmitFilemark();
        EmitBlock(new EndOfSetBlock
        {
            Attributes = _set!.Attributes,
            DataSetNumber = _set.DataSetNumber,
            IsAborted = isAborted,
            Written = written,
        }.Write(_block));
        _totals = _totals with { AllStripesBytes = all, Finished = finished };
        Span<byte> totals = stackalloc byte[SetTotals.Bytes];
        _totals.Write(totals);
        EmitStream(StreamId.SetTotals, totals);
        EmitChecksum();
        EmitPadding(_medium.Geometry.EndBeforeLastFilemark(_position + StreamHeader.Bytes));
        EmitFilemark();
        _medium.EndSet(_position);
        _state = WriterState.BetweenSets;
    }

    // The header and a filemark, or a set's end with two: what is usually composed at once.
    private static PendingBytes NewPending(TapeGeometry geometry) =>
        new((4 * geometry.PhysicalBlockBytes) + (8 * TapeFormat.LogicalBlockBytes));

    private void CheckRecord(BackupRecord record)
    {
        MediaFamily family = _medium.Family;
        if (record.MediaSetId != family.MediaSetId || record.StripeNumber != family.StripeNumber
            || record.StripeCount != family.StripeCount)
        {
            throw new ArgumentException(
                $"backup record: expected stripe {family.StripeNumber} of {family.StripeCount} of media set {family.MediaSetId}, found "
                    + $"{record.StripeNumber} of {record.StripeCount} of {record.MediaSetId}", nameof(record));
        }
    }

    private void Require(WriterState state)
    {
        if (_state != state || _dataDue > 0)
        {
            throw new InvalidOperationException($"tape writer: expected it to be {state}, found it {Describe()}");
        }
    }

    private void RequireSet()
    {
        if (_state == WriterState.BetweenSets || _dataDue > 0)
        {
            throw new InvalidOperationException($"tape writer: expected an open set and no data due, found it {Describe()}");
        }
    }

    private string Describe() => _dataDue > 0 ? $"{_state} with {_dataDue} bytes of data due" : $"{_state}";
}
