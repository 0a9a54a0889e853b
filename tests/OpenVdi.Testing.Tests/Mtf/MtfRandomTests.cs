using OpenVdi.Testing.Mtf;
using Xunit.Abstractions;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Chance: trees that the table of mutations did not think of, and media that nobody wrote.</summary>
public sealed class MtfRandomTests(ITestOutputHelper output)
{
    [Fact]
    public void Extract_OfRandomTrees_GivesEachFileItsData()
    {
        int seed = TestSeed.Choose(20261122);
        output.WriteLine($"{TestSeed.Variable}={seed}");
        for (int round = 0; round < 60; round++)
        {
            var random = new Random(unchecked((seed * 397) + round));
            var expected = new List<byte[]>();
            (byte[] bytes, MtfCheckOptions options) = Create(random, expected).Build();
            using var stream = new MemoryStream(bytes);
            var found = new List<MemoryStream>();
            MtfReport report = MtfChecker.Extract(stream, options, _ =>
            {
                found.Add(new MemoryStream());
                return found[^1];
            });
            Assert.Equal(bytes.Length, report.LengthBytes);
            Assert.Equal(expected, found.Select(file => file.ToArray()));
        }
    }

    [Fact]
    public void Check_OfAnyChangedByte_ReportsOrNamesARule()
    {
        int seed = TestSeed.Choose(20261123);
        output.WriteLine($"{TestSeed.Variable}={seed}");
        var random = new Random(seed);
        int caught = 0, rounds = 3000;
        (byte[] bytes, MtfCheckOptions options) = SampleMedium.Create().Build();
        for (int round = 0; round < rounds; round++)
        {
            byte[] changed = (byte[])bytes.Clone();
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                // Near the start of some FLB: where the headers are.
                int at = (random.Next(bytes.Length / 512) * 512) + random.Next(200);
                changed[at] ^= (byte)(1 << random.Next(8));
            }

            caught += IsCaught(random.Next(4) == 0 ? changed[..random.Next(changed.Length)] : changed, options) ? 1 : 0;
        }

        // All headers, padding and summed data are covered: what is left are fields without a rule, seldom hit.
        output.WriteLine($"{caught} of {rounds} caught");
        Assert.InRange(caught, rounds * 9 / 10, rounds);
    }

    [Fact]
    public void Check_OfAChangedSumThatMatches_ReportsOrNamesARule()
    {
        int seed = TestSeed.Choose(20261124);
        output.WriteLine($"{TestSeed.Variable}={seed}");
        var random = new Random(seed);
        string[] types = ["TAPE", "SFMB", "SSET", "VOLB", "DIRB", "FILE", "CFIL", "XUNK", "ESPB", "ESET"];
        for (int round = 0; round < 4000; round++)
        {
            Medium medium = SampleMedium.Create();
            string type = types[random.Next(types.Length)];
            medium[type].Set8(random.Next(4, type is "ESPB" or "XUNK" ? 50 : 60), random.Next(256));
            (byte[] bytes, MtfCheckOptions options) = medium.Build();
            IsCaught(bytes, options);
        }
    }

    // Whatever else it throws fails the test.
    private static bool IsCaught(byte[] bytes, MtfCheckOptions options)
    {
        using var stream = new MemoryStream(bytes);
        try
        {
            MtfChecker.Check(stream, options);
            return false;
        }
        catch (MtfViolationException)
        {
            return true;
        }
    }

    private static Medium Create(Random random, List<byte[]> expected)
    {
        int physical = 512 << random.Next(5);
        Medium medium = SampleMedium.Create(512 << random.Next(2), physical, random.Next(2) == 0, random.Next(2) == 0);
        medium.Parts.RemoveAll(part => part.Type is "DIRB" or "FILE" or "CFIL");
        medium["ESET"].Set32(56, 0);
        Part last = medium["VOLB"];
        for (uint directory = 1; directory <= random.Next(1, 6); directory++)
        {
            last = medium.InsertBehind(last, "DIRB").Set32(76, directory).Text(80, $"d{directory}\0");
            for (int file = random.Next(6); file > 0; file--)
            {
                byte[][] pieces = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => SampleMedium.Bytes(random.Next(3000), file))];
                byte[] data = [.. pieces.SelectMany(piece => piece)];
                last = medium.InsertBehind(last, "FILE").Set32(76, directory).Set64(12, (ulong)data.Length).Text(84, $"f{file}");
                if (random.Next(2) == 0)
                {
                    last.Stream("PRIV", SampleMedium.Bytes(random.Next(100), 1));
                }

                last.Pieces("STAN", random.Next(2) * 32, pieces);
                expected.Add(data);
            }
        }

        return medium;
    }
}
