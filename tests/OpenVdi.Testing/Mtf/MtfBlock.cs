using System.Buffers.Binary;
using System.Text;

namespace OpenVdi.Testing.Mtf;

/// <summary>A DBLK up to its first stream: the common header, checked, and its fields.</summary>
internal sealed class MtfBlock
{
    public const int HeaderBytes = 52;
    public const int MaxBytes = 1024;
    public const uint Continuation = 1, HighAttribute16 = 1 << 16, HighAttribute17 = 1 << 17;

    // Continuation, compression, EOM hit: what any block may have.
    private const uint AnyAttributes = 0b1101;

    // Bytes of header and fixed body, and the block attributes that the type may have.
    private static readonly Dictionary<string, (int BodyBytes, uint Attributes)> s_types = new(StringComparer.Ordinal)
    {
        ["TAPE"] = (94, AnyAttributes | (3u << 16)),
        ["SSET"] = (98, AnyAttributes | (3u << 16)),
        ["VOLB"] = (73, AnyAttributes),
        ["DIRB"] = (84, AnyAttributes),
        ["FILE"] = (88, AnyAttributes),
        ["CFIL"] = (74, AnyAttributes),
        ["ESPB"] = (HeaderBytes, AnyAttributes),
        ["ESET"] = (85, AnyAttributes | (7u << 16)),
        ["EOTM"] = (60, AnyAttributes | (3u << 16)),
        ["SFMB"] = (60, AnyAttributes),
    };

    private readonly byte[] _bytes;
    private readonly int _bodyBytes;

    private MtfBlock(long offsetBytes, string type, int bodyBytes, byte[] bytes)
    {
        OffsetBytes = offsetBytes;
        Type = type;
        _bodyBytes = bodyBytes;
        _bytes = bytes;
    }

    public long OffsetBytes { get; }

    public string Type { get; }

    public bool IsKnown => s_types.ContainsKey(Type);

    public ReadOnlySpan<byte> Bytes => _bytes;

    public uint Attributes => U32(4);

    public bool IsContinuation => (Attributes & Continuation) != 0;

    public int OsId => _bytes[10];

    public int OsVersion => _bytes[11];

    public ulong DisplayableSize => U64(12);

    public ulong Fla => U64(20);

    public uint Id => U32(36);

    public int StringType => _bytes[48];

    /// <summary>The four characters where a block's type must be; "" at the end.</summary>
    public static string PeekType(MtfInput input) => Encoding.ASCII.GetString(input.Peek(4));

    /// <summary>Whether a block with a right header is next.</summary>
    public static bool IsNext(MtfInput input)
    {
        ReadOnlySpan<byte> bytes = input.Peek(HeaderBytes);
        return bytes.Length == HeaderBytes && IsName(bytes[..4]) && Xor16(bytes[..50]) == U16(bytes, 50);
    }

    /// <summary>Takes the block that is next, but for its streams, and checks its header.</summary>
    /// <param name="input">The medium.</param>
    /// <param name="maxBytes">The largest block: the FLB once it is known.</param>
    /// <param name="filemarkBytes">The size of a soft filemark; 0: there are none.</param>
    public static MtfBlock Read(MtfInput input, int maxBytes, int filemarkBytes)
    {
        long offset = input.OffsetBytes;
        byte[] header = input.Peek(HeaderBytes).ToArray();
        if (header.Length < HeaderBytes)
        {
            throw new MtfViolationException(MtfRules.BlockWhole, offset, "DBLK: header", "52 bytes",
                $"{header.Length}, then {input.WhatEnds}");
        }

        if (!IsName(header.AsSpan(0, 4)))
        {
            throw new MtfViolationException(MtfRules.BlockType, offset, "DBLK: type", "four characters of ASCII",
                Convert.ToHexString(header.AsSpan(0, 4)));
        }

        string type = Encoding.ASCII.GetString(header, 0, 4);
        int xor = Xor16(header.AsSpan(0, 50)), stated = U16(header, 50);
        if (xor != stated)
        {
            throw new MtfViolationException(
                MtfRules.BlockChecksum, offset, $"{type}: checksum", $"0x{xor:X4}", $"0x{stated:X4}");
        }

        (int bodyBytes, uint attributes) = s_types.GetValueOrDefault(type, (HeaderBytes, uint.MaxValue));
        CheckSize(type, offset, U16(header, 8), bodyBytes, maxBytes, filemarkBytes);
        byte[] bytes = input.Take(type == "SFMB" ? filemarkBytes : U16(header, 8), MtfRules.BlockWhole, type);
        var block = new MtfBlock(offset, type, bodyBytes, bytes);
        block.Require((block.Attributes & ~attributes) == 0, MtfRules.BlockAttributes, "block attributes",
            $"only bits of 0x{attributes:X8}", $"0x{block.Attributes:X8}");
        block.CheckHeader();
        MtfOsData.Check(block);
        return block;
    }

