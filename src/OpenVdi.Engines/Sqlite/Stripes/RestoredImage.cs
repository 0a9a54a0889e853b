using Microsoft.Win32.SafeHandles;
using OpenVdi.Tape;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>The database file in the making: takes the image's bytes of all stripes in any order and knows when it is whole.
/// One thread at a time.</summary>
internal sealed class RestoredImage(SafeFileHandle file, string path, int deviceCount)
{
    private readonly string?[] _devices = new string?[TapeFormat.MaxStripeCount];
    private BackupRecord? _first;
    private string _firstDevice = string.Empty;
    private PageMap _pages = new(0);

    /// <summary>What the stripes say of their backup; null before the first one does.</summary>
    public BackupRecord? Record => _first;

    /// <summary>Bytes of the database; 0 before the first stripe says.</summary>
    public long Bytes => _first is null ? 0 : _first.PageCount * _first.PageSizeBytes;

    /// <summary>Bytes of the database that were written.</summary>
    public long DoneBytes { get; private set; }

    /// <summary>A stripe says what backup it belongs to.</summary>
    /// <exception cref="SqliteEngineException">MediaMismatch or MediaIncomplete: it does not belong; TargetUnwritable.</exception>
    public void AcceptStripe(string deviceName, BackupRecord record)
    {
        if (_first is null)
        {
            AcceptFirst(deviceName, record);
        }

        if (!record.IsSameBackup(_first!))
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaMismatch,
                $"device '{deviceName}': expected a stripe of backup {_first!.BackupId} of {_first.Created:O} as on device "
                    + $"'{_firstDevice}', found one of backup {record.BackupId} of {record.Created:O}",
                "give the stripes of one backup.");
        }

        ref string? device = ref _devices[record.StripeNumber - 1];
        if (device is not null)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaMismatch,
                $"device '{deviceName}': expected each stripe once, found stripe {record.StripeNumber} also on device '{device}'",
                "give all stripes of the backup, each once.");
        }

        device = deviceName;
    }

    /// <summary>A part of the image is about to come.</summary>
    /// <exception cref="SqliteEngineException">MediaDamaged: it is no part of the image, or came before.</exception>
    public void AcceptRange(string deviceName, long offset, long length)
    {
        int pageSize = (int)_first!.PageSizeBytes;
        if (offset % pageSize != 0 || length % pageSize != 0 || offset > Bytes || length > Bytes - offset)
        {
            throw Damaged(deviceName, $"expected whole pages of {pageSize} bytes of a database of {Bytes} bytes, found {length} bytes "
                + $"for {offset}");
        }

        if (_pages.Mark(offset / pageSize, length / pageSize) is { } page)
        {
            throw Damaged(deviceName, $"expected each page of the database once, found page {page + 1} again");
        }
    }

    /// <summary>Bytes of the image; their checksum is not known to be right yet.</summary>
    /// <exception cref="SqliteEngineException">TargetUnwritable.</exception>
    public void AcceptBytes(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (IOException exception)
        {
            throw Unwritable(path, $"writing {bytes.Length} bytes at {offset}: {exception.Message}", exception);
        }

        DoneBytes += bytes.Length;
    }

    /// <summary>Checks that nothing is missing. To be called when every stripe has ended.</summary>
    /// <exception cref="SqliteEngineException">MediaIncomplete or MediaDamaged.</exception>
    public void CheckWhole()
    {
        if (_first is null || _pages.MarkedCount != _first.PageCount)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaIncomplete,
                $"backup {_first?.BackupId}: expected {_first?.PageCount ?? 0} pages of the database, found {_pages.MarkedCount}; "
                    + $"the first one missing is {_pages.FirstUnmarked() + 1}",
                "use another backup.");
        }

        CheckDatabaseHeader();
    }

    /// <summary>Makes the file durable.</summary>
    /// <exception cref="SqliteEngineException">TargetUnwritable.</exception>
    public void MakeDurable()
    {
        try
        {
            RandomAccess.FlushToDisk(file);
        }
        catch (IOException exception)
        {
            throw Unwritable(path, $"making it durable: {exception.Message}", exception);
        }
    }

    internal static SqliteEngineException Unwritable(string path, string what, Exception inner) => new(
        SqliteFailureKind.TargetUnwritable,
        $"file '{path}': {what}",
        "check the free space of, and the permissions on, the directory.",
        inner);

    private void AcceptFirst(string deviceName, BackupRecord record)
    {
        if (record.Kind != BackupKind.Full)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaMismatch,
                $"device '{deviceName}': expected a full backup, found a backup of kind {record.Kind}",
                "give a full backup of a SQLite database.");
        }

        (_first, _firstDevice) = (record, deviceName);
        if (record.StripeCount != deviceCount)
        {
            throw new SqliteEngineException(
                deviceCount < record.StripeCount ? SqliteFailureKind.MediaIncomplete : SqliteFailureKind.MediaMismatch,
                $"device '{deviceName}': backup {record.BackupId} has {record.StripeCount} stripes, found {deviceCount} devices",
                "give all stripes of the backup, each once.");
        }

        // The length first: a record that claims more than the file system can hold is refused before it costs memory.
        SetLength(Bytes);
        _pages = new PageMap(record.PageCount);
    }

    private static SqliteEngineException Damaged(string deviceName, string what) => new(
        SqliteFailureKind.MediaDamaged, $"device '{deviceName}': {what}", "use another copy of the backup.");

    // Everything that was backed up is here; that it was a database, its first page says (fileformat2.html, 1.3).
    private void CheckDatabaseHeader()
    {
        if (_first!.PageCount == 0)
        {
            return;
        }

        Span<byte> page = stackalloc byte[100];
        int pageSize = RandomAccess.Read(file, page, 0) == page.Length ? (page[16] << 8) | page[17] : 0;
        pageSize = pageSize == 1 ? 65536 : pageSize;
        if (!page.StartsWith("SQLite format 3\0"u8) || pageSize != _first.PageSizeBytes)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaDamaged,
                $"backup {_first.BackupId}: expected a SQLite database with pages of {_first.PageSizeBytes} bytes, found "
                    + $"{pageSize}",
                "use another backup.");
        }
    }

    private void SetLength(long bytes)
    {
        try
        {
            RandomAccess.SetLength(file, bytes);
        }
        catch (Exception exception) when (exception is IOException or ArgumentOutOfRangeException) // The second: beyond all limits.
        {
            throw Unwritable(path, $"making room for {bytes} bytes: {exception.Message}", exception);
        }
    }
}
