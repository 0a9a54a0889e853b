using OpenVdi.Engines.Sqlite.Snapshots;
using OpenVdi.Tape;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>The database's image as stripes share it out, and what they all say alike of their backup. One thread at a time.
/// </summary>
internal sealed class StripedImage
{
    private static readonly Version s_version = typeof(StripedImage).Assembly.GetName().Version!;

    private readonly SqliteSnapshot _snapshot;
    private readonly TapeGeometry _geometry;
    private readonly DateTime _localTime;
    private readonly TimeSpan _timeZone;
    private readonly long _pieceBytes;
    private long _takenBytes;

    /// <summary>Plans a backup.</summary>
    /// <param name="snapshot">What is backed up.</param>
    /// <param name="stripeCount">How many stripes share it.</param>
    /// <param name="blockSizeBytes">The block size of the devices.</param>
    /// <param name="maxTransferBytes">The largest transfer.</param>
    public StripedImage(SqliteSnapshot snapshot, int stripeCount, int blockSizeBytes, int maxTransferBytes)
    {
        _snapshot = snapshot;
        _geometry = new TapeGeometry(blockSizeBytes);
        DateTimeOffset local = snapshot.Time.ToLocalTime();
        (_localTime, _timeZone) = (local.DateTime, local.Offset);

        // What one transfer carries besides the piece's structure, in whole pages: so a restore can keep account of them.
        _pieceBytes = Math.Max(1, (maxTransferBytes - TapeFormat.PieceOverheadBytes) / snapshot.PageSize) * (long)snapshot.PageSize;
        var backupId = Guid.NewGuid();
        Record = new BackupRecord
        {
            BackupId = backupId,
            MediaSetId = Guid.NewGuid(),
            StripeNumber = 1,
            StripeCount = stripeCount,
            Kind = BackupKind.Full,
            DatabaseName = Path.GetFileName(snapshot.Reader.Path),

            // SQLite gives a database no number; its backup's claims no kinship with any other.
            DatabaseId = backupId,
            PageSizeBytes = (uint)snapshot.PageSize,
            PageCount = snapshot.PageCount,
            Created = snapshot.Time,
            CreatedBy = $"{TapeFormat.SoftwareName} {s_version.ToString(3)}",
        };
    }

    /// <summary>What the first stripe says of the backup; the others differ in their number.</summary>
    public BackupRecord Record { get; }

    /// <summary>Bytes of the image.</summary>
    public long Bytes => _snapshot.ImageBytes;

    /// <summary>The moment of the backup, in the words of the format.</summary>
    public DateTime LocalTime => _localTime;

    /// <summary>Begins a stripe: up to the first byte of the image.</summary>
    /// <param name="stripeNumber">Which one, from 1.</param>
    public TapeWriter Begin(int stripeNumber)
    {
        var header = new TapeBlock
        {
            FamilyId = BitConverter.ToUInt32(Record.MediaSetId.ToByteArray()) + (uint)stripeNumber,
            Written = _localTime,
        };
        var tape = new TapeWriter(header, new MediaFamily
        {
            MediaSetId = Record.MediaSetId,
            StripeNumber = stripeNumber,
            StripeCount = Record.StripeCount,
            Geometry = _geometry,
        });
        var set = new StartOfSetBlock
        {
            Written = _localTime,
            TimeZone = _timeZone,
            SoftwareMajor = (byte)s_version.Major,
            SoftwareMinor = (byte)s_version.Minor,
        };
        var volume = new VolumeBlock { MachineName = Environment.MachineName, Written = _localTime };
        tape.BeginSet(set, volume, new DirectoryBlock { Written = _localTime }, Record with { StripeNumber = stripeNumber });
        var file = new FileBlock
        {
            // Linux allows what is a separator to the format.
            Name = Record.DatabaseName.Replace('\\', '_'),
            SizeBytes = Bytes,
            Written = _localTime,
        };
        if (Record.StripeCount == 1)
        {
            tape.BeginFile(file);
        }
        else
        {
            tape.BeginPiecedFile(file);
        }

        return tape;
    }

    /// <summary>Takes the next part of the image for a stripe; false when nothing is left. A stripe that is alone has it all.
    /// </summary>
    public bool TryTakePiece(out long offset, out long length)
    {
        offset = Record.StripeCount == 1 ? Bytes : _takenBytes;
        length = Math.Min(_pieceBytes, Bytes - offset);
        _takenBytes = offset + length;
        return length > 0;
    }

    /// <summary>Reads bytes of the image.</summary>
    /// <exception cref="SqliteEngineException">SourceUnreadable or SourceDamaged.</exception>
    public void Read(long offset, Span<byte> destination) => _snapshot.Read(offset, destination);
}
