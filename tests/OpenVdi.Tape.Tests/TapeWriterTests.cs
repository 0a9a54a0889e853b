namespace OpenVdi.Tape.Tests;

/// <summary>What a writer refuses, and that nothing of it is in the stream.</summary>
public sealed class TapeWriterTests
{
    [Fact]
    public void TapeWriter_OfNoMedium_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Media.Writer(512, 0, 1));
        Assert.Throws<ArgumentException>(() => Media.Writer(512, 2, 1));
        Assert.Throws<ArgumentException>(() => Media.Writer(512, 65, 65));
        Assert.Throws<ArgumentException>(() => new TapeWriter(Media.Header(), Media.Family() with { Geometry = default }));
        Assert.Throws<ArgumentException>(() => new TapeWriter(Media.Header() with { VendorId = 0x1200 }, Media.Family()));
        Assert.Throws<ArgumentException>(() => new TapeWriter(Media.Header() with { MediaSequenceNumber = 0 }, Media.Family()));
        Assert.Throws<ArgumentException>(
            () => new TapeWriter(Media.Header() with { Description = new string('x', 500) }, Media.Family()));
    }

    [Fact]
    public void Begin_OutOfTurn_IsRefused()
    {
        TapeWriter writer = Media.Writer();
        Assert.Throws<InvalidOperationException>(() => writer.BeginFile(Media.File("a", 1)));
        Assert.Throws<InvalidOperationException>(() => writer.BeginPiecedFile(Media.File("a", 1)));
        Assert.Throws<InvalidOperationException>(() => writer.BeginPiece(0, 1));
        Assert.Throws<InvalidOperationException>(() => Media.EndSet(writer));
        Media.BeginSet(writer);
        Assert.Null(writer.Medium);
        Assert.Throws<InvalidOperationException>(() => Media.BeginSet(writer));
        Assert.Throws<InvalidOperationException>(() => writer.BeginPiece(0, 1));
        writer.BeginFile(Media.File("a", 2));
        Assert.Throws<InvalidOperationException>(() => writer.BeginFile(Media.File("b", 1)));
        InvalidOperationException found = Assert.Throws<InvalidOperationException>(() => Media.EndSet(writer));
        Assert.Contains("2 bytes of data due", found.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => writer.BeginPiece(0, 1));

        // And for all that it goes on.
        using MemoryStream stream = new();
        Media.Drain(writer, stream, [7, 8]);
        Media.EndSet(writer);
        Media.Drain(writer, stream);
        Assert.Equal([7, 8], Media.Read(stream.ToArray()).BytesOf("a"));
    }

    [Fact]
    public void BeginSet_OfWhatDoesNotFit_BeginsNothing()
    {
        TapeWriter writer = Media.Writer();
        using MemoryStream stream = new();
        string tooLong = new('x', 600);
        void Begin(
            StartOfSetBlock? set = null, VolumeBlock? volume = null, DirectoryBlock? directory = null, BackupRecord? record = null) =>
            writer.BeginSet(set ?? Media.Set(), volume ?? new(), directory ?? new(), record ?? Media.Record());

        Assert.Throws<ArgumentException>(() => Begin(set: new() { Name = tooLong }));
        Assert.Throws<ArgumentException>(() => Begin(set: new() { TimeZone = TimeSpan.FromHours(15) }));
        Assert.Throws<ArgumentException>(() => Begin(volume: new() { MachineName = tooLong }));
        Assert.Throws<ArgumentException>(() => Begin(directory: new() { Path = tooLong }));
        Assert.Throws<ArgumentException>(() => Begin(record: Media.Record() with { MediaSetId = Guid.Empty }));
        Assert.Throws<ArgumentException>(() => Begin(record: Media.Record(1, 2)));
        Assert.Throws<ArgumentException>(() => Begin(record: Media.Record() with { PageSizeBytes = 0 }));
        Media.BeginSet(writer);
        Assert.Throws<ArgumentException>(() => writer.BeginFile(Media.File(tooLong, 1)));
        Assert.Throws<ArgumentException>(() => writer.BeginPiecedFile(Media.File("a", -1)));
        writer.BeginFile(Media.File("shop.db", 3));
        Media.Drain(writer, stream, [1, 2, 3]);
        Media.EndSet(writer);
        Media.Drain(writer, stream);
        Assert.Equal(Media.Whole([1, 2, 3]), stream.ToArray());
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 101)]
    [InlineData(100, 1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, long.MaxValue)]
    public void BeginPiece_OfNoPartOfTheFile_IsRefused(long offset, long length)
    {
        TapeWriter writer = Media.Writer();
        Media.BeginSet(writer);
        writer.BeginPiecedFile(Media.File("a", 100));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.BeginPiece(offset, length));
        writer.BeginPiece(99, 1);
    }

    [Fact]
    public void AppendData_OfMoreThanIsDue_IsRefused()
    {
        TapeWriter writer = Media.Writer();
        Media.BeginSet(writer);
        writer.BeginFile(Media.File("a", 2));

        // Structure comes first.
        Assert.Equal(0, writer.DataDueBytes);
        Assert.Throws<ArgumentException>(() => writer.AppendData([1]));
        using MemoryStream stream = new();
        byte[] buffer = new byte[100_000];
        Assert.InRange(writer.Write(buffer), 1, buffer.Length - 1);
        Assert.Equal((2, 0), (writer.DataDueBytes, writer.DataOffsetBytes));
        Assert.Throws<ArgumentException>(() => writer.AppendData([1, 2, 3]));
        writer.AppendData([1]);
        Assert.Equal((1, 1), (writer.DataDueBytes, writer.DataOffsetBytes));
        Assert.Equal(0, writer.Write(buffer));
        writer.AppendData([]);
        writer.AppendData([2]);
        Assert.Throws<ArgumentException>(() => writer.AppendData([3]));
    }

    [Fact]
    public void EndSet_OfAnImpossibleTime_IsRefused()
    {
        TapeWriter writer = Media.Writer();
        Media.BeginSet(writer);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.EndSet(null, DateTimeOffset.MinValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.EndSet(null, Media.Moment, allStripesBytes: -1));
        writer.EndSet(null, DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public void Push_AfterAFailure_IsRefused()
    {
        TapeReader reader = new(new Ignored());
        Assert.Throws<TapeFormatException>(() => reader.Push(new byte[100]));
        Assert.Throws<InvalidOperationException>(() => reader.Push([1]));
        Assert.Throws<InvalidOperationException>(reader.End);
        Assert.False(reader.IsAtEndOfSet);
        Assert.Null(reader.Medium);
    }

    [Fact]
    public void Push_ToASinkThatFails_PassesItsFailureOnce()
    {
        byte[] medium = Media.Whole([1, 2, 3]);
        Kept kept = new();
        TapeReader reader = new(kept);
        reader.Push(medium.AsSpan(0, 2000));

        // Kept asserts that checksums rise; told of one twice, it throws.
        kept.OnVerified(long.MaxValue);
        Assert.ThrowsAny<Exception>(() => reader.Push(medium.AsSpan(2000)));
        Assert.Throws<InvalidOperationException>(() => reader.Push([0]));
    }

    [Fact]
    public void IsAtEndOfSet_WithinABlock_IsFalse()
    {
        TapeWriter writer = Media.Writer();
        using MemoryStream stream = new();
        for (int set = 0; set < 2; set++)
        {
            Media.BeginSet(writer);
            Media.EndSet(writer);
            Media.Drain(writer, stream);
        }

        byte[] medium = stream.ToArray();
        TapeReader reader = new(new Ignored());
        List<long> ends = [];
        foreach (byte value in medium)
        {
            reader.Push([value]);
            if (reader.IsAtEndOfSet)
            {
                ends.Add(reader.PositionBytes);
            }
        }

        Assert.Equal([1024 + (medium.Length / 2), medium.Length], ends);
    }
}
