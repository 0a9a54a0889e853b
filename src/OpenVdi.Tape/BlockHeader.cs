using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>MTF_DB_HDR: the first 52 bytes of every descriptor block.</summary>
/// <remarks>
/// <code>
///  0      4            8                     10      11           12                 20
/// | type | attributes | first stream offset | OS id | OS version | displayable size | logical address |
/// 28            36                 40         44        48            49         50
/// | reserved 0 | control block id | reserved | OS data | string type | reserved | XOR16 of 0..49 |
/// </code>
/// </remarks>
internal readonly record struct BlockHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Bytes = 52;

    private const int SumOffset = 50;

    public BlockType Type { get; init; }

    public uint Attributes { get; init; }

    /// <summary>Where the block's first stream begins; for a soft filemark, which has none, where the next block does.</summary>
    public ushort FirstStreamOffset { get; init; }

    public byte OsId { get; init; }

    public byte OsVersion { get; init; }

    public ulong DisplayableBytes { get; init; }

    /// <summary>Logical blocks from the set's first block; 0 for TAPE and ESET; physical blocks from the start of the medium
    /// for a soft filemark.</summary>
    public ulong LogicalAddress { get; init; }

    /// <summary>The block's number in its set; of a soft filemark, on its medium from 1.</summary>
    public uint ControlBlockId { get; init; }

    public byte StringType { get; init; }

    public void Write(Span<byte> bytes)
    {
        bytes[..Bytes].Clear();
        WriteUInt32LittleEndian(bytes, (uint)Type);
        WriteUInt32LittleEndian(bytes[4..], Attributes);
        WriteUInt16LittleEndian(bytes[8..], FirstStreamOffset);
        bytes[10] = OsId;
        bytes[11] = OsVersion;
        WriteUInt64LittleEndian(bytes[12..], DisplayableBytes);
        WriteUInt64LittleEndian(bytes[20..], LogicalAddress);
        WriteUInt32LittleEndian(bytes[36..], ControlBlockId);
        bytes[48] = StringType;
        WriteUInt16LittleEndian(bytes[SumOffset..], Xor16.Of(bytes[..SumOffset]));
    }

    /// <summary>Reads a header whose checksum is right; its fields are as they were written.</summary>
    /// <exception cref="TapeFormatException">The checksum is wrong.</exception>
    public static BlockHeader Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        ushort expected = Xor16.Of(bytes[..SumOffset]);
        ushort found = ReadUInt16LittleEndian(bytes[SumOffset..]);
        var type = (BlockType)ReadUInt32LittleEndian(bytes);
        if (expected != found)
        {
            throw TapeFormatException.Damaged(
                offsetBytes + SumOffset, $"checksum {expected:x4} of the header of block {FourLetters.Show(type)}", $"{found:x4}");
        }

        return new BlockHeader
        {
            Type = type,
            Attributes = ReadUInt32LittleEndian(bytes[4..]),
            FirstStreamOffset = ReadUInt16LittleEndian(bytes[8..]),
            OsId = bytes[10],
            OsVersion = bytes[11],
            DisplayableBytes = ReadUInt64LittleEndian(bytes[12..]),
            LogicalAddress = ReadUInt64LittleEndian(bytes[20..]),
            ControlBlockId = ReadUInt32LittleEndian(bytes[36..]),
            StringType = bytes[48],
        };
    }
}
