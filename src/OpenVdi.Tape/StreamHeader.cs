using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>How a stream's data lie on the medium.</summary>
[Flags]
public enum StreamAttributes : ushort
{
    /// <summary>The stream is whole and its length is known.</summary>
    None = 0,

    /// <summary>One of several pieces, each with a header.</summary>
    Variable = 1 << 1,

    /// <summary>The last of several pieces.</summary>
    LastPiece = 1 << 2,
}

/// <summary>The 22 bytes before the data of every stream.</summary>
/// <remarks>
/// <code>
///  0    4                     6                8        16            18             20
/// | id | file system, unused | how data lie   | length | encryption 0 | compression 0 | XOR16 of 0..19 |
/// </code>
/// </remarks>
/// <param name="Id">What the stream is; an id that <see cref="StreamId"/> does not name is possible.</param>
/// <param name="Attributes">How its data lie.</param>
/// <param name="LengthBytes">Bytes of its data, without alignment.</param>
public readonly record struct StreamHeader(StreamId Id, StreamAttributes Attributes, long LengthBytes)
{
    /// <summary>Bytes of a stream's header.</summary>
    public const int Bytes = 22;

    private const int SumOffset = 20;

    internal void Write(Span<byte> bytes)
    {
        bytes[..Bytes].Clear();
        WriteUInt32LittleEndian(bytes, (uint)Id);
        WriteUInt16LittleEndian(bytes[6..], (ushort)Attributes);
        WriteInt64LittleEndian(bytes[8..], LengthBytes);
        WriteUInt16LittleEndian(bytes[SumOffset..], Xor16.Of(bytes[..SumOffset]));
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="TapeFormatException">Its checksum is wrong, or its length impossible.</exception>
    internal static StreamHeader Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        ushort expected = Xor16.Of(bytes[..SumOffset]);
        ushort found = ReadUInt16LittleEndian(bytes[SumOffset..]);
        var id = (StreamId)ReadUInt32LittleEndian(bytes);
        if (expected != found)
        {
            throw TapeFormatException.Damaged(
                offsetBytes + SumOffset, $"checksum {expected:x4} of the header of stream {FourLetters.Show(id)}", $"{found:x4}");
        }

        ulong length = ReadUInt64LittleEndian(bytes[8..]);
        if (length > TapeFormat.MaxFileBytes)
        {
            throw TapeFormatException.Damaged(
                offsetBytes + 8, $"at most {TapeFormat.MaxFileBytes} bytes of stream {FourLetters.Show(id)}", $"{length}");
        }

        if (ReadUInt16LittleEndian(bytes[4..]) != 0 || ReadUInt32LittleEndian(bytes[16..]) != 0)
        {
            throw TapeFormatException.Damaged(
                offsetBytes + 4, $"a plain stream {FourLetters.Show(id)}", "one that is sparse, encrypted or compressed");
        }

        return new StreamHeader(id, (StreamAttributes)ReadUInt16LittleEndian(bytes[6..]), (long)length);
    }
}
