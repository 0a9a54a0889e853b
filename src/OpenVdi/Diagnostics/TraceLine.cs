using System.Buffers;
using System.Text;

namespace OpenVdi.Diagnostics;

/// <summary>One line of the trace, built in a buffer of the thread. What does not fit is cut; the end of the line stays.</summary>
internal ref struct TraceLine
{
    /// <summary>The longest line in bytes: a pipe takes this much (PIPE_BUF) as one piece, so lines of processes that
    /// share a pipe do not mix. The longest legal names, escaped, leave room for the rest in ordinary use.</summary>
    public const int MaxBytes = 4096;

    [ThreadStatic]
    private static byte[]? t_buffer;

    private readonly byte[] _buffer;
    private int _length;

    private TraceLine(byte[] buffer) => _buffer = buffer;

    /// <summary>Starts a line with what every line has.</summary>
    public static TraceLine Begin(Half half, string? set, string? device)
    {
        TraceLine line = new(t_buffer ??= new byte[MaxBytes]);
        line.Format(DateTime.UtcNow, "O");
        line.Pair("pid"u8, Environment.ProcessId);
        line.Pair("tid"u8, Environment.CurrentManagedThreadId);
        line.Pair("half"u8, SpecNames.Of(half));
        if (set is not null)
        {
            line.Quoted("set"u8, set);
        }

        if (device is not null)
        {
            line.Quoted("device"u8, device);
        }

        return line;
    }

    /// <summary>A pair whose value needs no quotes.</summary>
    public void Pair(scoped ReadOnlySpan<byte> key, string value)
    {
        Key(key);
        Text(value);
    }

    /// <summary>A pair with a number.</summary>
    public void Pair(scoped ReadOnlySpan<byte> key, long value)
    {
        Key(key);
        Format(value, default);
    }

    /// <summary>A pair whose value is the user's: in quotes, with quotes and backslashes escaped, and control characters
    /// as spaces, so that a name cannot break a line.</summary>
    public void Quoted(scoped ReadOnlySpan<byte> key, string value)
    {
        Key(key);
        Raw("\""u8);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in value.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
            {
                Raw("\\"u8);
            }

            Rune shown = Rune.IsControl(rune) ? new Rune(' ') : rune;
            Raw(utf8[..shown.EncodeToUtf8(utf8)]);
        }

        Raw("\""u8);
    }

    /// <summary>Text as it is, on one line.</summary>
    public void Text(string value)
    {
        int start = _length;
        OperationStatus status = System.Text.Unicode.Utf8.FromUtf16(
            value, _buffer.AsSpan(_length, Room), out _, out int written);
        _length += status is OperationStatus.Done or OperationStatus.DestinationTooSmall ? written : 0;
        _buffer.AsSpan(start, _length - start).Replace((byte)'\n', (byte)' ');
    }

    /// <summary>Bytes as they are.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= Room)
        {
            bytes.CopyTo(_buffer.AsSpan(_length));
            _length += bytes.Length;
        }
    }

    /// <summary>The whole line. Valid until this thread begins the next one.</summary>
    public ReadOnlySpan<byte> End()
    {
        _buffer[_length++] = (byte)'\n';
        return _buffer.AsSpan(0, _length);
    }

    // One byte is kept for the end of the line.
    private readonly int Room => _buffer.Length - 1 - _length;

    private void Key(scoped ReadOnlySpan<byte> key)
    {
        Raw(" "u8);
        Raw(key);
        Raw("="u8);
    }

    private void Format<T>(T value, ReadOnlySpan<char> format)
        where T : IUtf8SpanFormattable
    {
        if (value.TryFormat(_buffer.AsSpan(_length, Room), out int written, format, null))
        {
            _length += written;
        }
    }
}
