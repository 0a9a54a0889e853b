using System.Buffers.Binary;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>What the last block of a stripe says: what the stripe holds.</summary>
/// <remarks>
/// The payload, little-endian:
/// <code>
///  0             8             16             24            32                    36
/// | block count  | image bytes | stream bytes | page count  | CRC of the headers  | end mark |
/// </code>
/// The counts include the trailer's own block. The CRC is that of the 64-byte headers of all blocks before, one after the
/// other; as each holds its body's CRC, it stands for the whole stream.
/// </remarks>
internal readonly record struct StripeTrailer(
    ulong BlockCount, ulong ImageBytes, ulong StreamBytes, ulong DatabasePageCount, uint HeadersCrc)
{
    /// <summary>Bytes of the payload.</summary>
    public const int PayloadBytes = 40;

    private const uint EndMark = 0x21444E45; // "END!"

    /// <summary>Writes the payload.</summary>
    public void Write(Span<byte> payload)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(payload, BlockCount);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], ImageBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], StreamBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[24..], DatabasePageCount);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[32..], HeadersCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[36..], EndMark);
    }

    /// <summary>Reads the payload. False when the end mark is not there.</summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, out StripeTrailer trailer)
    {
        trailer = default;
        if (payload.Length != PayloadBytes || BinaryPrimitives.ReadUInt32LittleEndian(payload[36..]) != EndMark)
        {
            return false;
        }

        trailer = new StripeTrailer(
            BinaryPrimitives.ReadUInt64LittleEndian(payload),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(payload[32..]));
        return true;
    }
}
