using System.Numerics;
using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.Tests.Protocol;

public class BufferLayoutTests(ITestOutputHelper output)
{
    private const int BaseAlignmentBytes = 65536;

    [Fact]
    [Spec("B20")]
    [Spec("B21")]
    [Spec("B23")]
    public void For_RandomSizes_KeepsDataAlignedAndZonesApart()
    {
        int seed = TestSeed.Choose(20);
        output.WriteLine($"seed {seed}; replay with {TestSeed.Variable}={seed}");
        var random = new Random(seed);
        for (int round = 0; round < 20_000; round++)
        {
            uint alignment = 1u << random.Next(0, 17);
            uint prefix = Size(random, ConfigurationRules.MaxPrefixZoneSizeBytes);
            uint size = Size(random, uint.MaxValue);
            var layout = BufferLayout.For(size, alignment, prefix);
            string what = $"round {round}: size {size}, alignment {alignment}, prefix {prefix}: {layout}";

            // B23, by division where the code has masks.
            Assert.True(layout.FirstDataOffsetBytes == CeilingMultiple(prefix, alignment), what);
            Assert.True(layout.StrideBytes == CeilingMultiple((long)prefix + size, alignment), what);

            long count = random.Next(1, 200);
            for (long i = 0; i < count; i++)
            {
                long data = layout.DataOffsetBytes(i);
                // B20: any base that is aligned to 64 KiB makes the data address aligned.
                Assert.True((BaseAlignmentBytes + data) % alignment == 0, what);
                // B21: the zone ends where the data begins, and begins not before the data of the neighbour ended.
                long endBefore = i == 0 ? 0 : layout.DataOffsetBytes(i - 1) + size;
                Assert.True(data - prefix >= endBefore, what);
            }

            Assert.True(layout.DataOffsetBytes(count - 1) + size <= layout.TotalBytes(count), what);
            Assert.True(layout.FirstDataOffsetBytes - prefix < alignment, $"wasteful: {what}");
            Assert.True(layout.StrideBytes - prefix - size < alignment, $"wasteful: {what}");
        }
    }

    [Fact]
    [Spec("AT18")]
    public void For_PrefixThousandAlignmentFourKiB_PlacesAsDrawn()
    {
        var layout = BufferLayout.For(65536, 4096, 1000);
        Assert.Equal(new BufferLayout(4096, 69632), layout);
        Assert.Equal(4096 + 69632, layout.DataOffsetBytes(1));
        Assert.Equal(4096 + (3 * 69632), layout.TotalBytes(3));
    }

    [Fact]
    [Spec("B21")]
    public void For_NoPrefix_BeginsAtTheBase() =>
        Assert.Equal(new BufferLayout(0, 65536), BufferLayout.For(65536, 4096, 0));

    // Small, near a power of two, or anything.
    private static uint Size(Random random, uint limit)
    {
        long size = random.Next(3) switch
        {
            0 => random.Next(0, 4096),
            1 => (1L << random.Next(0, BitOperations.Log2(limit) + 1)) + random.Next(-2, 3),
            _ => random.NextInt64(0, (long)limit + 1),
        };
        return (uint)Math.Clamp(size, 0, limit);
    }

    private static long CeilingMultiple(long value, long unit) => (value / unit * unit) + (value % unit == 0 ? 0 : unit);
}
