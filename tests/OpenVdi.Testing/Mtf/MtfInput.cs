namespace OpenVdi.Testing.Mtf;

/// <summary>Takes bytes as they pass.</summary>
internal delegate void MtfSink(ReadOnlySpan<byte> bytes);

/// <summary>
/// A medium read forward, once, with a count of where it stands. A filemark of the device ends what can be read until it
/// is passed, as on a tape.
/// </summary>
internal sealed class MtfInput
{
    // Larger than any block, so that a look ahead needs one refill.
    private const int BufferBytes = 1 << 16;

    private readonly Stream _medium;
    private readonly Queue<long> _marks;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start, _end;
    private bool _isOver;

    public MtfInput(Stream medium, IReadOnlyList<long>? marks)
    {
        _medium = medium;
        _marks = new Queue<long>(marks ?? []);
    }

    /// <summary>Bytes taken so far.</summary>
    public long OffsetBytes { get; private set; }

    /// <summary>Whether a filemark of the device is next.</summary>
    public bool IsAtMark => _marks.TryPeek(out long mark) && mark <= OffsetBytes;

    /// <summary>Whether a filemark of the device is still to come.</summary>
    public bool HasMarks => _marks.Count > 0;

    /// <summary>Whether all bytes are taken and all filemarks are passed.</summary>
    public bool IsAtEnd => !IsAtMark && Peek(1).IsEmpty;

    /// <summary>What ends the bytes here, for a message.</summary>
    public string WhatEnds => IsAtMark ? "a filemark" : "the end of the medium";

    /// <summary>Passes the filemark of the device that stands here.</summary>
    public void PassMark() => _marks.Dequeue();

    /// <summary>The next bytes without taking them: fewer only before a filemark or the end of the medium.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (_end - _start < count && !_isOver)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
            while (_end < count && !_isOver)
            {
                int read = _medium.Read(_buffer, _end, _buffer.Length - _end);
                _end += read;
                _isOver = read == 0;
            }
        }

        return _buffer.AsSpan(_start, (int)Math.Min(count, BytesBeforeMark(_end - _start)));
    }

    /// <summary>Takes bytes, or says which thing is cut.</summary>
    public byte[] Take(int count, MtfRule rule, string subject)
    {
        byte[] bytes = new byte[count];
        int at = 0;
        Take(count, part =>
        {
            part.CopyTo(bytes.AsSpan(at));
            at += part.Length;
        }, rule, subject);
        return bytes;
    }

    /// <summary>Passes bytes to a sink, or says which thing is cut.</summary>
    public void Take(long count, MtfSink sink, MtfRule rule, string subject)
    {
        long begin = OffsetBytes;
        for (long left = count; left > 0;)
        {
            ReadOnlySpan<byte> part = Peek(1);
            if (part.IsEmpty)
            {
                throw new MtfViolationException(
                    rule, begin, subject, $"{count} bytes", $"{WhatEnds} behind {count - left} bytes");
            }

            part = _buffer.AsSpan(_start, (int)Math.Min(left, BytesBeforeMark(_end - _start)));
            sink(part);
            _start += part.Length;
            OffsetBytes += part.Length;
            left -= part.Length;
        }
    }

    private long BytesBeforeMark(long available) =>
        _marks.TryPeek(out long mark) ? Math.Clamp(mark - OffsetBytes, 0, available) : available;
}
