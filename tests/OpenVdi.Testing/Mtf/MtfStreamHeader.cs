using System.Buffers.Binary;
using System.Text;

namespace OpenVdi.Testing.Mtf;

/// <summary>A stream header, checked: 22 bytes.</summary>
internal sealed record MtfStreamHeader(
    string Block, long OffsetBytes, string Id, int MediaAttributes, long LengthBytes, int EncryptionId, int CompressionId)
{
    public const int Bytes = 22;
    public const int Continuation = 1, Variable = 2, LastPiece = 4, Encrypted = 8, Compressed = 16, Checksummed = 32;

    private const int DefinedSystemAttributes = 0b1111;
    private const int DefinedMediaAttributes = Continuation | Variable | LastPiece | Encrypted | Compressed | Checksummed;

    public bool IsVariable => Has(Variable);

    public bool Has(int attribute) => (MediaAttributes & attribute) != 0;

    /// <summary>Takes the stream header that must be next in a block without SPAD so far.</summary>
    public static MtfStreamHeader Read(MtfInput input, string block)
    {
        long offset = input.OffsetBytes;
        byte[] bytes = input.Peek(Bytes).ToArray();
        if (bytes.Length < Bytes)
        {
            throw new MtfViolationException(
                MtfRules.PaddingLast, offset, $"{block}: streams", "a SPAD", $"{bytes.Length} bytes, then {input.WhatEnds}");
        }

        int xor = MtfBlock.Xor16(bytes.AsSpan(0, 20)), stated = MtfBlock.U16(bytes, 20);
        if (xor != stated && MtfBlock.IsNext(input))
        {
            throw new MtfViolationException(
                MtfRules.PaddingLast, offset, $"{block}: streams", "a SPAD before the next block", MtfBlock.PeekType(input));
        }

        string id = Encoding.ASCII.GetString(bytes, 0, 4);
        if (!MtfBlock.IsName(bytes.AsSpan(0, 4)))
        {
            throw new MtfViolationException(MtfRules.StreamId, offset, $"{block}: stream id", "four characters of ASCII",
                Convert.ToHexString(bytes.AsSpan(0, 4)));
        }

        if (xor != stated)
        {
            throw new MtfViolationException(
                MtfRules.StreamChecksum, offset, $"{block}/{id}: checksum", $"0x{xor:X4}", $"0x{stated:X4}");
        }

        input.Take(Bytes, static _ => { }, MtfRules.StreamWhole, $"{block}/{id}");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8));
        var header = new MtfStreamHeader(block, offset, id, MtfBlock.U16(bytes, 6), (long)Math.Min(length, long.MaxValue),
            MtfBlock.U16(bytes, 16), MtfBlock.U16(bytes, 18));
        header.Check(MtfBlock.U16(bytes, 4));
        return header;
    }

    public void Require(bool holds, MtfRule rule, string field, string expected, string found)
    {
        if (!holds)
        {
            throw new MtfViolationException(rule, OffsetBytes, $"{Block}/{Id}: {field}", expected, found);
        }
    }

    private void Check(int systemAttributes)
    {
        Require((systemAttributes & ~DefinedSystemAttributes) == 0, MtfRules.StreamSystemAttributes, "file system attributes",
            $"only bits of 0x{DefinedSystemAttributes:X4}", $"0x{systemAttributes:X4}");
        Require((MediaAttributes & ~DefinedMediaAttributes) == 0, MtfRules.StreamMediaAttributes, "media format attributes",
            $"only bits of 0x{DefinedMediaAttributes:X4}", $"0x{MediaAttributes:X4}");
        Require(Has(Encrypted) == (EncryptionId != 0), MtfRules.StreamAlgorithms, "encryption algorithm",
            Has(Encrypted) ? "one" : "0", $"{EncryptionId}");
        Require(Has(Compressed) == (CompressionId != 0), MtfRules.StreamAlgorithms, "compression algorithm",
            Has(Compressed) ? "one" : "0", $"{CompressionId}");
        Require(IsVariable || !Has(LastPiece), MtfRules.VariablePieces, "media format attributes",
            "no last piece in a stream that is not of variable length", $"0x{MediaAttributes:X4}");
        Require(Id != "SPAR" || LengthBytes >= sizeof(long), MtfRules.SparseFrame, "length", $"{sizeof(long)} or more", $"{LengthBytes}");
        if (Id == "SPAD")
        {
            Require(MediaAttributes == 0, MtfRules.PaddingPlain, "media format attributes", "0", $"0x{MediaAttributes:X4}");
        }
    }
}
