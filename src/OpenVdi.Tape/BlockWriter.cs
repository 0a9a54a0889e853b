using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>Lays out one descriptor block: its fixed part, then its strings.</summary>
internal ref struct BlockWriter
{
    // A string that is not well-formed would come back as another one.
    private static readonly UnicodeEncoding s_strings = new(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true);

    private readonly Span<byte> _block;
    private int _end;

    /// <summary>Begins a block.</summary>
    /// <param name="block">At least a logical block.</param>
    /// <param name="fixedBytes">Bytes of header and fixed part.</param>
    public BlockWriter(Span<byte> block, int fixedBytes)
    {
        _block = block[..TapeFormat.LogicalBlockBytes];
        _block.Clear();
        _end = fixedBytes;
    }

    public readonly void U8(int at, int value) => _block[at] = checked((byte)value);

    public readonly void I8(int at, sbyte value) => _block[at] = unchecked((byte)value);

    public readonly void U16(int at, int value) => WriteUInt16LittleEndian(_block[at..], checked((ushort)value));

    public readonly void U32(int at, uint value) => WriteUInt32LittleEndian(_block[at..], value);

    public readonly void U64(int at, long value) => WriteUInt64LittleEndian(_block[at..], checked((ulong)value));

    public readonly void Date(int at, DateTime? value) => TapeDate.Write(_block[at..], value);

    /// <summary>Puts a string behind what is there, and its address into the fixed part.</summary>
    /// <exception cref="ArgumentException">The block has no room for it, or it is not well-formed.</exception>
    public void String(int at, string value, string name)
    {
        int bytes;
        try
        {
            bytes = s_strings.GetByteCount(value);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException($"{name}: expected well-formed text, found half of a surrogate pair", name, exception);
        }

        if (bytes > _block.Length - _end)
        {
            throw new ArgumentException(
                $"{name}: expected at most {(_block.Length - _end) / 2} characters, found {value.Length}", name);
        }

        if (bytes > 0)
        {
            s_strings.GetBytes(value, _block[_end..]);
            new TapeAddress((ushort)bytes, (ushort)_end).Write(_block[at..]);
            _end += bytes;
        }
    }

    /// <summary>Writes the header before all this.</summary>
    /// <returns>Bytes of the block: its first stream begins there.</returns>
    public readonly int Finish(BlockHeader header)
    {
        int first = (int)TapeGeometry.RoundUp(_end, TapeFormat.StreamAlignmentBytes);
        (header with
        {
            FirstStreamOffset = (ushort)first,
            OsId = TapeFormat.OsId,
            StringType = TapeFormat.StringType,
        }).Write(_block);
        return first;
    }
}
