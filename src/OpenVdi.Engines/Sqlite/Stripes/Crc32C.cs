using System.Numerics;
using System.Runtime.InteropServices;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>CRC-32C (Castagnoli, as in iSCSI and ext4), with the processor's instruction where it has one.</summary>
/// <remarks>
/// The instruction takes three cycles to answer but can begin one each cycle. So three stretches are computed side by side
/// and put together: the CRC of A followed by B is that of A, moved over as many zero bytes as B is long, exclusive-or that
/// of B. Moving over a fixed number of zeros is a linear map of 32 bits, kept as four tables of 256. (Method of M. Adler's
/// crc32c.c.)
/// </remarks>
internal static class Crc32C
{
    /// <summary>Bytes of one of three stretches: long for the bulk, short for what is left.</summary>
    private const int LongBytes = 8192, ShortBytes = 256;

    private const uint ReversedPolynomial = 0x82F63B78;

    private static readonly uint[] s_longShift = MakeShift(LongBytes);
    private static readonly uint[] s_shortShift = MakeShift(ShortBytes);

    /// <summary>The CRC of all bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The CRC of bytes with this CRC, followed by these.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        while (bytes.Length >= 3 * LongBytes)
        {
            crc = ThreeLanes(crc, bytes, LongBytes, s_longShift);
            bytes = bytes[(3 * LongBytes)..];
        }

        while (bytes.Length >= 3 * ShortBytes)
        {
            crc = ThreeLanes(crc, bytes, ShortBytes, s_shortShift);
            bytes = bytes[(3 * ShortBytes)..];
        }

        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte value in bytes[(bytes.Length & ~7)..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private static uint ThreeLanes(uint crc, ReadOnlySpan<byte> bytes, int laneBytes, uint[] shift)
    {
        ReadOnlySpan<ulong> first = MemoryMarshal.Cast<byte, ulong>(bytes[..laneBytes]);
        ReadOnlySpan<ulong> second = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(laneBytes, laneBytes))[..first.Length];
        ReadOnlySpan<ulong> third = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(2 * laneBytes, laneBytes))[..first.Length];
        uint crc1 = 0, crc2 = 0;
        for (int i = 0; i < first.Length; i++)
        {
            crc = BitOperations.Crc32C(crc, first[i]);
            crc1 = BitOperations.Crc32C(crc1, second[i]);
            crc2 = BitOperations.Crc32C(crc2, third[i]);
        }

        return Shift(shift, Shift(shift, crc) ^ crc1) ^ crc2;
    }

    private static uint Shift(uint[] table, uint crc) =>
        table[crc & 0xff] ^ table[256 + ((crc >> 8) & 0xff)] ^ table[512 + ((crc >> 16) & 0xff)] ^ table[768 + (crc >> 24)];

    private static uint[] MakeShift(int zeroBytes)
    {
        // The map of one bit position each, found by moving that bit over the zeros; every other value is a sum of these.
        Span<uint> ofBit = stackalloc uint[32];
        for (int bit = 0; bit < 32; bit++)
        {
            uint crc = 1u << bit;
            for (int i = 0; i < zeroBytes * 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ ReversedPolynomial : crc >> 1;
            }

            ofBit[bit] = crc;
        }

        uint[] table = new uint[4 * 256];
        for (int part = 0; part < 4; part++)
        {
            for (int value = 0; value < 256; value++)
            {
                uint sum = 0;
                for (int bit = 0; bit < 8; bit++)
                {
                    sum ^= (value >> bit & 1) != 0 ? ofBit[(part * 8) + bit] : 0;
                }

                table[(part * 256) + value] = sum;
            }
        }

        return table;
    }
}
