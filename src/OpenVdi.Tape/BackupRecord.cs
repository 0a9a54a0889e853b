namespace OpenVdi.Tape;

/// <summary>What a backup holds.</summary>
public enum BackupKind : byte
{
    /// <summary>The whole database.</summary>
    Full = 1,

    /// <summary>What changed since a full backup.</summary>
    Differential = 2,

    /// <summary>The log since the log backup before it.</summary>
    Log = 3,
}

/// <summary>OVBR, our stream on SSET: what the backup is. All of it is known before the first byte of data.</summary>
/// <remarks>
/// A record of tagged fields: u16 version, u16 count, then u16 tag, u16 length, value for each, by ascending tag. A reader
/// passes over a field it does not know from tag 0x8000 on, and refuses one below.
/// </remarks>
public sealed record BackupRecord
{
    /// <summary>The longest record.</summary>
    internal const int MaxBytes = 1024;

    /// <summary>The number of the backup; all its stripes have it.</summary>
    public required Guid BackupId { get; init; }

    /// <summary>The number of the media set it was written to.</summary>
    public required Guid MediaSetId { get; init; }

    /// <summary>Which stripe of the backup this is, from 1.</summary>
    public required int StripeNumber { get; init; }

    /// <summary>How many stripes the backup has.</summary>
    public required int StripeCount { get; init; }

    /// <summary>What the backup holds.</summary>
    public required BackupKind Kind { get; init; }

    /// <summary>Whether it stands outside of every chain.</summary>
    public bool IsCopyOnly { get; init; }

    /// <summary>The database's name.</summary>
    public required string DatabaseName { get; init; }

    /// <summary>The number that the database keeps through renames and restores.</summary>
    public required Guid DatabaseId { get; init; }

    /// <summary>Bytes of a database page: a power of two from 512 to 65536.</summary>
    public required uint PageSizeBytes { get; init; }

    /// <summary>Pages of the database at the backup's moment.</summary>
    public required long PageCount { get; init; }

    /// <summary>When the backup was begun, to the microsecond.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The program that made it, with its version.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>The first log sequence number that the backup holds, if the engine has such.</summary>
    public ulong? FirstLsn { get; init; }

    /// <summary>The number behind the last one that the backup holds.</summary>
    public ulong? LastLsn { get; init; }

    /// <summary>Where a recovery from this backup begins.</summary>
    public ulong? CheckpointLsn { get; init; }

    /// <summary>The checkpoint of the full backup before this one.</summary>
    public ulong? DatabaseBackupLsn { get; init; }

    /// <summary>Where the base of a differential backup stands.</summary>
    public ulong? BaseLsn { get; init; }

    /// <summary>The backup that this one needs: the base of a differential.</summary>
    public Guid? BaseBackupId { get; init; }

    /// <summary>The history that the numbers belong to: a restore begins another one.</summary>
    public Guid? RecoveryForkId { get; init; }

    /// <summary>What the format says of such a set.</summary>
    internal SetAttributes Attributes =>
        (Kind == BackupKind.Differential ? SetAttributes.Differential : SetAttributes.Normal)
        | (IsCopyOnly ? SetAttributes.Copy : SetAttributes.None);

    /// <summary>Whether another record is of a stripe of the same backup.</summary>
    /// <param name="other">The other record.</param>
    public bool IsSameBackup(BackupRecord other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other with { StripeNumber = StripeNumber } == this;
    }

    /// <summary>Writes the record.</summary>
    /// <returns>Its bytes.</returns>
    /// <exception cref="ArgumentException">A field is out of range, or the record too long.</exception>
    internal int Write(Span<byte> bytes)
    {
        if (Problem() is { } problem)
        {
            throw new ArgumentException($"backup record of '{DatabaseName}': {problem}");
        }

        var writer = new TagWriter(bytes[..MaxBytes]);
        writer.Id(1, BackupId);
        writer.Id(2, MediaSetId);
        writer.U16(3, StripeNumber);
        writer.U16(4, StripeCount);
        writer.U8(5, (byte)Kind);
        writer.U8(6, IsCopyOnly ? (byte)1 : (byte)0);
        writer.String(7, DatabaseName, nameof(DatabaseName));
        writer.Id(8, DatabaseId);
        writer.U32(9, PageSizeBytes);
        writer.I64(10, PageCount);
        writer.I64(11, Microseconds.Of(Created));
        writer.String(12, CreatedBy, nameof(CreatedBy));
        writer.U64(13, FirstLsn);
        writer.U64(14, LastLsn);
        writer.U64(15, CheckpointLsn);
        writer.U64(16, DatabaseBackupLsn);
        writer.U64(17, BaseLsn);
        writer.Id(18, BaseBackupId);
        writer.Id(19, RecoveryForkId);
        return writer.Finish();
    }

    /// <summary>Reads a record.</summary>
    /// <exception cref="TapeFormatException">It is not as it must be, or of a newer version.</exception>
    internal static BackupRecord Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        var reader = new TagReader(bytes, offsetBytes);
        var record = new BackupRecord
        {
            // The initializers run in this order, which is that of the tags.
            BackupId = reader.Id(1),
            MediaSetId = reader.Id(2),
            StripeNumber = reader.U16(3),
            StripeCount = reader.U16(4),
            Kind = (BackupKind)reader.U8(5),
            IsCopyOnly = reader.U8(6) != 0,
            DatabaseName = reader.String(7),
            DatabaseId = reader.Id(8),
            PageSizeBytes = reader.U32(9),
            PageCount = reader.I63(10),
            Created = reader.Moment(11),
            CreatedBy = reader.String(12),
            FirstLsn = reader.U64(13),
            LastLsn = reader.U64(14),
            CheckpointLsn = reader.U64(15),
            DatabaseBackupLsn = reader.U64(16),
            BaseLsn = reader.U64(17),
            BaseBackupId = reader.OptionalId(18),
            RecoveryForkId = reader.OptionalId(19),
        };
        reader.Finish();
        return record.Problem() is { } problem
            ? throw TapeFormatException.Damaged(offsetBytes, "a backup record with fields in range", problem)
            : record;
    }

    private string? Problem()
    {
        if (!MediaFamily.IsLegal(StripeNumber, StripeCount))
        {
            return $"stripe {StripeNumber} of {StripeCount}, expected at most {TapeFormat.MaxStripeCount}";
        }

        if (!Enum.IsDefined(Kind))
        {
            return $"kind {(byte)Kind}, expected 1 to 3";
        }

        if (!System.Numerics.BitOperations.IsPow2(PageSizeBytes) || PageSizeBytes is < 512 or > 65536)
        {
            return $"pages of {PageSizeBytes} bytes, expected a power of two from 512 to 65536";
        }

        if (PageCount is < 0 or > uint.MaxValue)
        {
            return $"{PageCount} pages, expected at most {uint.MaxValue}";
        }

        return Created < DateTimeOffset.UnixEpoch ? $"created {Created:O}, expected 1970 or later" : null;
    }
}
