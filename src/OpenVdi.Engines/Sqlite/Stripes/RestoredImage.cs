using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>The database file in the making: takes the payload of all stripes in any order and knows when it is whole. One
/// thread at a time.</summary>
internal sealed class RestoredImage(SafeFileHandle file, string path, int deviceCount) : IStripeSink
{
    private readonly string?[] _devices = new string?[StripeHeader.MaxStripeCount];
    private StripeHeader? _first;
    private string _firstDevice = string.Empty;
    private ulong[] _chunks = [];
    private long _chunkCount;

    /// <summary>What the stripes say of their backup; null before the first header.</summary>
    public StripeHeader? Header => _first;

    /// <summary>Bytes of the database that are complete.</summary>
    public long DoneBytes => _first is null ? 0 : Math.Min(_first.ImageBytes, _chunkCount * _first.ChunkBytes);

    /// <inheritdoc/>
    public void AcceptHeader(string deviceName, StripeHeader header)
    {
        if (_first is null)
        {
            _first = header;
            _firstDevice = deviceName;
            if (header.StripeCount != deviceCount)
            {
                bool isShort = deviceCount < header.StripeCount;
                throw new SqliteEngineException(
                    isShort ? SqliteFailureKind.MediaIncomplete : SqliteFailureKind.MediaMismatch,
                    $"device '{deviceName}': backup {header.BackupId} has {header.StripeCount} stripes, found {deviceCount} "
                        + "devices",
                    "give all stripes of the backup, each once.");
            }

            // The length first: a header that claims more than the file system can hold is refused before it costs memory.
            SetLength(header.ImageBytes);
            _chunks = new ulong[(header.ChunkCount + 63) / 64];
        }

        if (!header.IsSameBackup(_first))
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaMismatch,
                $"device '{deviceName}': expected a stripe of backup {_first.BackupId} of {_first.Time:O} as on device "
                    + $"'{_firstDevice}', found one of backup {header.BackupId} of {header.Time:O}",
                "give the stripes of one backup.");
        }

        if (_devices[header.StripeIndex] is { } other)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaMismatch,
                $"device '{deviceName}': expected each stripe once, found stripe {header.StripeIndex} also on device '{other}'",
                "give all stripes of the backup, each once.");
        }

        _devices[header.StripeIndex] = deviceName;
    }

    /// <inheritdoc/>
    public void AcceptBytes(long imageOffset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(file, bytes, imageOffset);
        }
        catch (IOException exception)
        {
            throw Unwritable(path, $"writing {bytes.Length} bytes at {imageOffset}: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public void AcceptChunk(string deviceName, long chunk)
    {
        ref ulong word = ref _chunks[chunk / 64];
        ulong bit = 1ul << (int)(chunk % 64);
        if ((word & bit) != 0)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaDamaged,
                $"device '{deviceName}': expected each part of the database once, found part {chunk} again");
        }

        word |= bit;
        _chunkCount++;
    }

    /// <summary>Checks that nothing is missing. To be called when every stripe has ended.</summary>
    /// <exception cref="SqliteEngineException">MediaIncomplete or MediaDamaged.</exception>
    public void CheckWhole()
    {
        if (_first is null || _chunkCount != _first.ChunkCount)
        {
            long index = 0;
            while (_first is not null && BitOperations.TrailingZeroCount(~_chunks[index]) == 64)
            {
                index++;
            }

            throw new SqliteEngineException(
                SqliteFailureKind.MediaIncomplete,
                $"backup {_first?.BackupId}: expected {_first?.ChunkCount ?? 0} parts of the database, found {_chunkCount}; "
                    + $"the first one missing is {(_first is null ? 0 : (index * 64) + BitOperations.TrailingZeroCount(~_chunks[index]))}");
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
        if (!page.StartsWith("SQLite format 3\0"u8) || pageSize != _first.PageSize)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.MediaDamaged,
                $"backup {_first.BackupId}: expected a SQLite database with pages of {_first.PageSize} bytes, found "
                    + $"{pageSize}");
        }
    }

    private void SetLength(long bytes)
    {
        try
        {
            RandomAccess.SetLength(file, bytes);
        }
        catch (IOException exception)
        {
            throw Unwritable(path, $"making room for {bytes} bytes: {exception.Message}", exception);
        }
    }
}
