using System.Globalization;

namespace OpenVdi.Cli.Output;

/// <summary>Numbers of bytes as people write and read them: 64MiB, 2GiB, 500MB.</summary>
internal static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] s_units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40), ("B", 1),
    ];

    /// <summary>Reads a size: a number, possibly with a fraction, and a unit; without a unit, bytes.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        string number = (text ?? string.Empty).Trim();
        long factor = 1;
        foreach ((string suffix, long unit) in s_units)
        {
            if (number.EndsWith(suffix, StringComparison.Ordinal))
            {
                number = number[..^suffix.Length].TrimEnd();
                factor = unit;
                break;
            }
        }

        const NumberStyles Styles = NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(number, Styles, CultureInfo.InvariantCulture, out decimal value)
            || value < 0 || value > (decimal)long.MaxValue / factor)
        {
            return false;
        }

        bytes = (long)(value * factor);
        return true;
    }

    /// <summary>A size for people, with decimal units as network and disk rates have them.</summary>
    public static string Format(double bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        int unit = 0;
        while (Math.Abs(bytes) >= 1000 && unit < units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        string format = unit == 0 ? "0" : bytes < 10 ? "0.00" : bytes < 100 ? "0.0" : "0";
        return $"{bytes.ToString(format, CultureInfo.InvariantCulture)} {units[unit]}";
    }

    /// <summary>A rate for people.</summary>
    public static string FormatRate(double bytes, double seconds) => seconds <= 0 ? "-" : $"{Format(bytes / seconds)}/s";
}
