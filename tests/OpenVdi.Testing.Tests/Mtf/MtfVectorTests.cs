using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Published values of dates and checksums; those of the format's page, section 9.</summary>
public sealed class MtfVectorTests
{
    [Theory]
    [InlineData("1F333F41DE", "1996-12-31T20:07:30")]
    [InlineData("1FA4C85187", "2025-03-04T05:06:07")]
    [InlineData("0000000000", null)]
    public void TryRead_OfADate_GivesIt(string bytes, string? date)
    {
        Assert.True(MtfDate.TryRead(Convert.FromHexString(bytes), out DateTime? found));
        Assert.Equal(date, found?.ToString("s"));
    }

    [Fact]
    public void Xor16_OfTheTapeHeader_IsThePublishedOne()
    {
        byte[] header = new byte[50];
        Convert.FromHexString("544150450000000090000E01").CopyTo(header, 0);
        header[48] = 2;
        Assert.Equal(0x0598, MtfBlock.Xor16(header));
    }

    [Fact]
    public void Read_OfThePublishedPaddingHeader_PassesIt()
    {
        byte[] bytes = Convert.FromHexString("53504144000000005A03000000000000000000004817");
        using var stream = new MemoryStream(bytes);
        MtfStreamHeader header = MtfStreamHeader.Read(new MtfInput(stream, null), "TAPE");
        Assert.Equal(("SPAD", 858L, 0), (header.Id, header.LengthBytes, header.MediaAttributes));
    }

    [Fact]
    public void Add_InAnyPortions_GivesTheSameSum()
    {
        byte[] data = SampleMedium.Bytes(1003, 9);
        byte[] naive = Part.Sum(data);
        for (int portion = 1; portion < 40; portion++)
        {
            var sum = new MtfChecksum();
            for (int at = 0; at < data.Length; at += portion)
            {
                sum.Add(data.AsSpan(at, Math.Min(portion, data.Length - at)));
            }

            Assert.Equal(BitConverter.ToUInt32(naive), sum.Value);
        }
    }
}
