using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>Reads a record of tagged fields in ascending order; each that is not asked for must be one that may be left out.</summary>
internal ref struct TagReader
{
    /// <summary>A reader that does not know a tag from here on passes over it; one below, it must know.</summary>
    public const ushort FirstOptionalTag = 0x8000;

    private static readonly UTF8Encoding s_strings = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly long _offsetBytes;
    private int _at;
    private int _left;
    private int _lastTag;

    public TagReader(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        _bytes = bytes;
        _offsetBytes = offsetBytes;
        _lastTag = -1;
        if (bytes.Length < TagWriter.HeaderBytes)
        {
            throw Damaged($"a record of at least {TagWriter.HeaderBytes} bytes", $"{bytes.Length}");
        }

        int version = ReadUInt16LittleEndian(bytes);
        if (version != TapeFormat.Version)
        {
            throw new TapeFormatException(
                TapeFormatFailure.Newer, offsetBytes, $"version {TapeFormat.Version} of the record", $"version {version}");
        }

        _left = ReadUInt16LittleEndian(bytes[2..]);
        _at = TagWriter.HeaderBytes;
    }

    public byte U8(ushort tag) => Required(tag, 1)[0];

    public int U16(ushort tag) => ReadUInt16LittleEndian(Required(tag, 2));

    public uint U32(ushort tag) => ReadUInt32LittleEndian(Required(tag, 4));

    public long I63(ushort tag)
    {
        long value = ReadInt64LittleEndian(Required(tag, 8));
        return value >= 0 ? value : throw Damaged($"a number in field {tag} that is not negative", $"{value}");
    }

    public DateTimeOffset Moment(ushort tag) => Microseconds.Read(Required(tag, 8), _offsetBytes + _at - 8);

    public ulong? U64(ushort tag) => TryTake(tag, 8, out ReadOnlySpan<byte> value) ? ReadUInt64LittleEndian(value) : null;

    public Guid Id(ushort tag) => new(Required(tag, 16));

    public Guid? OptionalId(ushort tag) => TryTake(tag, 16, out ReadOnlySpan<byte> value) ? new Guid(value) : null;

    public string String(ushort tag)
    {
        ReadOnlySpan<byte> value = Required(tag, -1);
        try
        {
            return s_strings.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            throw Damaged($"UTF-8 in field {tag}", Convert.ToHexString(value));
        }
    }

    /// <summary>Passes over the fields of newer programs that may be passed over; then the record must be at its end.</summary>
    public void Finish()
    {
        while (_left > 0)
        {
            Take(out ushort tag);
            if (tag < FirstOptionalTag)
            {
                throw new TapeFormatException(
                    TapeFormatFailure.Newer, _offsetBytes + _at, "fields that this version knows", $"field {tag}");
            }
        }

        if (_at != _bytes.Length)
        {
            throw Damaged("the end of the record behind its last field", $"{_bytes.Length - _at} more bytes");
        }
    }

    private ReadOnlySpan<byte> Required(ushort tag, int length) => TryTake(tag, length, out ReadOnlySpan<byte> value)
        ? value
        : throw Damaged($"field {tag}", _left == 0 ? "the last field before it" : $"field {Peek()}");

    private bool TryTake(ushort tag, int length, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (_left == 0 || Peek() != tag)
        {
            return false;
        }

        value = Take(out _);
        return length < 0 || value.Length == length ? true : throw Damaged($"{length} bytes in field {tag}", $"{value.Length}");
    }

    private readonly ushort Peek() => _bytes.Length - _at >= TagWriter.FieldHeaderBytes
        ? ReadUInt16LittleEndian(_bytes[_at..])
        : throw Damaged("another field", $"{_bytes.Length - _at} bytes");

    private ReadOnlySpan<byte> Take(out ushort tag)
    {
        tag = Peek();
        int length = ReadUInt16LittleEndian(_bytes[(_at + 2)..]);
        if (tag <= _lastTag || length > _bytes.Length - _at - TagWriter.FieldHeaderBytes)
        {
            throw Damaged(
                $"a field above {_lastTag} in the {_bytes.Length - _at} bytes left", $"field {tag} of {length} bytes");
        }

        ReadOnlySpan<byte> value = _bytes.Slice(_at + TagWriter.FieldHeaderBytes, length);
        _lastTag = tag;
        _at += TagWriter.FieldHeaderBytes + length;
        _left--;
        return value;
    }

    private readonly TapeFormatException Damaged(string expected, string found) =>
        TapeFormatException.Damaged(_offsetBytes + _at, $"{expected} of the backup record", found);
}
