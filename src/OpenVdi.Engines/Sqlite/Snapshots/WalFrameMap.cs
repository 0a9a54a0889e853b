using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Engines.Sqlite.Snapshots;

/// <summary>Which pages of a snapshot are in the write-ahead log, and in which frame each is for the last time.</summary>
internal sealed class WalFrameMap
{
    /// <summary>Before each page in the log: page number, commit mark, salts, checksum.</summary>
    private const int FrameHeaderBytes = 24;

    private const int LogHeaderBytes = 32;

    // Sorted; page number above, frame number below, so that one sort orders both. One entry for each page.
    private readonly ulong[] _entries;
    private readonly int _pageSize;
    private readonly ulong _salts;

    private WalFrameMap(ulong[] entries, int pageSize, ulong salts)
    {
        _entries = entries;
        _pageSize = pageSize;
        _salts = salts;
    }

    /// <summary>How many pages come out of the log.</summary>
    public int PageCount => _entries.Length;

    /// <summary>Makes the map of frames 1 to the header's last one.</summary>
    /// <returns>Null when the wal-index cannot be read that far, or names a page that the database does not have.</returns>
    public static WalFrameMap? Read(SafeFileHandle index, in WalIndexHeader header)
    {
        uint[] pageNumbers = new uint[header.LastFrame];
        if (!WalIndexHeader.TryReadPageNumbers(index, pageNumbers))
        {
            return null;
        }

        ulong[] entries = new ulong[pageNumbers.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            if (pageNumbers[i] == 0)
            {
                return null;
            }

            entries[i] = ((ulong)pageNumbers[i] << 32) | (uint)(i + 1);
        }

        Array.Sort(entries);
        int count = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            // The last frame of each page; and no page that a later transaction cut off the database's end.
            bool isLast = i + 1 == entries.Length || entries[i + 1] >> 32 != entries[i] >> 32;
            if (isLast && entries[i] >> 32 <= header.PageCount)
            {
                entries[count++] = entries[i];
            }
        }

        return new WalFrameMap(entries[..count], header.PageSize, header.Salts);
    }

    /// <summary>The first entry for this page or a later one; an index for <see cref="At"/>.</summary>
    public int FirstAtOrAfter(uint pageNumber)
    {
        int index = Array.BinarySearch(_entries, (ulong)pageNumber << 32);
        return index < 0 ? ~index : index;
    }

    /// <summary>The page and its frame.</summary>
    public (uint PageNumber, uint Frame) At(int index) => ((uint)(_entries[index] >> 32), (uint)_entries[index]);

    /// <summary>Reads a part of a page out of its frame.</summary>
    /// <returns>False when the log does not hold that frame of that page any more.</returns>
    public bool TryRead(SafeFileHandle log, uint pageNumber, uint frame, int offsetInPage, Span<byte> destination)
    {
        long position = LogHeaderBytes + ((long)(frame - 1) * (_pageSize + FrameHeaderBytes));
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        return RandomAccess.Read(log, header, position) == header.Length
            && BinaryPrimitives.ReadUInt32BigEndian(header) == pageNumber
            && BinaryPrimitives.ReadUInt64BigEndian(header[8..]) == _salts
            && RandomAccess.Read(log, destination, position + FrameHeaderBytes + offsetInPage) == destination.Length;
    }
}
