using Xunit.Abstractions;

namespace OpenVdi.Tape.Tests;

/// <summary>No bit of a medium can change without a reader's saying so.</summary>
public sealed class BitFlipTests(ITestOutputHelper output)
{
    private const int RandomFlips = 10_000;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Push_AfterARandomFlip_ReportsIt(int stripes)
    {
        int seed = Testing.TestSeed.Choose(8000 + stripes);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        byte[][] media = Media.Striped(Media.Bytes(150_000, seed), stripes, random, maxPiece: 8192, blockSize: 4096);
        for (int i = 0; i < RandomFlips; i++)
        {
            byte[] medium = media[random.Next(stripes)];
            AssertFound(medium, random.NextInt64(8L * medium.Length));
        }

        Assert.All(media, medium => Assert.Null(Ignored.Read(medium)));
    }

    [Fact]
    public void Push_AfterARandomFlipInAWholeFile_ReportsIt()
    {
        int seed = Testing.TestSeed.Choose(8010);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        byte[] medium = Media.Whole(Media.Bytes(100_000, seed), 512);
        for (int i = 0; i < RandomFlips; i++)
        {
            AssertFound(medium, random.NextInt64(8L * medium.Length));
        }

        Assert.Null(Ignored.Read(medium));
    }

    [Fact]
    public void Push_AfterAnyFlipInASmallMedium_ReportsIt()
    {
        byte[][] media =
        [
            Media.Whole(Media.Bytes(5, 1)),
            Media.Striped(Media.Bytes(400, 2), 1, new Random(2), maxPiece: 150)[0],
        ];
        foreach (byte[] medium in media)
        {
            for (long bit = 0; bit < 8L * medium.Length; bit++)
            {
                AssertFound(medium, bit);
            }

            Assert.Null(Ignored.Read(medium));
        }
    }

    // The largest blocks have the longest padding, and a set's end that is padded further than to a physical block.
    [Fact]
    public void Push_AfterAFlipInAnyByteOfTheLargestBlocks_ReportsIt()
    {
        int seed = Testing.TestSeed.Choose(8020);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        byte[] medium = Media.Whole(Media.Bytes(5, 1), 65536);
        for (long at = 0; at < medium.Length; at += 1 + random.Next(40))
        {
            AssertFound(medium, (8 * at) + random.Next(8));
        }
    }

    [Fact]
    public void Push_AfterTwoFlipsThatTheFormatsChecksumMisses_ReportsThem()
    {
        // The same bit of two words in the header of VOLB.
        byte[] medium = Media.Whole([1, 2, 3]);
        int volume = medium.AsSpan().IndexOf("VOLB"u8);
        Flip(medium, 8 * (volume + 30));
        Flip(medium, 8 * (volume + 40));
        TapeFormatException? found = Ignored.Read(medium);
        Assert.NotNull(found);
        Assert.Equal(TapeFormatFailure.Damaged, found.Failure);
        Assert.Contains("of all before it", found.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Push_OfPiecesFromAnotherStripe_ReportsThem()
    {
        // Two pieces of the same number and length, each whole with its range and checksum, change places between stripes.
        byte[][] media = [Piece(1, 1), Piece(2, 2)];
        Assert.All(media, medium => Assert.Null(Ignored.Read(medium)));
        int at = media[0].AsSpan().IndexOf("OVRG"u8);
        Assert.Equal(at, media[1].AsSpan().IndexOf("OVRG"u8));
        const int Length = 1000 + TapeFormat.PieceOverheadBytes;
        byte[] exchanged = [.. media[0][..at], .. media[1].AsSpan(at, Length), .. media[0][(at + Length)..]];
        Assert.NotNull(Ignored.Read(exchanged));
    }

    private static byte[] Piece(int stripe, int seed)
    {
        TapeWriter writer = Media.Writer(512, stripe, 2);
        using MemoryStream stream = new();
        Media.BeginSet(writer, stripe, 2);
        writer.BeginPiecedFile(Media.File("shop.db", 1000));
        writer.BeginPiece(0, 1000);
        Media.Drain(writer, stream, Media.Bytes(1000, seed));
        Media.EndSet(writer, 1000);
        Media.Drain(writer, stream);
        return stream.ToArray();
    }

    private static void AssertFound(byte[] medium, long bit)
    {
        Flip(medium, bit);
        TapeFormatException? found = Ignored.Read(medium);
        Flip(medium, bit);
        Assert.True(found is not null, $"bit {bit % 8} of byte {bit / 8} of {medium.Length} was flipped, and nothing was said");
        Assert.InRange(found.OffsetBytes, 0, medium.Length);
    }

    private static void Flip(byte[] medium, long bit) => medium[bit / 8] ^= (byte)(1 << (int)(bit % 8));
}
