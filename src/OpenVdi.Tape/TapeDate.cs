namespace OpenVdi.Tape;

/// <summary>MTF_DATE_TIME: five bytes, most significant bit first; local time of the writer, in seconds.</summary>
/// <remarks>
/// <code>
/// bits  39      26 25  22 21 17 16 12 11   6 5    0
///      |   year   | month|  day| hour|minute|second|
/// </code>
/// All zero is an unknown date.
/// </remarks>
internal static class TapeDate
{
    /// <summary>Bytes of a date.</summary>
    public const int Bytes = 5;

    public static void Write(Span<byte> bytes, DateTime? date)
    {
        ulong value = date is { } known
            ? ((ulong)known.Year << 26) | (((((((((uint)known.Month << 5) | (uint)known.Day) << 5)
                | (uint)known.Hour) << 6) | (uint)known.Minute) << 6) | (uint)known.Second)
            : 0;
        for (int i = 0; i < Bytes; i++)
        {
            bytes[i] = (byte)(value >> (8 * (Bytes - 1 - i)));
        }
    }

    /// <summary>Reads a date. False when there is no such day or time.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out DateTime? date)
    {
        ulong value = 0;
        foreach (byte part in bytes[..Bytes])
        {
            value = (value << 8) | part;
        }

        date = null;
        if (value == 0)
        {
            return true;
        }

        int year = (int)(value >> 26), month = (int)(value >> 22) & 15, day = (int)(value >> 17) & 31;
        int hour = (int)(value >> 12) & 31, minute = (int)(value >> 6) & 63, second = (int)value & 63;
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        date = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Unspecified);
        return true;
    }
}
