using Microsoft.Win32.SafeHandles;
using OpenVdi.Engines.Sqlite.Files;

namespace OpenVdi.Engines.Sqlite.Snapshots;

/// <summary>
/// A database as it is at one moment, read as the bytes of its pages while writers write and checkpoints run. Holds a read
/// transaction until disposed.
/// </summary>
/// <remarks>
/// <para><b>Rollback-journal modes.</b> The read transaction holds SQLite's SHARED lock. A writer may prepare but cannot
/// change the file before all readers are gone, so the file itself is the snapshot, and writers wait for the backup.</para>
/// <para><b>WAL mode.</b> Writers go on. Let M be the last frame and N the page count of the reader's snapshot. A page
/// with a frame not above M is taken from the last such frame; every other page from the database file. This needs that,
/// for as long as the read transaction lasts, (a) frames 1..M stay in the log, and (b) a page without such a frame does
/// not change in the file.</para>
/// <list type="number">
/// <item>The reader holds a shared lock on a read mark R, R not above M (SQLite may share a lower mark). A checkpoint moves
/// frames into the file only up to the lowest mark held, and skips a page whose latest frame is above it. So each page that
/// it writes has a frame not above R, so not above M, and is one that is taken from the log: (b). It cuts the file only when the mark
/// of every reader is the log's end; then the log still ends at M and the length it gives the file is N pages.</item>
/// <item>The log is written again from its start only by who gets all marks 1 to 4 exclusively, that is while no reader
/// holds one: (a). The same is asked by checkpoints of kind RESTART and TRUNCATE.</item>
/// <item>A reader that begins when all frames are in the file (nBackfill = M; also M = 0) holds mark 0 instead: it ignores
/// the log, which may be restarted under it, so (a) fails; but then every page is in the file, and a checkpoint, which
/// needs mark 0 exclusively before it writes to the file, waits. So when nBackfill = M is read *after* the reader began,
/// all is taken from the file. That is right also for a reader with another mark: its M frames are in the file and no
/// checkpoint goes beyond them. When nBackfill is below M after the reader began, it was below when it began, since it falls
/// only when the log is restarted, which the equal headers exclude; so the reader does not hold mark 0.</item>
/// </list>
/// <para><b>The mark's proof.</b> The wal-index header is read before the reader begins and again afterwards. A commit
/// raises its change counter and a restart changes its salts; equal headers therefore mean that neither happened between,
/// so that the header the reader itself took in between is this one. Otherwise the reader begins again. This makes no
/// writer wait, not even for an instant, and works while a writer holds a long transaction. When commits come so fast that
/// it fails again and again, the write lock is taken on a second connection (BEGIN IMMEDIATE), under which no header
/// changes, and given back at once.</para>
/// </remarks>
internal sealed class SqliteSnapshot : IDisposable
{
    /// <summary>How often the mark is tried without the write lock. A try takes some 20 microseconds; commits that come
    /// faster than that for long are rare, and the lock is the sure way.</summary>
    internal const int DefaultFreeTries = 64;

    /// <summary>SQLite never uses the page with this byte: it locks there. It may be in neither file.</summary>
    private const long LockByteOffset = 0x40000000;

    private readonly KeptFiles.Use _file;
    private readonly SafeFileHandle? _log;
    private readonly WalFrameMap? _frames;

    private SqliteSnapshot(
        SqliteDatabase reader, KeptFiles.Use file, int pageSize, long pageCount, SafeFileHandle? log, WalFrameMap? frames)
    {
        Reader = reader;
        _file = file;
        PageSize = pageSize;
        PageCount = pageCount;
        _log = log;
        _frames = frames;
        Time = DateTimeOffset.UtcNow;
    }

    /// <summary>The connection whose read transaction is the snapshot; may be queried.</summary>
    public SqliteDatabase Reader { get; }

    /// <summary>Bytes of a page.</summary>
    public int PageSize { get; }

    /// <summary>Pages of the database at the snapshot's moment.</summary>
    public long PageCount { get; }

    /// <summary>Bytes of the database at the snapshot's moment.</summary>
    public long ImageBytes => PageCount * PageSize;

    /// <summary>The snapshot's moment.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>How many pages come out of the write-ahead log.</summary>
    public int LogPageCount => _frames?.PageCount ?? 0;

