using System.Text;

namespace OpenVdi.Tape.Tests;

/// <summary>What another program makes of our media (docs/spec/mtf.md, sections 3 and 8).</summary>
public sealed class ForeignReaderTests
{
    [Theory]
    [MemberData(nameof(TapeStreamTests.BlockSizes), MemberType = typeof(TapeStreamTests))]
    public void ForeignWalker_OfAWholeFile_TakesItOut(int blockSize)
    {
        foreach (int length in new[] { 0, 1, 897, 898, 899, 900, 50_000 })
        {
            byte[] file = Media.Bytes(length, length);
            ForeignWalker walker = new(Media.Whole(file, blockSize));
            Assert.Equal(file, walker.Files["srv/databases/shop.db"]);
            Assert.Equal(["TAPE", "SFMB", "SSET", "VOLB", "DIRB", "FILE", "SFMB", "ESET", "SFMB"], walker.Blocks);
            Assert.Equal("OpenVdi", walker.Software);
        }
    }

    [Fact]
    public void ForeignWalker_OfAWholeFile_MeetsTheDataFirstInItsBlock()
    {
        // Before the data of a file of known size stands nothing of ours: a reader that stops at what it does not know has
        // had the file by then.
        ForeignWalker walker = new(Media.Whole([1, 2, 3]));
        Assert.Equal(
            ["OVMF", "OVCK", "SPAD", "OVBR", "OVCK", "SPAD", "OVCK", "SPAD", "OVCK", "SPAD", "STAN", "OVCK", "SPAD",
                "OVES", "OVCK", "SPAD"], walker.Streams);
    }

    [Fact]
    public void ForeignWalker_OfAStripe_TakesItsPiecesOutInTheirOrder()
    {
        byte[] file = Media.Bytes(20_000, 3);
        foreach (byte[] medium in Media.Striped(file, 2, new Random(3), maxPiece: 3000, blockSize: 4096))
        {
            // Pieces come in rising order here, so joined they are what they are without the gaps.
            ForeignWalker walker = new(medium);
            byte[] part = walker.Files["srv/databases/shop.db"];
            byte[] ours = Media.Read(medium).BytesOf("shop.db");
            Assert.Equal(Media.Read(medium).SetEnds[0].Totals.DataBytes, part.Length);
            Assert.Equal(ours.Length == 0 ? 0 : ours[^1], part.Length == 0 ? 0 : part[^1]);
            Assert.Contains("OVRG", walker.Streams);
        }
    }

    [Fact]
    public void ForeignWalker_OfSeveralSets_FindsEachFilemark()
    {
        TapeWriter writer = Media.Writer(1024);
        using MemoryStream stream = new();
        for (int set = 1; set <= 130; set++)
        {
            Media.BeginSet(writer);
            Media.EndSet(writer);
            Media.Drain(writer, stream);
            if (set == 3)
            {
                Assert.Equal(7, new ForeignWalker(stream.ToArray()).Blocks.Count(type => type == "SFMB"));
            }
        }

        // 261 filemarks; a block of 1024 bytes has room for the last 241 before it.
        byte[] last = stream.ToArray()[^1024..];
        Assert.Equal(241, BitConverter.ToInt32(last, 52));
        Assert.Equal(241, BitConverter.ToInt32(last, 56));
        Assert.Equal(130, Media.Read(stream.ToArray()).Sets.Count);
    }

    [Fact]
    public void Write_OfAPath_SeparatesWithNul()
    {
        byte[] block = new byte[1024];
        new DirectoryBlock { Path = @"a\b" }.Write(block, 0, 0);
        Assert.Equal("a\0b\0", Encoding.Unicode.GetString(block, 84, 8));
        new DirectoryBlock().Write(block, 0, 0);
        Assert.Equal((2, 84, 0), (block[80], block[82], block[84]));
    }
}
