using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>What the first block of a stripe says: what the stripe belongs to, and how the rest is laid out.</summary>
/// <remarks>
/// The payload, little-endian:
/// <code>
///  0              4              8           12           16           24            32            36
/// | stripe index  | stripe count | page size | block size | page count | image bytes | chunk bytes | max transfer |
/// 40                        48      52           56
/// | time, us since 1970 UTC | flags | name bytes | name, UTF-8 |
/// </code>
/// </remarks>
internal sealed record StripeHeader
{
    /// <summary>The most stripes of a backup: as many as a set has devices (V1).</summary>
    public const int MaxStripeCount = 64;

    /// <summary>The longest name kept, in bytes of UTF-8; it fits the smallest block.</summary>
    public const int MaxNameBytes = 255;

    private const int FixedBytes = 56;
    private const int LargestDataOffset = 4096;

    /// <summary>Payload of the longest header.</summary>
    public const int MaxPayloadBytes = FixedBytes + MaxNameBytes;

    /// <summary>The number of the backup.</summary>
    public required Guid BackupId { get; init; }

    /// <summary>Which stripe this is, from 0.</summary>
    public required int StripeIndex { get; init; }

    /// <summary>How many stripes the backup has.</summary>
    public required int StripeCount { get; init; }

    /// <summary>Bytes of a database page.</summary>
    public required int PageSize { get; init; }

    /// <summary>Pages of the database.</summary>
    public required long PageCount { get; init; }

    /// <summary>Each block is a multiple of it.</summary>
    public required int BlockSizeBytes { get; init; }

    /// <summary>The largest block.</summary>
    public required int MaxTransferBytes { get; init; }

    /// <summary>The moment of the backup.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The database's file name without its directory.</summary>
    public required string DatabaseName { get; init; }

    /// <summary>Bytes of the database's image.</summary>
    public long ImageBytes => PageCount * PageSize;

    /// <summary>Where in a data block the payload begins: behind one block, so that it is aligned like the buffer, but not
    /// behind more than 4096 bytes.</summary>
    public int DataOffset => Math.Min(BlockSizeBytes, LargestDataOffset);

    /// <summary>Payload of every data block but the one with the image's end.</summary>
    public int ChunkBytes => MaxTransferBytes - DataOffset;

    /// <summary>How many data blocks all stripes have together.</summary>
    public long ChunkCount => (ImageBytes + ChunkBytes - 1) / ChunkBytes;

    /// <summary>Whether another stripe is of the same backup.</summary>
    public bool IsSameBackup(StripeHeader other) => other with { StripeIndex = StripeIndex } == this;

    /// <summary>The common header of a chunk's data block.</summary>
    public BlockHeader DataBlock(long chunk, ulong sequence)
    {
        long offset = chunk * ChunkBytes;
        uint payload = (uint)Math.Min(ChunkBytes, ImageBytes - offset);
        return new BlockHeader
        {
            Kind = BlockKind.Data,
            Stripe = (byte)StripeIndex,
            BlockBytes = RoundUp((uint)DataOffset + payload),
            Sequence = sequence,
            ImageOffset = (ulong)offset,
            PayloadBytes = payload,
            PayloadOffset = (uint)DataOffset,
            BackupId = BackupId,
        };
    }

    /// <summary>The common header of the stripe's last block.</summary>
    public BlockHeader TrailerBlock(ulong sequence) => new()
    {
        Kind = BlockKind.Trailer,
        Stripe = (byte)StripeIndex,
        BlockBytes = RoundUp(BlockHeader.Bytes + StripeTrailer.PayloadBytes),
        Sequence = sequence,
        PayloadBytes = StripeTrailer.PayloadBytes,
        PayloadOffset = BlockHeader.Bytes,
        BackupId = BackupId,
    };

