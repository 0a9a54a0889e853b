using OpenVdi.Testing.Mtf;

namespace OpenVdi.Tape.Tests;

/// <summary>Media against the checker that was written from the format's specification alone, by who had not seen the writer:
/// it accepts each block of them, and takes the file out. Media in pieces are not for it: the streams of ours between the
/// pieces of a file are more than the format speaks of (docs/reference/tape-stream.md).</summary>
public sealed class StrictCheckerTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(4096)]
    [InlineData(32768)]
    public void Extract_OfAFileOfKnownSize_GivesItByteForByte(int blockSize)
    {
        foreach (int size in new[] { 0, 1, 511, 1024, 4096, 100_000 })
        {
            byte[] file = Media.Bytes(size, size);
            (string name, byte[] bytes) = Assert.Single(Extract(Media.Whole(file, blockSize)));
            Assert.Equal("shop.db", name);
            Assert.Equal(file, bytes);
        }
    }

    [Theory]
    [InlineData(512)]
    [InlineData(8192)]
    public void Extract_OfSetsBehindEachOther_GivesTheFilesOfAll(int blockSize)
    {
        TapeWriter writer = Media.Writer(blockSize);
        using MemoryStream stream = new();
        List<(string, byte[])> files = [];
        for (int set = 0; set < 20; set++)
        {
            (string Name, byte[] Bytes) file = ($"shop-{set}.db", Media.Bytes(1000 + set, set));
            Media.BeginSet(writer);
            writer.BeginFile(Media.File(file.Name, file.Bytes.Length));
            Media.Drain(writer, stream, file.Bytes);
            Media.EndSet(writer);
            Media.Drain(writer, stream);
            files.Add(file);
        }

        Assert.All(files.Zip(Extract(stream.ToArray()), (wanted, found) => (wanted, found)), pair =>
        {
            Assert.Equal(pair.wanted.Item1, pair.found.Name);
            Assert.Equal(pair.wanted.Item2, pair.found.Bytes);
        });
    }

    [Fact]
    public void Check_OfAMediumWithOneBitOfItsStructureChanged_RefusesIt()
    {
        byte[] medium = Media.Whole(Media.Bytes(10, 1));
        for (int bit = 0; bit < TapeFormat.LogicalBlockBytes * 8; bit += 7)
        {
            byte[] altered = (byte[])medium.Clone();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            MtfReport? report = null;
            try
            {
                report = MtfChecker.Check(new MemoryStream(altered));
            }
            catch (MtfViolationException)
            {
                continue;
            }

            // What it does not know is ours: the stripes' record and the sums are under our own checksum.
            Assert.NotNull(report);
            Assert.Throws<TapeFormatException>(() => Media.Read(altered));
        }
    }

    private static List<(string Name, byte[] Bytes)> Extract(byte[] medium)
    {
        List<(string, MemoryStream)> files = [];
        _ = MtfChecker.Extract(new MemoryStream(medium), file =>
        {
            MemoryStream content = new();
            files.Add((file.Name, content));
            return content;
        });
        return [.. files.Select(file => (file.Item1, file.Item2.ToArray()))];
    }
}
