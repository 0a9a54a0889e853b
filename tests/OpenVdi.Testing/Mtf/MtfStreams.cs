using System.Buffers.Binary;

namespace OpenVdi.Testing.Mtf;

/// <summary>Reads the streams of one block, up to the end of its SPAD.</summary>
/// <param name="input">The medium, standing at the first stream header.</param>
/// <param name="padding">Where a SPAD must end.</param>
/// <param name="block">The block.</param>
/// <param name="open">Asked once for each stream, before its data: who takes that; null: nobody.</param>
internal sealed class MtfStreams(MtfInput input, MtfPadding padding, MtfBlock block, Func<MtfStream, MtfSink?> open)
{
    // CFIL numbers the streams of a block in 16 bits.
    private const int MaxCount = ushort.MaxValue;
    private const int ChecksumBytes = 4;

    private readonly List<MtfStream> _streams = [];

    // The stream that the last header belongs to, what it was, and the sum of its data so far.
    private MtfStream? _stream;
    private MtfStreamHeader? _last;
    private MtfChecksum _checksum = new();
    private MtfSink? _sink;
    private bool _isAnnounced;
    private int _count;

    private bool IsBetweenPieces => _last is { IsVariable: true } && !_last.Has(MtfStreamHeader.LastPiece);

    /// <summary>All streams but SPAD and CSUM.</summary>
    public IReadOnlyList<MtfStream> ReadAll()
    {
        while (true)
        {
            MtfStreamHeader header = MtfStreamHeader.Read(input, block.Type);
            header.Require(++_count <= MaxCount, MtfRules.StreamCount, "number", $"at most {MaxCount}", $"{_count}");
            CheckSequence(header);
            switch (header.Id)
            {
                case "SPAD":
                    padding.Pass(header);
                    return _streams;
                case "CSUM":
                    ReadChecksum(header);
                    break;
                default:
                    ReadData(header);
                    break;
            }

            Align(header);
        }
    }

    /// <summary>What may follow the stream before.</summary>
    private void CheckSequence(MtfStreamHeader header)
    {
        if (IsBetweenPieces)
        {
            const int same = MtfStreamHeader.Variable | MtfStreamHeader.Encrypted | MtfStreamHeader.Compressed;
            header.Require(
                header.Id == _last!.Id && header.CompressionId == _last.CompressionId && header.EncryptionId == _last.EncryptionId
                    && (header.MediaAttributes & same) == (_last.MediaAttributes & same),
                MtfRules.VariablePieces, "piece", $"another piece of {_last.Id} like the one before, as none was the last",
                $"{header.Id} with media format attributes 0x{header.MediaAttributes:X4}");
        }
        else if (_isAnnounced)
        {
            header.Require(header.Id == "CSUM", MtfRules.ChecksumPresent, "stream", $"the CSUM of {_last!.Id}", header.Id);
        }
        else
        {
            header.Require(header.Id != "CSUM", MtfRules.ChecksumAnnounced, "stream",
                "none, as the stream before has media format attribute 5 clear", "a CSUM");
        }

        if (header.Has(MtfStreamHeader.Continuation))
        {
            header.Require(block.IsContinuation && _count == 1, MtfRules.ContinuedStream, "media format attributes",
                "no continuation but in the first stream of a repeated block", $"0x{header.MediaAttributes:X4}");
        }
    }

    private void ReadData(MtfStreamHeader header)
    {
        if (!IsBetweenPieces)
        {
            _stream = new MtfStream(header.Id, header.OffsetBytes, header.MediaAttributes);
            _streams.Add(_stream);
            _checksum = new MtfChecksum();
            _sink = open(_stream);
            _isAnnounced = false;
        }

        MtfChecksum checksum = _checksum;
        MtfSink? sink = _sink;
        input.Take(header.LengthBytes, bytes =>
        {
            checksum.Add(bytes);
            sink?.Invoke(bytes);
        }, MtfRules.StreamWhole, $"{block.Type}/{header.Id}: data");
        _stream!.LengthBytes += header.LengthBytes;
        _stream.PieceCount++;
        _isAnnounced |= header.Has(MtfStreamHeader.Checksummed);
        _last = header;
    }

    private void ReadChecksum(MtfStreamHeader header)
    {
        header.Require(header.LengthBytes == ChecksumBytes && header.MediaAttributes == 0, MtfRules.ChecksumLength,
            "length", "4 in one piece", $"{header.LengthBytes} with media format attributes 0x{header.MediaAttributes:X4}");
        uint found = BinaryPrimitives.ReadUInt32LittleEndian(
            input.Take(ChecksumBytes, MtfRules.StreamWhole, $"{block.Type}/CSUM: data"));

        // What a repeated block goes on with began on another medium: its sum cannot be known here.
        if (!_stream!.IsContinuation)
        {
            header.Require(found == _checksum.Value, MtfRules.ChecksumValue, $"sum of {_stream.Id}",
                $"0x{_checksum.Value:X8}", $"0x{found:X8}");
            _stream.HasChecksum = true;
        }

        _isAnnounced = false;
        _last = header;
    }

    private void Align(MtfStreamHeader header)
    {
        int fill = (int)(-(input.OffsetBytes - block.OffsetBytes) & 3);
        if (input.Peek(fill).Length < fill)
        {
            // The end cuts the fill and with it the SPAD: the next header says so.
            return;
        }

        byte[] bytes = input.Take(fill, MtfRules.StreamFill, $"{block.Type}/{header.Id}: fill");
        header.Require(!bytes.AsSpan().ContainsAnyExcept((byte)0), MtfRules.StreamFill, "fill", "zero", Convert.ToHexString(bytes));
    }
}
