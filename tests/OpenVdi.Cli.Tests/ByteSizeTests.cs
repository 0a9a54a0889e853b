using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Tests;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("64KiB", 65_536)]
    [InlineData("64 MiB", 67_108_864)]
    [InlineData("1.5GiB", 1_610_612_736)]
    [InlineData("2GB", 2_000_000_000)]
    [InlineData("3M", 3_145_728)]
    [InlineData("7B", 7)]
    public void TryParse_ASize_IsItsBytes(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("2 gigabytes")]
    [InlineData("9999999999TiB")]
    public void TryParse_NoSize_IsRefused(string? text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_234, "1.23 kB")]
    [InlineData(56_789_000, "56.8 MB")]
    [InlineData(2_147_483_648, "2.15 GB")]
    public void Format_Bytes_AreShort(double bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));
}
