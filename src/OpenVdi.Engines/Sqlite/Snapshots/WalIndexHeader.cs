using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Engines.Sqlite.Snapshots;

/// <summary>
/// The header of the wal-index (the -shm file) as SQLite publishes it: how far the log reaches, and what it belongs to.
/// </summary>
/// <remarks>
/// From SQLite's file format (walformat.html), all in the machine's byte order except the salts, which are raw bytes:
/// <code>
///   0  u32 version, 3007000     16  u32 last valid frame (mxFrame)     40  u32[2] checksum of bytes 0..39
///   4  u32 unused               20  u32 pages of the database          48  the same 48 bytes again
///   8  u32 change counter       24  u32[2] checksum of the last frame  96  u32 frames already in the file (nBackfill)
///  12  u8  initialized          32  u32[2] salts of the log           100  u32[5] read marks
///  13  u8  big-endian checksums                                       120  u8[8] locks
///  14  u16 page size; 1: 65536                                        136  u32[4062] page numbers of frames 1..4062
/// </code>
/// Blocks of 32 KiB follow, each with the page numbers of the next 4096 frames first and a hash table behind them. A writer
/// stores the second copy first; equal copies with a right checksum are one state that was published.
/// </remarks>
internal readonly record struct WalIndexHeader(
    uint ChangeCounter, int PageSize, uint LastFrame, uint PageCount, ulong Salts, ulong LastFrameChecksum)
{
    private const int HeaderBytes = 48;
    private const int BackfillOffset = 96;
    private const int PrefixBytes = 136;
    private const int BlockBytes = 32768;
    private const int FramesOfBlock = 4096;
    private const int FramesOfFirstBlock = FramesOfBlock - (PrefixBytes / sizeof(uint));
    private const uint Version = 3007000;

    /// <summary>Reads the header.</summary>
    /// <returns>False while a writer is about to change it: read again.</returns>
    public static bool TryRead(SafeFileHandle index, out WalIndexHeader header)
    {
        header = default;
        Span<byte> bytes = stackalloc byte[2 * HeaderBytes];
        if (RandomAccess.Read(index, bytes, 0) != bytes.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> copy = bytes[..HeaderBytes];
        if (!copy.SequenceEqual(bytes[HeaderBytes..]) || !HasValidChecksum(copy) || copy[12] != 1
            || MemoryMarshal.Read<uint>(copy) != Version)
        {
            return false;
        }

        uint pageSize = MemoryMarshal.Read<ushort>(copy[14..]);
        header = new WalIndexHeader(
            ChangeCounter: MemoryMarshal.Read<uint>(copy[8..]),
            PageSize: (int)((pageSize & 0xfe00) + ((pageSize & 1) << 16)),
            LastFrame: MemoryMarshal.Read<uint>(copy[16..]),
            PageCount: MemoryMarshal.Read<uint>(copy[20..]),
            Salts: BinaryPrimitives.ReadUInt64BigEndian(copy[32..]),
            LastFrameChecksum: MemoryMarshal.Read<ulong>(copy[24..]));
        return true;
    }

    /// <summary>How many frames of the log are in the database file already.</summary>
    public static uint ReadBackfill(SafeFileHandle index)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        return RandomAccess.Read(index, bytes, BackfillOffset) == bytes.Length ? MemoryMarshal.Read<uint>(bytes) : 0;
    }

    /// <summary>Reads the page numbers of frames 1 to <paramref name="pageNumbers"/>.Length.</summary>
    /// <returns>False when the file is too short for them.</returns>
    public static bool TryReadPageNumbers(SafeFileHandle index, Span<uint> pageNumbers)
    {
        long block = 0;
        while (!pageNumbers.IsEmpty)
        {
            int capacity = block == 0 ? FramesOfFirstBlock : FramesOfBlock;
            Span<byte> part = MemoryMarshal.AsBytes(pageNumbers[..Math.Min(capacity, pageNumbers.Length)]);
            if (RandomAccess.Read(index, part, (block * BlockBytes) + (block == 0 ? PrefixBytes : 0)) != part.Length)
            {
                return false;
            }

            pageNumbers = pageNumbers[Math.Min(capacity, pageNumbers.Length)..];
            block++;
        }

        return true;
    }

    private static bool HasValidChecksum(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(header);
        uint first = 0, second = 0;
        for (int i = 0; i < 10; i += 2)
        {
            first += words[i] + second;
            second += words[i + 1] + first;
        }

        return words[10] == first && words[11] == second;
    }
}
