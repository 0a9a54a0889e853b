using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>Reads the fields of one descriptor block; every length and address in it is checked.</summary>
internal readonly ref struct BlockReader
{
    private static readonly UnicodeEncoding s_strings = new(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _block;
    private readonly int _fixedBytes;
    private readonly long _offsetBytes;

    /// <summary>Reads a block.</summary>
    /// <param name="block">The whole block, up to its first stream.</param>
    /// <param name="fixedBytes">Bytes of header and fixed part that this kind of block has.</param>
    /// <param name="offsetBytes">Where the block begins on its medium.</param>
    public BlockReader(ReadOnlySpan<byte> block, int fixedBytes, long offsetBytes)
    {
        _block = block;
        _fixedBytes = fixedBytes;
        _offsetBytes = offsetBytes;
        Header = BlockHeader.Read(block, offsetBytes);
        if (block.Length < fixedBytes)
        {
            throw Wrong(8, $"at least {fixedBytes} bytes before the first stream", $"{block.Length}");
        }

        if (Header.OsId != TapeFormat.OsId || Header.OsVersion != 0)
        {
            throw Wrong(10, $"structures of operating system {TapeFormat.OsId}.0", $"{Header.OsId}.{Header.OsVersion}");
        }

        if (Header.StringType != TapeFormat.StringType)
        {
            throw Wrong(48, $"string type {TapeFormat.StringType}", $"{Header.StringType}");
        }
    }

    public BlockHeader Header { get; }

    public byte U8(int at) => _block[at];

    public ushort U16(int at) => ReadUInt16LittleEndian(_block[at..]);

    public uint U32(int at) => ReadUInt32LittleEndian(_block[at..]);

    public long U63(int at, string name)
    {
        ulong value = ReadUInt64LittleEndian(_block[at..]);
        return value <= TapeFormat.MaxFileBytes
            ? (long)value
            : throw Wrong(at, $"{name} of at most {TapeFormat.MaxFileBytes}", $"{value}");
    }

    public DateTime? Date(int at, string name) => TapeDate.TryRead(_block[at..], out DateTime? date)
        ? date
        : throw Wrong(at, $"{name} that exists", Convert.ToHexString(_block.Slice(at, TapeDate.Bytes)));

    public string String(int at, string name)
    {
        TapeAddress address = TapeAddress.Read(_block[at..]);
        if (!address.LiesWithin(_fixedBytes, _block.Length) || address.SizeBytes % 2 != 0)
        {
            throw Wrong(at, $"{name} between bytes {_fixedBytes} and {_block.Length} of the block",
                $"{address.SizeBytes} bytes at {address.Offset}");
        }

        try
        {
            return address.SizeBytes == 0 ? "" : s_strings.GetString(_block.Slice(address.Offset, address.SizeBytes));
        }
        catch (DecoderFallbackException)
        {
            throw Wrong(at, $"{name} in well-formed UTF-16", Convert.ToHexString(_block.Slice(address.Offset, address.SizeBytes)));
        }
    }

    public TapeFormatException Wrong(int at, string expected, string found) => TapeFormatException.Damaged(
        _offsetBytes + at, $"{expected} in block {FourLetters.Show(Header.Type)}", found);
}
