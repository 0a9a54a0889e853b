using System.Buffers.Binary;

namespace OpenVdi.Tape;

/// <summary>A moment as our streams have it: microseconds since 1970-01-01 UTC in 64 bits.</summary>
internal static class Microseconds
{
    // The last one of the year 9999.
    private const long Last = 253402300799999999;

    public static long Of(DateTimeOffset moment) => (moment - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Reads a moment.</summary>
    /// <exception cref="TapeFormatException">It is before 1970 or after 9999.</exception>
    public static DateTimeOffset Read(ReadOnlySpan<byte> bytes, long offsetBytes)
    {
        long value = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return value is >= 0 and <= Last
            ? DateTimeOffset.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond)
            : throw TapeFormatException.Damaged(offsetBytes, "a moment from 1970 to 9999", $"{value} microseconds");
    }
}
