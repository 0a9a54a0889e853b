namespace OpenVdi.Tape.Tests;

/// <summary>The test vectors of docs/spec/mtf.md, section 9, that concern the format itself.</summary>
public sealed class FormatVectorTests
{
    public static TheoryData<DateTime, string> Dates => new()
    {
        { new DateTime(1996, 12, 31, 20, 7, 30), "1F333F41DE" },
        { new DateTime(2025, 3, 4, 5, 6, 7), "1FA4C85187" },
        { new DateTime(9999, 12, 31, 23, 59, 59), "9C3F3F7EFB" },
        { new DateTime(1, 1, 1), "0004420000" },
    };

    [Theory]
    [MemberData(nameof(Dates))]
    public void TapeDate_OfAVector_IsItsBytes(DateTime date, string expected)
    {
        byte[] bytes = new byte[5];
        TapeDate.Write(bytes, date);
        Assert.Equal(expected, Convert.ToHexString(bytes));
        Assert.True(TapeDate.TryRead(bytes, out DateTime? read));
        Assert.Equal(date, read);
    }

    [Fact]
    public void TapeDate_Unknown_IsZero()
    {
        byte[] bytes = [1, 1, 1, 1, 1];
        TapeDate.Write(bytes, null);
        Assert.Equal(new byte[5], bytes);
        Assert.True(TapeDate.TryRead(bytes, out DateTime? read));
        Assert.Null(read);
    }

    [Theory]
    [InlineData("0000420000")] // year 0
    [InlineData("1FA4024000")] // day 1 of month 0
    [InlineData("1FA0C00000")] // day 0
    [InlineData("1FA4BE0000")] // 31 February
    [InlineData("1FA4C98000")] // hour 24
    [InlineData("1FA4C80F00")] // minute 60
    [InlineData("1FA4C8003C")] // second 60
    [InlineData("FFFFFFFFFF")]
    public void TryRead_OfNoDate_IsFalse(string bytes) =>
        Assert.False(TapeDate.TryRead(Convert.FromHexString(bytes), out _));

    [Fact]
    public void BlockHeader_OfTheVector_HasItsChecksum()
    {
        byte[] bytes = new byte[52];
        var header = new BlockHeader { Type = BlockType.Tape, FirstStreamOffset = 144, OsId = 14, OsVersion = 1, StringType = 2 };
        header.Write(bytes);
        Assert.Equal("54415045" + "00000000" + "9000" + "0E" + "01", Convert.ToHexString(bytes, 0, 12));
        Assert.Equal(new byte[36], bytes[12..48]);
        Assert.Equal("02009805", Convert.ToHexString(bytes, 48, 4));
        Assert.Equal(header, BlockHeader.Read(bytes, 0));
    }

    [Fact]
    public void StreamHeader_OfTheVector_IsItsBytes()
    {
        byte[] bytes = new byte[22];
        var header = new StreamHeader(StreamId.Padding, StreamAttributes.None, 858);
        header.Write(bytes);
        Assert.Equal("53504144000000005A03000000000000000000004817", Convert.ToHexString(bytes));
        Assert.Equal(header, StreamHeader.Read(bytes, 0));
    }
}