    /// <summary>Takes a snapshot.</summary>
    /// <param name="path">The database.</param>
    /// <param name="lockTimeout">How long to wait for a lock that another user holds.</param>
    /// <param name="freeTries">How often to try without the write lock.</param>
    /// <param name="onReading">A test's place to commit at the worst moment of each try without the write lock.</param>
    /// <exception cref="SqliteEngineException">SourceUnreadable, SourceBusy or SourceDamaged.</exception>
    public static SqliteSnapshot Take(
        string path, TimeSpan lockTimeout, int freeTries = DefaultFreeTries, Action? onReading = null)
    {
        if (!File.Exists(path))
        {
            throw Unreadable(path, "expected a file, found none", "give the path of an existing SQLite database.", null);
        }

        SqliteDatabase? reader = null;
        try
        {
            reader = SqliteDatabase.Open(path, lockTimeout);
            SqliteSnapshot? snapshot;
            int tries = 0;
            do
            {
                // Bounded: under the write lock, which is used from some try on, only a change of the journal mode between
                // two statements can fail a try.
                snapshot = tries < freeTries
                    ? TryTake(reader, null, onReading)
                    : TryTake(reader, lockTimeout, null);
                tries++;
            }
            while (snapshot is null && tries < freeTries + 16);

            return snapshot ?? throw new SqliteEngineException(
                SqliteFailureKind.SourceBusy,
                $"database '{path}': expected one consistent moment, found changes at each of {tries} tries",
                "stop what changes the journal mode of the database, then try again.");
        }
        catch (SqliteCodeException exception)
        {
            reader?.Dispose();
            throw Translate(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reader?.Dispose();
            throw Unreadable(path, $"expected to read it, found: {exception.Message}", null, exception);
        }
        catch
        {
            reader?.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes of the database's image as of the snapshot. One thread at a time.</summary>
    /// <param name="offset">Where in the image.</param>
    /// <param name="destination">Filled whole; must lie within the image.</param>
    /// <exception cref="SqliteEngineException">SourceUnreadable or SourceDamaged.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, ImageBytes);
        int read = 0;
        try
        {
            while (read < destination.Length)
            {
                int part = RandomAccess.Read(_file.File, destination[read..], offset + read);
                if (part == 0)
                {
                    break; // The file ends here; what is behind must come out of the log.
                }

                read += part;
            }
        }
        catch (IOException exception)
        {
            throw Unreadable(Reader.Path, $"reading {destination.Length} bytes at {offset}: {exception.Message}", null, exception);
        }

        // Where the bytes that the file gave end; they need not end at a page's end.
        long covered = offset + read;
        if (_frames is not null)
        {
            covered = ReadFromLog(offset, destination, covered);
        }

        ZeroUncovered(offset, destination, covered, offset + destination.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The transaction ends with its connection. The descriptors of file and wal-index stay (KeptFiles); nobody locks
        // the log, so its descriptor is closed.
        Reader.Dispose();
        _file.Dispose();
        _log?.Dispose();
    }

    private static SqliteSnapshot? TryTake(SqliteDatabase reader, TimeSpan? writeLockTimeout, Action? onReading)
    {
        const string BeginReading = "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1";
        if (!IsWal(reader))
        {
            reader.Execute(BeginReading);
            if (IsWal(reader))
            {
                reader.Execute("ROLLBACK");
                return null;
            }

            int pageSize = (int)reader.QueryInt64("PRAGMA page_size");
            long pageCount = reader.QueryInt64("PRAGMA page_count");
            return new SqliteSnapshot(reader, KeptFiles.Open(reader.Path), pageSize, pageCount, null, null);
        }

        // The wal-index exists while a connection that has read the database is open; this one has, just now.
        using KeptFiles.Use kept = KeptFiles.Open(reader.Path + "-shm");
        SafeFileHandle index = kept.File;
        using SqliteDatabase? writer = writeLockTimeout is { } timeout ? SqliteDatabase.Open(reader.Path, timeout) : null;
        writer?.Execute("BEGIN IMMEDIATE");
        bool isBefore = WalIndexHeader.TryRead(index, out WalIndexHeader before);
        reader.Execute(BeginReading);
        onReading?.Invoke();
        uint backfill = WalIndexHeader.ReadBackfill(index);
        bool isAfter = WalIndexHeader.TryRead(index, out WalIndexHeader after);
        writer?.Execute("ROLLBACK");

        if (!isBefore || !isAfter || before != after || !IsWal(reader))
        {
            reader.Execute("ROLLBACK");
            return null;
        }

        return TakeWal(reader, index, after, backfill);
    }

    private static SqliteSnapshot TakeWal(SqliteDatabase reader, SafeFileHandle index, in WalIndexHeader header, uint backfill)
    {
        // What SQLite itself says of the same transaction must agree; it reads the header by another way.
        long pageSize = reader.QueryInt64("PRAGMA page_size");
        long pageCount = reader.QueryInt64("PRAGMA page_count");
        if (header.LastFrame > 0 && (pageSize != header.PageSize || pageCount != header.PageCount))
        {
            throw Damaged(reader.Path, $"expected {pageCount} pages of {pageSize} bytes as SQLite says, found "
                + $"{header.PageCount} of {header.PageSize} in the wal-index");
        }

        if (backfill >= header.LastFrame)
        {
            return new SqliteSnapshot(reader, KeptFiles.Open(reader.Path), (int)pageSize, pageCount, null, null);
        }

        WalFrameMap frames = WalFrameMap.Read(index, header)
            ?? throw Damaged(reader.Path, $"expected {header.LastFrame} frames in the wal-index, found fewer");
        KeptFiles.Use file = KeptFiles.Open(reader.Path);
        try
        {
            // Nobody locks the log: a descriptor of our own may come and go.
            SafeFileHandle log = File.OpenHandle(
                reader.Path + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new SqliteSnapshot(reader, file, (int)pageSize, pageCount, log, frames);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Not cached by SQLite: outside a transaction the answer is read from the file.
    private static bool IsWal(SqliteDatabase database)
    {
        database.QueryInt64("SELECT count(*) FROM (SELECT 1 FROM sqlite_schema LIMIT 1)");
        return string.Equals(database.QueryText("PRAGMA journal_mode"), "wal", StringComparison.Ordinal);
    }

    /// <summary>Lays the log's pages over what came from the file.</summary>
    /// <returns>Where the known bytes end: they grow when the log's pages continue the file's end without a gap.</returns>
    private long ReadFromLog(long offset, Span<byte> destination, long covered)
    {
        long end = offset + destination.Length;
        int index = _frames!.FirstAtOrAfter((uint)(offset / PageSize) + 1);
        for (; index < _frames.PageCount; index++)
        {
            (uint pageNumber, uint frame) = _frames.At(index);
            long pageStart = (long)(pageNumber - 1) * PageSize;
            if (pageStart >= end)
            {
                break;
            }

            long from = Math.Max(pageStart, offset);
            long to = Math.Min(pageStart + PageSize, end);
            if (from > covered)
            {
                ZeroUncovered(offset, destination, covered, from);
            }

            Span<byte> part = destination[(int)(from - offset)..(int)(to - offset)];
            try
            {
                if (!_frames.TryRead(_log!, pageNumber, frame, (int)(from - pageStart), part))
                {
                    throw Damaged(Reader.Path, $"expected page {pageNumber} in frame {frame} of the log, found another");
                }
            }
            catch (IOException exception)
            {
                throw Unreadable(Reader.Path, $"reading frame {frame} of the log: {exception.Message}", null, exception);
            }

            covered = Math.Max(covered, to);
        }

        return covered;
    }

    /// <summary>Bytes that are neither in the file nor in the log: right for the lock page alone, which reads as zeros.
    /// </summary>
    private void ZeroUncovered(long offset, Span<byte> destination, long from, long to)
    {
        if (from >= to)
        {
            return;
        }

        long lockPageStart = LockByteOffset / PageSize * PageSize;
        if (from < lockPageStart || to > lockPageStart + PageSize)
        {
            throw Damaged(Reader.Path, $"expected {ImageBytes} bytes, found bytes {from} to {to} neither in the file nor in "
                + "its log");
        }

        destination[(int)(from - offset)..(int)(to - offset)].Clear();
    }

    private static SqliteEngineException Translate(string path, SqliteCodeException exception) => exception switch
    {
        { IsBusy: true } => new SqliteEngineException(
            SqliteFailureKind.SourceBusy,
            $"database '{path}': expected to begin reading, found it locked: {exception.Message}",
            "close the program that holds the database exclusively, or allow a longer lock timeout.",
            exception),
        { IsDamage: true } => Unreadable(path, $"expected a SQLite database, found: {exception.Message}", null, exception),
        _ => Unreadable(path, $"expected to read it, found: {exception.Message}", null, exception),
    };

    private static SqliteEngineException Unreadable(string path, string what, string? hint, Exception? inner) =>
        new(SqliteFailureKind.SourceUnreadable, $"database '{path}': {what}", hint, inner);

    private static SqliteEngineException Damaged(string path, string what) =>
        new(SqliteFailureKind.SourceDamaged, $"database '{path}': {what}", "run PRAGMA integrity_check on it.");
}
