using OpenVdi.Engines.Sqlite.Stripes;
using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.Engines.Tests.Sqlite;

public sealed class PageMapTests(ITestOutputHelper output)
{
    [Fact]
    public void Mark_RandomRanges_AnswersAsASetDoes()
    {
        int seed = TestSeed.Choose(9100);
        output.WriteLine($"seed {seed}; replay with {TestSeed.Variable}={seed}");
        var random = new Random(seed);
        for (int round = 0; round < 30; round++)
        {
            int pages = random.Next(1, 4 * PageMap.LeafPages);
            var map = new PageMap(pages);
            bool[] model = new bool[pages];
            for (int i = 0; i < 40; i++)
            {
                int first = random.Next(pages);
                int count = Math.Min(pages - first, random.Next(1 << random.Next(17)));
                int known = model.AsSpan(first, count).IndexOf(true);
                Assert.Equal(known < 0 ? null : first + known, map.Mark(first, count));
                if (known >= 0)
                {
                    break; // A restore ends here; how much of the range was marked is nobody's concern.
                }

                model.AsSpan(first, count).Fill(true);
                int missing = Array.IndexOf(model, false);
                Assert.Equal((model.Count(static page => page), missing < 0 ? pages : missing), (map.MarkedCount, map.FirstUnmarked()));
            }
        }
    }

    [Fact]
    public void Mark_AllOfTheLargestDatabase_TakesNoMemoryForEachPage()
    {
        var map = new PageMap(uint.MaxValue);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(map.Mark(0, uint.MaxValue));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
        Assert.Equal((uint.MaxValue, uint.MaxValue), (map.MarkedCount, map.FirstUnmarked()));
        Assert.Equal(PageMap.LeafPages + 5, map.Mark(PageMap.LeafPages + 5, 1));
    }

    [Fact]
    public void Mark_BeyondTheEnd_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PageMap(10).Mark(9, 2));
        Assert.Equal(0, new PageMap(0).FirstUnmarked());
    }
}
