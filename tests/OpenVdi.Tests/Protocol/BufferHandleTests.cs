using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.Tests.Protocol;

public class BufferHandleTests(ITestOutputHelper output)
{
    [Fact]
    [Spec("C7")]
    public void Encode_EveryPlace_DecodesToItself()
    {
        int seed = TestSeed.Choose(54);
        output.WriteLine($"seed {seed}; replay with {TestSeed.Variable}={seed}");
        var random = new Random(seed);
        var seen = new Dictionary<uint, (int Area, long Offset)>();
        for (int round = 0; round < 50_000; round++)
        {
            int area = round % 3 == 0 ? random.Next(0, 3) : random.Next(0, BufferHandle.MaxAreaCount);
            long offset = random.NextInt64(0, BufferHandle.MaxAreaBytes / BufferHandle.UnitBytes) * BufferHandle.UnitBytes;
            uint handle = BufferHandle.Encode(area, offset);
            Assert.True(BufferHandle.TryDecode(handle, out int decodedArea, out int decodedOffset));
            Assert.Equal((area, offset), (decodedArea, decodedOffset));
            Assert.Equal((area, offset), seen.TryGetValue(handle, out var first) ? first : (area, offset));
            seen[handle] = (area, offset);
        }
    }

    [Fact]
    public void Encode_FirstAndLastPlace_AreNeitherExtremeNumber()
    {
        uint first = BufferHandle.Encode(0, 0);
        uint last = BufferHandle.Encode(BufferHandle.MaxAreaCount - 1, BufferHandle.MaxAreaBytes - BufferHandle.UnitBytes);
        Assert.True(first > BufferHandle.None);
        Assert.True(last < uint.MaxValue);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x1FFFFFu)]
    [InlineData(uint.MaxValue)]
    [InlineData(0xFFE00000u)]
    public void TryDecode_NumberThatNoBufferHas_IsRefused(uint handle) =>
        Assert.False(BufferHandle.TryDecode(handle, out _, out _));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(BufferHandle.MaxAreaCount, 0)]
    [InlineData(0, -512)]
    [InlineData(0, 511)]
    [InlineData(0, BufferHandle.MaxAreaBytes)]
    public void Encode_PlaceThatCannotBe_IsACallersMistake(int area, long offset) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BufferHandle.Encode(area, offset));
}
