using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>Writes a record of tagged fields, in ascending order of their tags.</summary>
internal ref struct TagWriter
{
    /// <summary>Bytes before the first field: version and count.</summary>
    public const int HeaderBytes = 4;

    /// <summary>Bytes before a field's value: tag and length.</summary>
    public const int FieldHeaderBytes = 4;

    private static readonly UTF8Encoding s_strings = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Span<byte> _bytes;
    private int _count;

    public TagWriter(Span<byte> bytes)
    {
        _bytes = bytes;
        LengthBytes = HeaderBytes;
    }

    /// <summary>Bytes written.</summary>
    public int LengthBytes { get; private set; }

    public void U8(ushort tag, byte value) => Field(tag, 1)[0] = value;

    public void U16(ushort tag, int value) => WriteUInt16LittleEndian(Field(tag, 2), checked((ushort)value));

    public void U32(ushort tag, uint value) => WriteUInt32LittleEndian(Field(tag, 4), value);

    public void I64(ushort tag, long value) => WriteInt64LittleEndian(Field(tag, 8), value);

    public void U64(ushort tag, ulong? value)
    {
        if (value is { } known)
        {
            WriteUInt64LittleEndian(Field(tag, 8), known);
        }
    }

    public void Id(ushort tag, Guid? value)
    {
        if (value is { } known)
        {
            known.TryWriteBytes(Field(tag, 16));
        }
    }

    public void String(ushort tag, string value, string name)
    {
        try
        {
            s_strings.GetBytes(value, Field(tag, s_strings.GetByteCount(value), name));
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException($"{name}: expected well-formed text, found half of a surrogate pair", name, exception);
        }
    }

    /// <summary>Writes what stands before the fields.</summary>
    /// <returns>Bytes of the record.</returns>
    public readonly int Finish()
    {
        WriteUInt16LittleEndian(_bytes, TapeFormat.Version);
        WriteUInt16LittleEndian(_bytes[2..], (ushort)_count);
        return LengthBytes;
    }

    private Span<byte> Field(ushort tag, int length, string name = "backup record")
    {
        int left = _bytes.Length - LengthBytes - FieldHeaderBytes;
        if (length > left)
        {
            throw new ArgumentException(
                $"{name}: expected at most {Math.Max(left, 0)} bytes left in the backup record, found {length}", name);
        }

        Span<byte> field = _bytes[LengthBytes..];
        WriteUInt16LittleEndian(field, tag);
        WriteUInt16LittleEndian(field[2..], (ushort)length);
        LengthBytes += FieldHeaderBytes + length;
        _count++;
        return field.Slice(FieldHeaderBytes, length);
    }
}
