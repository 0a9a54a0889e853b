using System.Buffers.Binary;

namespace OpenVdi.Tape;

/// <summary>How the structure between the data is put together.</summary>
public sealed partial class TapeWriter
{
    private void OpenFile(FileBlock file)
    {
        ArgumentNullException.ThrowIfNull(file);
        RequireSet();
        file.Write(_block, 0, 0);
        CloseFile();
        PadToBlock();
        _totals = _totals with { FileCount = _totals.FileCount + 1 };
        _fileBytes = file.SizeBytes;
        file = file with { FileId = checked((uint)_totals.FileCount) };
        EmitBlock(file.Write(_block, LogicalAddress(), _controlBlockId++));
    }

    // Behind a file in pieces stands an empty last piece: only now is it known that there are no more.
    private void CloseFile()
    {
        if (_state == WriterState.InPieces)
        {
            EmitStreamHeader(new StreamHeader(StreamId.FileData, StreamAttributes.Variable | StreamAttributes.LastPiece, 0));
            EmitAlignment();
            EmitChecksum();
        }

        _state = WriterState.InSet;
    }

    private void BeginData(long offsetBytes, long lengthBytes)
    {
        DataOffsetBytes = offsetBytes;
        _dataDue = lengthBytes;
        if (lengthBytes == 0)
        {
            EndData();
        }
    }

    private void EndData()
    {
        EmitAlignment();
        EmitChecksum();
    }

    // Logical blocks are counted from the set's first block.
    private long LogicalAddress() => (_position - _setStart) / TapeFormat.LogicalBlockBytes;

    private void EmitBlock(int count) => Emit(_block.AsSpan(0, count));

    private void EmitStream(StreamId id, ReadOnlySpan<byte> data)
    {
        EmitStreamHeader(new StreamHeader(id, StreamAttributes.None, data.Length));
        Emit(data);
        EmitAlignment();
    }

    // The sum covers all before it, this stream included, but for the sums themselves.
    private void EmitSummedStream(StreamId id, ReadOnlySpan<byte> data)
    {
        EmitStreamHeader(new StreamHeader(id, StreamAttributes.None, data.Length + TapeSum.Bytes));
        Emit(data);
        BinaryPrimitives.WriteUInt64LittleEndian(_pending.Append(TapeSum.Bytes), _sum.Value);
        _position += TapeSum.Bytes;
        EmitAlignment();
    }

    private void EmitChecksum()
    {
        Span<byte> covered = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(covered, _sum.CoveredBytes);
        EmitSummedStream(StreamId.Checksum, covered);
    }

    private void EmitStreamHeader(StreamHeader header)
    {
        Span<byte> bytes = stackalloc byte[StreamHeader.Bytes];
        header.Write(bytes);
        Emit(bytes);
    }

    private void EmitAlignment() => EmitZeros((int)(-_position & (TapeFormat.StreamAlignmentBytes - 1)));

    private void PadToBlock() => EmitPadding(TapeGeometry.EndBeforeBlock(_position + StreamHeader.Bytes));

    private void EmitPadding(long end)
    {
        int zeros = (int)(end - _position - StreamHeader.Bytes);
        EmitStreamHeader(new StreamHeader(StreamId.Padding, StreamAttributes.None, zeros));
        EmitZeros(zeros);
    }

    private void EmitFilemark()
    {
        long start = _position;
        Span<byte> filemark = _pending.Append(_medium.Geometry.PhysicalBlockBytes);
        _medium.FillFilemark(start, 0, filemark);
        _sum.Append(filemark);
        _position += filemark.Length;
        _medium.AddFilemark(start);
    }

    private void EmitZeros(int count)
    {
        _sum.Append(_pending.Append(count));
        _position += count;
    }

    private void Emit(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_pending.Append(bytes.Length));
        _sum.Append(bytes);
        _position += bytes.Length;
    }
}
