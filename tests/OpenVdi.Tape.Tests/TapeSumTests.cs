using System.Text;
using Xunit.Abstractions;

namespace OpenVdi.Tape.Tests;

public sealed class TapeSumTests(ITestOutputHelper output)
{
    // The check value that catalogues of CRCs give for CRC-32C.
    [Fact]
    public void Value_LowHalf_IsTheCrc32COfTheBytes()
    {
        Assert.Equal(0xE3069283u, (uint)Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0u, (uint)Of([]));
        Assert.Equal(0x8A9136AAu, (uint)Of(new byte[32]));
    }

    [Fact]
    public void Value_HowEverTheBytesAreCut_IsTheSame()
    {
        int seed = Testing.TestSeed.Choose(7300);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        for (int i = 0; i < 500; i++)
        {
            byte[] bytes = Media.Bytes(random.Next(100), random.Next());
            TapeSum sum = new();
            for (int at = 0; at < bytes.Length;)
            {
                int count = random.Next(Math.Min(20, bytes.Length - at) + 1);
                sum.Append(bytes.AsSpan(at, count));
                at += count;

                // A look at the sum changes nothing.
                Assert.Equal(Of(bytes.AsSpan(0, at)), sum.Value);
            }

            Assert.Equal((Of(bytes), bytes.Length), (sum.Value, sum.CoveredBytes));
        }
    }

    // Long stretches are computed three at a time; byte by byte, and in parts that are too short for that, none is.
    [Theory]
    [InlineData(3071)]
    [InlineData(3072)]
    [InlineData(3073)]
    [InlineData(6143)]
    [InlineData(6144)]
    [InlineData(20_000)]
    public void Value_OfALongStretch_IsThatOfItsParts(int length)
    {
        byte[] bytes = Media.Bytes(length, length);
        TapeSum small = new(), shifted = new();
        foreach (byte value in bytes)
        {
            small.Append([value]);
        }

        shifted.Append(bytes.AsSpan(0, 5));
        shifted.Append(bytes.AsSpan(5));
        Assert.Equal(small.Value, Of(bytes));
        Assert.Equal(small.Value, shifted.Value);
        Assert.Equal(PlainCrc(bytes), (uint)Of(bytes));
    }

    [Fact]
    public void Value_AfterAnyFlippedBit_DiffersInBothHalves()
    {
        byte[] bytes = Media.Bytes(61, 1);
        ulong before = Of(bytes);
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            ulong after = Of(bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True((uint)before != (uint)after, $"bit {bit}: the low half is the same");
            Assert.True(before >> 32 != after >> 32, $"bit {bit}: the high half is the same");
        }
    }

    [Fact]
    public void Value_OfExchangedWords_Differs()
    {
        byte[] bytes = Media.Bytes(64, 2);
        byte[] exchanged = [.. bytes[8..16], .. bytes[..8], .. bytes[16..]];
        Assert.NotEqual(Of(bytes), Of(exchanged));

        // What the format's own checksum is blind to.
        Assert.Equal(Xor16.Of(bytes), Xor16.Of(exchanged));
    }

    // The polynomial itself, laid over the bytes at any place, is a difference to which a CRC is blind; laid over the highest
    // bits of words, it would be one to any map that keeps these bits to themselves.
    [Fact]
    public void Value_OfADifferenceThatTheCrcIsBlindTo_DiffersInTheHighHalf()
    {
        int seed = Testing.TestSeed.Choose(7400);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        for (int round = 0; round < 2000; round++)
        {
            byte[] bytes = Media.Bytes(400, random.Next());
            ulong before = Of(bytes);

            // x^32 + ... + 1, reflected: 33 coefficients, the highest power first in the order of the bits. In the second half of
            // the rounds each coefficient is squared six times, which moves it to the same bit of another word: g(x)^64.
            const ulong Polynomial = 1 | (0x82F63B78ul << 1);
            int spread = round % 2 == 0 ? 1 : 64;
            int first = spread == 1 ? random.Next((8 * bytes.Length) - 33) : 63 + (64 * random.Next(16));
            for (int i = 0; i < 33; i++)
            {
                if ((Polynomial >> i & 1) != 0)
                {
                    int bit = first + (spread * i);
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }

            ulong after = Of(bytes);
            Assert.Equal((uint)before, (uint)after);
            Assert.NotEqual(before >> 32, after >> 32);
        }
    }

    // CRC-32C as catalogues define it, bit by bit.
    private static uint PlainCrc(byte[] bytes)
    {
        uint register = uint.MaxValue;
        foreach (byte value in bytes)
        {
            register ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                register = (register & 1) != 0 ? (register >> 1) ^ 0x82F63B78 : register >> 1;
            }
        }

        return ~register;
    }

    private static ulong Of(ReadOnlySpan<byte> bytes)
    {
        TapeSum sum = new();
        sum.Append(bytes);
        return sum.Value;
    }
}
