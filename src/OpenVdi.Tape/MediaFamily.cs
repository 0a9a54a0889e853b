using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>OVMF, our stream on TAPE: the media set, and which of its stripes this medium holds.</summary>
/// <remarks>
/// <code>
///  0         2               4              6          8            12         16              32
/// | version | stripe number | stripe count | reserved | block size | reserved | media set id |
/// </code>
/// </remarks>
public readonly record struct MediaFamily
{
    /// <summary>Bytes of the stream's data.</summary>
    internal const int Bytes = 32;

    /// <summary>The number of the media set; all its stripes have it.</summary>
    public required Guid MediaSetId { get; init; }

    /// <summary>Which stripe, from 1.</summary>
    public required int StripeNumber { get; init; }

    /// <summary>How many stripes.</summary>
    public required int StripeCount { get; init; }

    /// <summary>The block sizes of the medium.</summary>
    public required TapeGeometry Geometry { get; init; }

    internal static bool IsLegal(int stripeNumber, int stripeCount) =>
        stripeCount is >= 1 and <= TapeFormat.MaxStripeCount && stripeNumber >= 1 && stripeNumber <= stripeCount;

    internal void Write(Span<byte> bytes)
    {
        bytes[..Bytes].Clear();
        WriteUInt16LittleEndian(bytes, TapeFormat.Version);
        WriteUInt16LittleEndian(bytes[2..], (ushort)StripeNumber);
        WriteUInt16LittleEndian(bytes[4..], (ushort)StripeCount);
        WriteInt32LittleEndian(bytes[8..], Geometry.BlockSizeBytes);
        MediaSetId.TryWriteBytes(bytes[16..]);
    }

    internal static MediaFamily Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        int version = ReadUInt16LittleEndian(bytes);
        if (version != TapeFormat.Version)
        {
            throw new TapeFormatException(
                TapeFormatFailure.Newer, offsetBytes, $"version {TapeFormat.Version} of our streams", $"version {version}");
        }

        int number = ReadUInt16LittleEndian(bytes[2..]), count = ReadUInt16LittleEndian(bytes[4..]);
        if (!IsLegal(number, count))
        {
            throw TapeFormatException.Damaged(offsetBytes + 2, $"a stripe of at most {TapeFormat.MaxStripeCount}", $"{number} of {count}");
        }

        uint blockSize = ReadUInt32LittleEndian(bytes[8..]);
        if (!TapeGeometry.IsLegal(blockSize))
        {
            throw TapeFormatException.Damaged(offsetBytes + 8, "a block size that is a power of two from 512 to 65536", $"{blockSize}");
        }

        if (ReadUInt16LittleEndian(bytes[6..]) != 0 || ReadUInt32LittleEndian(bytes[12..]) != 0)
        {
            throw TapeFormatException.Damaged(offsetBytes + 6, "zeros in the reserved fields of the media family", "other bytes");
        }

        return new MediaFamily
        {
            MediaSetId = new Guid(bytes[16..Bytes]),
            StripeNumber = number,
            StripeCount = count,
            Geometry = new TapeGeometry((int)blockSize),
        };
    }
}