    public ushort U16(int at) => U16(_bytes, at);

    public uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(at));

    public ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(at));

    public DateTime? Date(int at, string field)
    {
        ReadOnlySpan<byte> bytes = _bytes.AsSpan(at, MtfDate.Bytes);
        Require(MtfDate.TryRead(bytes, out DateTime? date), MtfRules.DateValid, field,
            "a day and time of the calendar", Convert.ToHexString(bytes));
        return date;
    }

    /// <summary>The bytes that a tape address names; empty where it is absent.</summary>
    public ReadOnlySpan<byte> Addressed(int at, string field)
    {
        int size = U16(at), offset = U16(at + 2);
        if (size == 0)
        {
            return [];
        }

        Require(offset >= _bodyBytes && offset + size <= _bytes.Length, MtfRules.AddressInside, field,
            $"bytes from {_bodyBytes} to {_bytes.Length}", $"{size} at {offset}");
        return _bytes.AsSpan(offset, size);
    }

    /// <summary>The string that a tape address names; "" where it is absent.</summary>
    public string Text(int at, string field)
    {
        string text = Decode(Addressed(at, field), field);
        Require(!text.EndsWith('\0'), MtfRules.StringNotTerminated, field, "no NUL at the end", "one");
        return text;
    }

    /// <summary>A string in the encoding of this block; it may have NULs.</summary>
    public string Decode(ReadOnlySpan<byte> bytes, string field) =>
        MtfText.TryDecode(bytes, StringType, out string? text)
            ? text
            : throw Violation(StringType == 0 ? MtfRules.StringTyped : MtfRules.StringEncoding, field,
                StringType == 0 ? "no string" : $"characters of string type {StringType}", Convert.ToHexString(bytes));

    public void Require(bool holds, MtfRule rule, string field, string expected, string found)
    {
        if (!holds)
        {
            throw Violation(rule, field, expected, found);
        }
    }

    public void RequireEqual(ulong expected, ulong found, MtfRule rule, string field) =>
        Require(expected == found, rule, field, $"{expected}", $"{found}");

    public void RequireZero(int at, int count, MtfRule rule, string field)
    {
        ReadOnlySpan<byte> bytes = _bytes.AsSpan(at, count);
        int first = bytes.IndexOfAnyExcept((byte)0);
        Require(first < 0, rule, field, "zero", first < 0 ? "" : $"0x{bytes[first]:X2} at byte {at + first}");
    }

    public MtfViolationException Violation(MtfRule rule, string field, string expected, string found) =>
        new(rule, OffsetBytes, $"{Type}: {field}", expected, found);

    public static ushort Xor16(ReadOnlySpan<byte> bytes)
    {
        int xor = 0;
        for (int at = 0; at + 1 < bytes.Length; at += 2)
        {
            xor ^= U16(bytes, at);
        }

        return (ushort)xor;
    }

    public static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    public static bool IsName(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExceptInRange((byte)0x21, (byte)0x7E) < 0;

    private static void CheckSize(string type, long offset, int size, int bodyBytes, int maxBytes, int filemarkBytes)
    {
        if (type == "SFMB")
        {
            if (filemarkBytes == 0 || size != filemarkBytes)
            {
                throw new MtfViolationException(MtfRules.FilemarkSize, offset, "SFMB: size",
                    filemarkBytes == 0 ? "no soft filemark" : $"{filemarkBytes}", $"{size}");
            }

            return;
        }

        if (size < bodyBytes || size % 4 != 0)
        {
            throw new MtfViolationException(MtfRules.FirstStream, offset, $"{type}: offset to first stream",
                $"a multiple of 4, at least {bodyBytes}", $"{size}");
        }

        if (size > maxBytes)
        {
            throw new MtfViolationException(
                MtfRules.BlockSize, offset, $"{type}: offset to first stream", $"at most {maxBytes}", $"{size}");
        }
    }

    private void CheckHeader()
    {
        Require(OsId is 14 or 24 or 26 or 28 or >= 128, MtfRules.OsId, "OS id", "14, 24, 26, 28 or 128 to 255", $"{OsId}");
        RequireZero(28, 8, MtfRules.HeaderReserved, "reserved bytes");
        RequireZero(40, 4, MtfRules.HeaderReserved, "reserved bytes");
        RequireZero(49, 1, MtfRules.HeaderReserved, "reserved bytes");
        Require(StringType is 0 or 1 or 2, MtfRules.StringType, "string type", "0, 1 or 2", $"{StringType}");
    }
}
