using Xunit.Abstractions;

namespace OpenVdi.Tape.Tests;

/// <summary>Altered media: a reader ends well only when nothing was altered, and never in another way than it says.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Mutations = 20_000;
    private const int ForgedMutations = 5_000;

    // Blocks, names, messages and the trace of an exception; a medium has 20 to 60 KB, so nothing of it is kept.
    private const long MaxAllocatedBytes = 100_000;

    private static readonly long[] s_edges =
        [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, int.MaxValue, 1L << 31, uint.MaxValue, long.MaxValue, long.MinValue, -1];

    [Fact]
    public void Push_OfAMutatedMedium_EndsWellOnlyWhenItIsTheSame()
    {
        int seed = Testing.TestSeed.Choose(9000);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        byte[][] media = MakeMedia(seed);
        int same = 0;
        Dictionary<TapeFormatFailure, int> failures = [];
        for (int i = 0; i < Mutations; i++)
        {
            byte[] medium = media[random.Next(media.Length)];
            byte[] mutated = Mutate(medium, random, media);
            TapeFormatException? found = ReadWithin(mutated);
            if (found is null)
            {
                Assert.True(mutated.AsSpan().SequenceEqual(medium) || IsWholeSets(mutated, medium), $"mutation {i} was not found");
                same++;
            }
            else
            {
                failures[found.Failure] = failures.GetValueOrDefault(found.Failure) + 1;
            }
        }

        output.WriteLine($"{same} the same, {string.Join(", ", failures.Select(failure => $"{failure.Value} {failure.Key}"))}");
        Assert.InRange(same, 0, Mutations / 20);
        Assert.True(failures.ContainsKey(TapeFormatFailure.Damaged) && failures.ContainsKey(TapeFormatFailure.Truncated));
    }

    [Fact]
    public void Push_OfAForgedMedium_NeverFailsInAnotherWay()
    {
        int seed = Testing.TestSeed.Choose(9100);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        byte[][] media = MakeMedia(seed);
        int passed = 0;
        for (int i = 0; i < ForgedMutations; i++)
        {
            byte[] mutated = Mutate(media[random.Next(media.Length)], random, media);
            if (Forger.Repair(mutated) is null)
            {
                passed++;
            }

            ReadWithin(mutated);
        }

        // Altered data and names with right checksums are another medium, not a damaged one.
        output.WriteLine($"{passed} of {ForgedMutations} are media of their own");
        Assert.InRange(passed, ForgedMutations / 100, ForgedMutations - (ForgedMutations / 4));
    }

    [Fact]
    public void End_AtEveryLength_TellsTheTruncatedFromTheWhole()
    {
        byte[] medium = MakeMedia(1)[1];
        TapeReader whole = new(new Ignored());
        List<int> ends = [];
        for (int length = 0; length <= medium.Length; length++)
        {
            TapeFormatException? found = Ignored.Read(medium.AsSpan(0, length));
            if (found is null)
            {
                ends.Add(length);
                continue;
            }

            Assert.Equal((TapeFormatFailure.Truncated, length), (found.Failure, found.OffsetBytes));
            Assert.Contains($"the end after {length} bytes", found.Message, StringComparison.Ordinal);
        }

        // Each set's end, and nowhere else.
        Assert.Equal(2, ends.Count);
        Assert.Equal(medium.Length, ends[1]);
    }

    [Fact]
    public void Push_BehindTheEnd_ExpectsAnotherSet()
    {
        byte[] medium = Media.Whole([1, 2, 3]);
        TapeFormatException? found = Ignored.Read([.. medium, .. new byte[1024]]);
        Assert.Equal(TapeFormatFailure.Damaged, found!.Failure);
        Assert.Contains("'SSET'", found.Message, StringComparison.Ordinal);
        Assert.Equal(TapeFormatFailure.Truncated, Ignored.Read([.. medium, 0])!.Failure);
    }

    private static byte[][] MakeMedia(int seed)
    {
        TapeWriter writer = Media.Writer(1024);
        using MemoryStream stream = new();
        for (int set = 1; set <= 2; set++)
        {
            Media.BeginSet(writer);
            writer.BeginFile(Media.File("a", 3000));
            Media.Drain(writer, stream, Media.Bytes(3000, seed));
            Media.EndSet(writer);
            Media.Drain(writer, stream);
        }

        byte[][] stripes = Media.Striped(Media.Bytes(20_000, seed), 2, new Random(seed), maxPiece: 2000, blockSize: 2048);
        return [Media.Whole(Media.Bytes(10_000, seed)), stream.ToArray(), .. stripes];
    }

    private static TapeFormatException? ReadWithin(byte[] medium)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        TapeFormatException? found = Ignored.Read(medium);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocatedBytes);
        return found;
    }

    // A medium of two sets that lost the second is a medium of one.
    private static bool IsWholeSets(byte[] mutated, byte[] medium) =>
        mutated.Length == medium.Length / 2 + 1024 && medium.AsSpan().StartsWith(mutated);

    private static byte[] Mutate(byte[] medium, Random random, byte[][] others)
    {
        byte[] bytes = [.. medium];
        for (int round = random.Next(1, 4); round > 0 && bytes.Length > 0; round--)
        {
            int at = random.Next(bytes.Length), length = random.Next(1, Math.Min(2048, bytes.Length - at) + 1);
            byte[] part = bytes[at..(at + length)];
            switch (random.Next(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    random.NextBytes(bytes.AsSpan(at, length));
                    break;
                case 3:
                    // A field at its edge: where fields are, more often than anywhere.
                    byte[] value = BitConverter.GetBytes(s_edges[random.Next(s_edges.Length)]);
                    int field = FieldNear(bytes, at, random);
                    value.AsSpan(0, Math.Min(bytes.Length - field, 1 << random.Next(4))).CopyTo(bytes.AsSpan(field));
                    break;
                case 4:
                    bytes = [.. bytes[..at], .. bytes[(at + length)..]];
                    break;
                case 5:
                    bytes = [.. bytes[..at], .. part, .. bytes[at..]];
                    break;
                case 6:
                    bytes = bytes[..at];
                    break;
                case 7:
                    part.CopyTo(bytes.AsSpan(random.Next(bytes.Length - length + 1)));
                    break;
                default:
                    byte[] other = others[random.Next(others.Length)];
                    int from = random.Next(other.Length), count = Math.Min(length, other.Length - from);
                    other.AsSpan(from, count).CopyTo(bytes.AsSpan(at, count));
                    break;
            }
        }

        return bytes;
    }

    // Behind the next thing that begins with letters of ours or of the format.
    private static int FieldNear(byte[] bytes, int at, Random random)
    {
        ReadOnlySpan<byte> rest = bytes.AsSpan(at);
        int found = random.Next(6) switch
        {
            0 => rest.IndexOf("OV"u8),
            1 => rest.IndexOf("STAN"u8),
            2 => rest.IndexOf("SPAD"u8),
            3 => rest.IndexOf("SSET"u8),
            4 => rest.IndexOf("FILE"u8),
            _ => 0,
        };
        return Math.Min(bytes.Length - 1, at + Math.Max(found, 0) + (random.Next(60) & ~1));
    }
}
