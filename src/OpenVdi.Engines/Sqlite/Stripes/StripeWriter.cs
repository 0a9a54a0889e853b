using OpenVdi.Engines.Sqlite.Snapshots;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>Makes the blocks of one stripe, each in the buffer that it travels in. One thread at a time.</summary>
internal sealed class StripeWriter(StripeHeader header)
{
    private ulong _blockCount;
    private ulong _imageBytes;
    private ulong _streamBytes;
    private uint _headersCrc;

    /// <summary>Makes the first block.</summary>
    /// <returns>Its bytes.</returns>
    public int WriteHeader(Span<byte> buffer)
    {
        Span<byte> block = buffer[..header.BlockSizeBytes];
        return Count(header.Write(block), block);
    }

    /// <summary>Makes a data block: the pages go from the file straight to their place in it.</summary>
    /// <returns>Its bytes.</returns>
    public int WriteData(SqliteSnapshot snapshot, long chunk, Span<byte> buffer)
    {
        BlockHeader block = header.DataBlock(chunk, _blockCount);
        Span<byte> bytes = buffer[..(int)block.BlockBytes];
        snapshot.Read((long)block.ImageOffset, bytes.Slice((int)block.PayloadOffset, (int)block.PayloadBytes));
        block.Seal(bytes);
        _imageBytes += block.PayloadBytes;
        return Count(block, bytes);
    }

    /// <summary>Makes the last block.</summary>
    /// <returns>Its bytes.</returns>
    public int WriteTrailer(Span<byte> buffer)
    {
        BlockHeader block = header.TrailerBlock(_blockCount);
        Span<byte> bytes = buffer[..(int)block.BlockBytes];
        new StripeTrailer(
            _blockCount + 1, _imageBytes, _streamBytes + block.BlockBytes, (ulong)header.PageCount, _headersCrc)
            .Write(bytes[(int)block.PayloadOffset..]);
        block.Seal(bytes);
        return Count(block, bytes);
    }

    private int Count(in BlockHeader block, ReadOnlySpan<byte> bytes)
    {
        _blockCount++;
        _streamBytes += block.BlockBytes;
        _headersCrc = Crc32C.Append(_headersCrc, bytes[..BlockHeader.Bytes]);
        return bytes.Length;
    }
}
