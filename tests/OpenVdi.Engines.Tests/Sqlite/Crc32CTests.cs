using OpenVdi.Engines.Sqlite.Stripes;

namespace OpenVdi.Engines.Tests.Sqlite;

public sealed class Crc32CTests
{
    [Fact]
    public void Of_CheckString_IsThePublishedValue() => Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));

    [Fact]
    public void Of_EveryLengthAndPlace_IsThatOfTheDefinition()
    {
        var random = new Random(7);
        byte[] bytes = new byte[60_000];
        random.NextBytes(bytes);
        for (int round = 0; round < 600; round++)
        {
            int length = round < 300 ? round : random.Next(bytes.Length - 16);
            ReadOnlySpan<byte> part = bytes.AsSpan(random.Next(16), length);
            Assert.Equal(ByDefinition(part), Crc32C.Of(part));
            int cut = random.Next(length + 1);
            Assert.Equal(Crc32C.Of(part), Crc32C.Append(Crc32C.Of(part[..cut]), part[cut..]));
        }
    }

    private static uint ByDefinition(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }
}
