namespace OpenVdi.Tape;

/// <summary>Structure that was composed and not yet taken.</summary>
/// <remarks>It holds at most what a caller begins before he takes it: a header and a set's end are a few physical blocks. The
/// array is kept, so that in the long run nothing is allocated.</remarks>
internal sealed class PendingBytes(int usualBytes)
{
    private byte[] _bytes = new byte[usualBytes];
    private int _start;
    private int _end;

    /// <summary>Bytes not yet taken.</summary>
    public int Count => _end - _start;

    /// <summary>Room for more behind what is there; its bytes are zero.</summary>
    public Span<byte> Append(int count)
    {
        if (count > _bytes.Length - _end)
        {
            MakeRoom(count);
        }

        Span<byte> room = _bytes.AsSpan(_end, count);
        room.Clear();
        _end += count;
        return room;
    }

    /// <summary>Takes as much as there is, and as there is room for.</summary>
    /// <returns>Bytes taken.</returns>
    public int Take(Span<byte> destination)
    {
        int count = Math.Min(Count, destination.Length);
        _bytes.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }

        return count;
    }

    private void MakeRoom(int count)
    {
        int kept = Count;
        byte[] room = checked(kept + count) <= _bytes.Length ? _bytes : new byte[Math.Max(kept + count, 2 * _bytes.Length)];
        _bytes.AsSpan(_start, kept).CopyTo(room);
        (_bytes, _start, _end) = (room, 0, kept);
    }
}
