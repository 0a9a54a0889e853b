using Xunit.Abstractions;

namespace OpenVdi.Tape.Tests;

/// <summary>What is written comes back, however it is cut.</summary>
public sealed class TapeStreamTests(ITestOutputHelper output)
{
    public static TheoryData<int> BlockSizes => [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

    [Theory]
    [MemberData(nameof(BlockSizes))]
    public void Push_OfAWholeFile_GivesItBack(int blockSize)
    {
        foreach (int length in new[] { 0, 1, 3, 4, 1023, 1024, 70000 })
        {
            byte[] file = Media.Bytes(length, length);
            byte[] medium = Media.Whole(file, blockSize);
            Assert.Equal(0, medium.Length % Math.Max(blockSize, TapeFormat.LogicalBlockBytes));
            Kept kept = Media.Read(medium);
            Assert.Equal(file, kept.BytesOf("shop.db"));
            Assert.Equal(new TapeGeometry(blockSize), kept.Family.Geometry);
        }
    }

    [Fact]
    public void Push_OfAMedium_TellsItsPartsInOrder()
    {
        byte[] medium = Media.Striped(Media.Bytes(250, 1), 1, new Random(1), maxPiece: 100)[0];
        Kept kept = Media.Read(medium);
        Assert.Equal("TAPE, filemark 1, SSET 1, VOLB, DIRB, FILE shop.db", string.Join(", ", kept.Events[..6]));
        Assert.StartsWith("'STAN' ", kept.Events[6], StringComparison.Ordinal);
        Assert.Equal("filemark 7, ESET 1, filemark 9", string.Join(", ", kept.Events[^3..]));
        Assert.InRange(kept.VerifiedBytes, medium.Length - 2048, medium.Length - 1024);
    }

    [Fact]
    public void Push_OfAMedium_GivesBackWhatItsBlocksSay()
    {
        Kept kept = Media.Read(Media.Whole([1, 2, 3]));
        Assert.Equal(Media.Header() with { SoftFilemarkBytes = 1024 }, kept.Header);
        Assert.Equal(Media.Family(), kept.Family);
        (StartOfSetBlock set, BackupRecord record) = Assert.Single(kept.Sets);
        Assert.Equal(
            Media.Set() with { DataSetNumber = 1, PhysicalBlockAddress = 2, Attributes = SetAttributes.Normal }, set);
        Assert.Equal(Media.Record(), record);
        Assert.Equal(@"srv\databases", kept.Directory!.Path);
        Assert.Equal(("C:", "data", "host"), (kept.Volume!.DeviceName, kept.Volume.VolumeName, kept.Volume.MachineName));
        Assert.Equal(Media.File("shop.db", 3) with { FileId = 1 }, Assert.Single(kept.Files));
        (EndOfSetBlock end, SetTotals totals) = Assert.Single(kept.SetEnds);
        Assert.Equal((1, false, Media.Local), (end.DataSetNumber, end.IsAborted, end.Written));
        Assert.Equal(
            new SetTotals { FileCount = 1, DataBytes = 3, AllStripesBytes = 3, Finished = Media.Moment.AddMinutes(1) }, totals);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(64)]
    public void Push_OfStripesInAnyOrder_GivesTheFileBack(int stripes)
    {
        int seed = Testing.TestSeed.Choose(7000 + stripes);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        byte[] file = Media.Bytes(100_000, seed);
        byte[][] media = Media.Striped(file, stripes, random, maxPiece: 5000);
        random.Shuffle(media);
        byte[] restored = new byte[file.Length];
        long total = 0;
        BackupRecord? first = null;
        foreach (byte[] medium in media)
        {
            Kept kept = Media.Read(medium, () => random.Next(1, 3000));
            first ??= kept.Sets[0].Record;
            Assert.True(first.IsSameBackup(kept.Sets[0].Record));
            Assert.Equal(file.Length, kept.SetEnds[0].Totals.AllStripesBytes);
            byte[] part = kept.BytesOf("shop.db");
            total += kept.SetEnds[0].Totals.DataBytes;

            // No two stripes have the same place, so adding what is zero elsewhere puts them together.
            for (int i = 0; i < part.Length; i++)
            {
                restored[i] += part[i];
            }
        }

        Assert.Equal(file.Length, total);
        Assert.Equal(file, restored);
    }

    [Fact]
    public void Write_InPartsOfAnySize_GivesTheSameBytes()
    {
        int seed = Testing.TestSeed.Choose(7100);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        byte[] file = Media.Bytes(5000, seed);
        byte[] expected = Media.Whole(file, 4096);
        Random random = new(seed);
        foreach (int largest in new[] { 1, 2, 7, 100, 5000, 100_000 })
        {
            TapeWriter writer = Media.Writer(4096);
            using MemoryStream stream = new();
            Media.BeginSet(writer);
            writer.BeginFile(Media.File("shop.db", file.Length));
            Media.Drain(writer, stream, file, () => random.Next(1, largest + 1));
            Media.EndSet(writer);
            Media.Drain(writer, stream, file, () => random.Next(1, largest + 1));
            Assert.Equal(expected, stream.ToArray());
            Assert.Equal(expected.Length, writer.PositionBytes);
        }
    }

    [Fact]
    public void Push_InPartsOfAnySize_TellsTheSame()
    {
        int seed = Testing.TestSeed.Choose(7200);
        output.WriteLine($"seed {seed}; replay with {Testing.TestSeed.Variable}={seed}");
        Random random = new(seed);
        byte[] file = Media.Bytes(9000, seed);
        byte[] medium = Media.Striped(file, 1, random, maxPiece: 700, blockSize: 2048)[0];
        Kept expected = Media.Read(medium);
        foreach (int largest in new[] { 1, 2, 7, 100, 5000 })
        {
            Kept kept = Media.Read(medium, () => random.Next(1, largest + 1));
            Assert.Equal(expected.Events, kept.Events);
            Assert.Equal(file, kept.BytesOf("shop.db"));
        }
    }

    [Fact]
    public void BeginFile_SeveralTimes_KeepsEach()
    {
        TapeWriter writer = Media.Writer();
        using MemoryStream stream = new();
        Media.BeginSet(writer);
        writer.BeginFile(Media.File("empty", 0));
        writer.BeginFile(Media.File("a", 2000));
        Media.Drain(writer, stream, Media.Bytes(2000, 1));
        writer.BeginPiecedFile(Media.File("nothing", 0));
        writer.BeginPiecedFile(Media.File("b", 0));
        writer.BeginPiece(10, 5);
        Media.Drain(writer, stream, Media.Bytes(15, 2));
        Media.EndSet(writer, isAborted: true);
        Media.Drain(writer, stream);
        Kept kept = Media.Read(stream.ToArray());
        Assert.Equal(["empty", "a", "nothing", "b"], kept.Files.Select(file => file.Name));
        Assert.Equal([1u, 2u, 3u, 4u], kept.Files.Select(file => file.FileId));
        Assert.Equal(Media.Bytes(2000, 1), kept.BytesOf("a"));
        Assert.Equal(Media.Bytes(15, 2)[10..], kept.BytesOf("b")[10..]);
        Assert.True(kept.SetEnds[0].Set.IsAborted);
        Assert.Equal("ESET 1 aborted", kept.Events[^2]);
    }

    [Fact]
    public void EndSet_OfASetWithoutFiles_IsReadable()
    {
        TapeWriter writer = Media.Writer();
        using MemoryStream stream = new();
        Media.BeginSet(writer);
        Media.EndSet(writer);
        Media.Drain(writer, stream);
        Assert.Empty(Media.Read(stream.ToArray()).Files);
    }

    [Theory]
    [MemberData(nameof(BlockSizes))]
    public void TapeWriter_OnAMediumThatWasRead_PutsAnotherSetBehind(int blockSize)
    {
        using MemoryStream stream = new();
        byte[] first = Media.Whole(Media.Bytes(3000, 1), blockSize);
        stream.Write(first);
        TapeReader reader = new(new Kept());
        reader.Push(first);
        TapeMedium medium = reader.Medium!;
        Assert.Equal((first.Length, 1), (medium.EndBytes, medium.DataSetCount));

        TapeWriter writer = new(medium);
        Assert.Equal(first.Length, writer.PositionBytes);
        for (int set = 2; set <= 4; set++)
        {
            Media.BeginSet(writer);
            writer.BeginFile(Media.File($"file{set}", 100 * set));
            Media.Drain(writer, stream, Media.Bytes(1000, set));
            Media.EndSet(writer);
            Media.Drain(writer, stream);
            Assert.Equal(stream.Length, writer.Medium!.EndBytes);
        }

        Kept kept = Media.Read(stream.ToArray());
        Assert.Equal([1, 2, 3, 4], kept.Sets.Select(set => set.Set.DataSetNumber));
        int physical = new TapeGeometry(blockSize).PhysicalBlockBytes;
        Assert.Equal(first.Length / physical, kept.Sets[1].Set.PhysicalBlockAddress);
        Assert.Equal(Media.Bytes(1000, 3)[..300], kept.BytesOf("file3"));

        // What was read once need not be read again.
        Kept behind = new();
        TapeReader next = new(behind, medium);
        next.Push(stream.ToArray().AsSpan(first.Length));
        next.End();
        Assert.Equal([2, 3, 4], behind.Sets.Select(set => set.Set.DataSetNumber));
        Assert.Equal(stream.Length, next.PositionBytes);
    }

    [Fact]
    public void BeginPiece_OfASizeThatFits_FillsTheBufferToItsEnd()
    {
        TapeWriter writer = Media.Writer();
        using MemoryStream stream = new();
        Media.BeginSet(writer);
        writer.BeginPiecedFile(Media.File("shop.db", 0));
        Media.Drain(writer, stream);
        foreach (int buffer in new[] { 512, 65536 })
        {
            long before = writer.PositionBytes;
            writer.BeginPiece(0, buffer - TapeFormat.PieceOverheadBytes);
            Media.Drain(writer, stream, new byte[buffer]);
            Assert.Equal(buffer, writer.PositionBytes - before);
        }
    }
}
