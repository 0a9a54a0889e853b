using OpenVdi.Tape;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>Makes one stripe, in the buffers that it travels in. One thread at a time.</summary>
internal sealed class StripeWriter(StripedImage image, int stripeNumber)
{
    private readonly TapeWriter _tape = image.Begin(stripeNumber);
    private long? _endBytes;

    /// <summary>Whether all of the stripe is in buffers.</summary>
    public bool IsAtEnd => _tape.PositionBytes == _endBytes;

    /// <summary>Bytes of the image in this stripe so far.</summary>
    public long ImageBytes => _tape.Totals.DataBytes;

    /// <summary>Fills a buffer: pages go from the file straight to their place in it. The stripe takes parts of the image as
    /// it needs them, and ends when there are no more.</summary>
    /// <returns>Bytes filled: less than there is room for only at the stripe's end, which is a multiple of the block size.
    /// </returns>
    public int Fill(Span<byte> buffer)
    {
        int count = 0;
        while (count < buffer.Length && !IsAtEnd)
        {
            Span<byte> room = buffer[count..];
            if (_tape.DataDueBytes > 0)
            {
                room = room[..(int)Math.Min(room.Length, _tape.DataDueBytes)];
                image.Read(_tape.DataOffsetBytes, room);
                _tape.AppendData(room);
                count += room.Length;
                continue;
            }

            int written = _tape.Write(room);
            count += written;
            if (written == 0)
            {
                BeginNext();
            }
        }

        return count;
    }

    private void BeginNext()
    {
        if (image.TryTakePiece(out long offset, out long length))
        {
            _tape.BeginPiece(offset, length);
            return;
        }

        _tape.EndSet(image.LocalTime, DateTimeOffset.UtcNow, image.Bytes);
        _endBytes = _tape.Medium!.EndBytes;
    }
}
