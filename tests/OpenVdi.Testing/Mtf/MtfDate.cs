namespace OpenVdi.Testing.Mtf;

/// <summary>MTF_DATE_TIME: 40 bits, the most significant first: year 14, month 4, day 5, hour 5, minute 6, second 6.</summary>
internal static class MtfDate
{
    public const int Bytes = 5;

    public static bool TryRead(ReadOnlySpan<byte> bytes, out DateTime? date)
    {
        long value = 0;
        foreach (byte next in bytes[..Bytes])
        {
            value = (value << 8) | next;
        }

        int year = (int)(value >> 26), month = (int)(value >> 22) & 15, day = (int)(value >> 17) & 31;
        int hour = (int)(value >> 12) & 31, minute = (int)(value >> 6) & 63, second = (int)value & 63;
        bool valid = year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
            && hour < 24 && minute < 60 && second < 60;
        date = valid ? new DateTime(year, month, day, hour, minute, second, DateTimeKind.Unspecified) : null;
        return valid || value == 0;
    }
}