    /// <summary>Writes the stripe's first block, one block size long, and gives its common header.</summary>
    public BlockHeader Write(Span<byte> block)
    {
        Span<byte> payload = block[BlockHeader.Bytes..];
        BinaryPrimitives.WriteInt32LittleEndian(payload, StripeIndex);
        BinaryPrimitives.WriteInt32LittleEndian(payload[4..], StripeCount);
        BinaryPrimitives.WriteInt32LittleEndian(payload[8..], PageSize);
        BinaryPrimitives.WriteInt32LittleEndian(payload[12..], BlockSizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(payload[16..], PageCount);
        BinaryPrimitives.WriteInt64LittleEndian(payload[24..], ImageBytes);
        BinaryPrimitives.WriteInt32LittleEndian(payload[32..], ChunkBytes);
        BinaryPrimitives.WriteInt32LittleEndian(payload[36..], MaxTransferBytes);
        BinaryPrimitives.WriteInt64LittleEndian(payload[40..], (Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        BinaryPrimitives.WriteInt32LittleEndian(payload[48..], 0);
        int nameBytes = Encoding.UTF8.GetBytes(DatabaseName, payload[FixedBytes..(FixedBytes + MaxNameBytes)]);
        BinaryPrimitives.WriteInt32LittleEndian(payload[52..], nameBytes);
        BlockHeader header = HeaderBlock((uint)(FixedBytes + nameBytes));
        header.Seal(block);
        return header;
    }

    /// <summary>Reads the payload of a stripe's first block.</summary>
    /// <returns>Null; or what is wrong, in words.</returns>
    public static string? Parse(in BlockHeader block, ReadOnlySpan<byte> payload, out StripeHeader? header)
    {
        header = null;
        if (payload.Length < FixedBytes)
        {
            return $"expected at least {FixedBytes} bytes of stripe header, found {payload.Length}";
        }

        int nameBytes = BinaryPrimitives.ReadInt32LittleEndian(payload[52..]);
        long microseconds = BinaryPrimitives.ReadInt64LittleEndian(payload[40..]);
        if (nameBytes < 0 || nameBytes > MaxNameBytes || payload.Length != FixedBytes + nameBytes
            || microseconds is < 0 or > 253402300799999999)
        {
            return "expected a stripe header with a name and a time, found fields out of range";
        }

        var candidate = new StripeHeader
        {
            BackupId = block.BackupId,
            StripeIndex = BinaryPrimitives.ReadInt32LittleEndian(payload),
            StripeCount = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]),
            PageSize = BinaryPrimitives.ReadInt32LittleEndian(payload[8..]),
            BlockSizeBytes = BinaryPrimitives.ReadInt32LittleEndian(payload[12..]),
            PageCount = BinaryPrimitives.ReadInt64LittleEndian(payload[16..]),
            MaxTransferBytes = BinaryPrimitives.ReadInt32LittleEndian(payload[36..]),
            Time = DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond),
            DatabaseName = Encoding.UTF8.GetString(payload[FixedBytes..]),
        };
        if (!candidate.IsInRange()
            || candidate.ImageBytes != BinaryPrimitives.ReadInt64LittleEndian(payload[24..])
            || candidate.ChunkBytes != BinaryPrimitives.ReadInt32LittleEndian(payload[32..])
            || BinaryPrimitives.ReadInt32LittleEndian(payload[48..]) != 0
            || candidate.HeaderBlock((uint)payload.Length) != block with { BodyCrc = 0 })
        {
            return "expected a consistent stripe header, found fields that contradict each other";
        }

        header = candidate;
        return null;
    }

    private bool IsInRange() =>
        StripeCount is > 0 and <= MaxStripeCount && StripeIndex >= 0 && StripeIndex < StripeCount
        && BitOperations.IsPow2(PageSize) && PageSize is >= 512 and <= 65536
        && BitOperations.IsPow2(BlockSizeBytes) && BlockSizeBytes is >= 512 and <= 65536
        && PageCount is >= 0 and <= uint.MaxValue
        && MaxTransferBytes is >= 65536 and <= (int)BlockHeader.MaxBlockBytes && MaxTransferBytes % 65536 == 0;

    private BlockHeader HeaderBlock(uint payloadBytes) => new()
    {
        Kind = BlockKind.Header,
        Stripe = (byte)StripeIndex,
        BlockBytes = (uint)BlockSizeBytes,
        PayloadBytes = payloadBytes,
        PayloadOffset = BlockHeader.Bytes,
        BackupId = BackupId,
    };

    private uint RoundUp(uint bytes) => (uint)BufferLayout.RoundUp(bytes, BlockSizeBytes);
}
