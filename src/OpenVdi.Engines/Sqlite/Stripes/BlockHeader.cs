using System.Buffers.Binary;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>What a block of a stripe is.</summary>
internal enum BlockKind : byte
{
    /// <summary>The first one: what the stripe belongs to.</summary>
    Header = 1,

    /// <summary>A part of the database's image.</summary>
    Data = 2,

    /// <summary>The last one: what the stripe holds.</summary>
    Trailer = 3,
}

/// <summary>The first 64 bytes of each block of a stripe.</summary>
/// <remarks>
/// Little-endian; docs/reference/sqlite-stream.md is the contract.
/// <code>
///  0        8    10    11      12          16        24            32             36
/// | magic   | ver | kind | stripe | block bytes | sequence | image offset | payload bytes | payload offset |
/// 40                 56          60           64                payload offset
/// | backup id        | body CRC  | header CRC | ... zeros ...   | payload ... | ... zeros to the block's end |
///                                 of 0..59     |&lt;----------------- body CRC covers all this -----------------&gt;|
/// </code>
/// </remarks>
internal readonly record struct BlockHeader
{
    /// <summary>Bytes of this header.</summary>
    public const int Bytes = 64;

    /// <summary>The version that this code writes and reads.</summary>
    public const ushort CurrentVersion = 1;

    /// <summary>The longest block that a reader accepts: the longest transfer that fits, with its first and last bytes.
    /// </summary>
    public const uint MaxBlockBytes = 1u << 30;

    private const int BodyCrcOffset = 56, HeaderCrcOffset = 60;

    /// <summary>What the block is.</summary>
    public BlockKind Kind { get; init; }

    /// <summary>The stripe's index in its backup.</summary>
    public byte Stripe { get; init; }

    /// <summary>Bytes of the whole block, this header and all padding included; a multiple of the block size.</summary>
    public uint BlockBytes { get; init; }

    /// <summary>The block's number in its stripe; the stripe's header has 0.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Where in the database's image the payload of a data block belongs; else 0.</summary>
    public ulong ImageOffset { get; init; }

    /// <summary>Bytes of the payload.</summary>
    public uint PayloadBytes { get; init; }

    /// <summary>Where in the block the payload begins.</summary>
    public uint PayloadOffset { get; init; }

    /// <summary>The number that all blocks of a backup carry.</summary>
    public Guid BackupId { get; init; }

    /// <summary>The checksum of the block behind this header.</summary>
    public uint BodyCrc { get; init; }

    private static ReadOnlySpan<byte> Magic => "OVSQLITE"u8;

    /// <summary>Finishes a block whose payload is in place: clears what is around it and writes the header before it.</summary>
    /// <param name="block">The whole block.</param>
    public void Seal(Span<byte> block)
    {
        Invariant(block.Length == BlockBytes && PayloadOffset >= Bytes && PayloadOffset + PayloadBytes <= BlockBytes);
        block[Bytes..(int)PayloadOffset].Clear();
        block[(int)(PayloadOffset + PayloadBytes)..].Clear();
        Magic.CopyTo(block);
        BinaryPrimitives.WriteUInt16LittleEndian(block[8..], CurrentVersion);
        block[10] = (byte)Kind;
        block[11] = Stripe;
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], BlockBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(block[16..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(block[24..], ImageOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(block[32..], PayloadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(block[36..], PayloadOffset);
        BackupId.TryWriteBytes(block[40..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(block[BodyCrcOffset..], Crc32C.Of(block[Bytes..]));
        BinaryPrimitives.WriteUInt32LittleEndian(block[HeaderCrcOffset..], Crc32C.Of(block[..HeaderCrcOffset]));
    }

    /// <summary>Reads a header: its checksum and version are right, its other fields are as they were written.</summary>
    /// <param name="bytes">64 bytes.</param>
    /// <param name="header">The header.</param>
    /// <returns>Null; or what is wrong, in words.</returns>
    public static string? Parse(ReadOnlySpan<byte> bytes, out BlockHeader header)
    {
        header = default;
        if (!bytes[..8].SequenceEqual(Magic))
        {
            return "expected the mark of a block, found other bytes";
        }

        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(bytes[HeaderCrcOffset..]);
        uint found = Crc32C.Of(bytes[..HeaderCrcOffset]);
        if (expected != found)
        {
            return $"expected header checksum {expected:x8}, found {found:x8}";
        }

        int version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (version != CurrentVersion)
        {
            return $"expected stream version {CurrentVersion}, found {version}";
        }

        header = new BlockHeader
        {
            Kind = (BlockKind)bytes[10],
            Stripe = bytes[11],
            BlockBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            Sequence = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            ImageOffset = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            PayloadBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]),
            PayloadOffset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[36..]),
            BackupId = new Guid(bytes[40..56], bigEndian: true),
            BodyCrc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[BodyCrcOffset..]),
        };
        return null;
    }

    private static void Invariant(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("broken invariant: a block's payload lies within the block");
        }
    }
}
