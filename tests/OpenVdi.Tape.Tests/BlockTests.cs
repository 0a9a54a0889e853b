using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape.Tests;

/// <summary>Blocks one by one: what they say comes back, and what cannot be right is refused by name.</summary>
public sealed class BlockTests
{
    private const long Offset = 7168;

    /// <summary>Where a field lies, what to put there, and what the message must name.</summary>
    public static TheoryData<int, string, string> BadDirectories => new()
    {
        { 10, "0E01", "operating system" },
        { 48, "01", "string type" },
        { 80, "0200FFFF", "a path" }, // behind the block
        { 80, "FFFF5400", "a path" }, // longer than the block
        { 80, "02005300", "a path" }, // in the fixed part
        { 80, "03005400", "a path" }, // half a character
        { 80, "00000000", "ends in NUL" }, // none
        { 84, "00D8", "UTF-16" }, // half a surrogate pair
        { 66, "FFFFFFFFFF", "a date" },
    };

    [Fact]
    public void Read_OfATapeBlock_GivesItBack()
    {
        byte[] bytes = new byte[1024];
        int length = Media.Header().Write(bytes, new TapeGeometry(4096));
        Assert.Equal(Media.Header() with { SoftFilemarkBytes = 4096 }, TapeBlock.Read(bytes.AsSpan(0, length), 0));
    }

    [Theory]
    [InlineData(-14 * 60)]
    [InlineData(-15)]
    [InlineData(0)]
    [InlineData(345)]
    [InlineData(null)]
    public void Read_OfAStartOfSet_GivesItBack(int? zoneMinutes)
    {
        StartOfSetBlock set = Media.Set() with
        {
            TimeZone = zoneMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
            DataSetNumber = ushort.MaxValue,
            PhysicalBlockAddress = TapeFormat.MaxFileBytes,
            Attributes = SetAttributes.Differential | SetAttributes.Copy,
            SoftwareMajor = 255,
        };
        byte[] bytes = new byte[1024];
        int length = set.Write(bytes);
        Assert.Equal(set, StartOfSetBlock.Read(bytes.AsSpan(0, length), Offset));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData(@"srv\läden\𝄞")]
    public void Read_OfADirectory_GivesItBack(string path)
    {
        DirectoryBlock directory = new() { Path = path, DirectoryId = 9, Written = Media.Local };
        byte[] bytes = new byte[1024];
        int length = directory.Write(bytes, 3, 4);
        Assert.Equal(directory, DirectoryBlock.Read(bytes.AsSpan(0, length), Offset));
        Assert.Equal(0, length % 4);
    }

    [Theory]
    [MemberData(nameof(BadDirectories))]
    public void Read_OfADirectoryThatCannotBe_NamesIt(int at, string bytes, string named)
    {
        byte[] block = new byte[1024];
        int length = new DirectoryBlock { Path = "a" }.Write(block, 0, 0);
        Convert.FromHexString(bytes).CopyTo(block, at);
        Seal(block);
        TapeFormatException found = Assert.Throws<TapeFormatException>(
            () => DirectoryBlock.Read(block.AsSpan(0, length), Offset));
        Assert.Equal(TapeFormatFailure.Damaged, found.Failure);
        Assert.Contains(named, found.Message, StringComparison.Ordinal);
        Assert.Contains("'DIRB'", found.Message, StringComparison.Ordinal);
        Assert.InRange(found.OffsetBytes, Offset, Offset + 84);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData(@"a\b")]
    [InlineData("a\0b")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public void FileBlock_WithANameThatLeadsElsewhere_IsRefusedOnBothSides(string name)
    {
        byte[] block = new byte[1024];
        Assert.Throws<ArgumentException>(() => new FileBlock { Name = name }.Write(block, 0, 0));

        // As another would write it: a longer name first, then this one over it.
        int length = new FileBlock { Name = "12345" }.Write(block, 0, 0);
        System.Text.Encoding.Unicode.GetBytes(name, block.AsSpan(88));
        WriteUInt16LittleEndian(block.AsSpan(84), (ushort)(2 * name.Length));
        Assert.Throws<TapeFormatException>(() => FileBlock.Read(block.AsSpan(0, length), Offset));
    }

    [Theory]
    [InlineData(@"\a")]
    [InlineData(@"a\")]
    [InlineData(@"a\\b")]
    [InlineData("a\0b")]
    public void DirectoryBlock_WithAPathThatWouldComeBackOtherwise_IsRefused(string path) =>
        Assert.Throws<ArgumentException>(() => new DirectoryBlock { Path = path }.Write(new byte[1024], 0, 0));

    [Fact]
    public void Write_OfAName_FitsToTheLastByteOfTheBlock()
    {
        byte[] block = new byte[1024];
        string longest = new('x', (1024 - 88) / 2);
        int length = new FileBlock { Name = longest }.Write(block, 0, 0);
        Assert.Equal(1024, length);
        Assert.Equal(longest, FileBlock.Read(block, 0).Name);
        ArgumentException found = Assert.Throws<ArgumentException>(() => new FileBlock { Name = longest + "x" }.Write(block, 0, 0));
        Assert.Contains("expected at most 468 characters, found 469", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_OfHalfASurrogatePair_IsRefused() => Assert.Throws<ArgumentException>(
        () => new FileBlock { Name = "a\uD800" }.Write(new byte[1024], 0, 0));

    [Fact]
    public void Write_OfAFileOfImpossibleSize_IsRefused()
    {
        foreach (long size in new[] { -1, TapeFormat.MaxFileBytes + 1 })
        {
            Assert.Throws<ArgumentException>(() => new FileBlock { Name = "a", SizeBytes = size }.Write(new byte[1024], 0, 0));
        }
    }

    [Fact]
    public void Read_OfAnotherVendorsMedium_SaysForeign()
    {
        byte[] block = new byte[1024];
        int length = (Media.Header() with { VendorId = 0x1200 }).Write(block, new TapeGeometry(512));
        TapeFormatException found = Assert.Throws<TapeFormatException>(() => TapeBlock.Read(block.AsSpan(0, length), 0));
        Assert.Equal(TapeFormatFailure.Foreign, found.Failure);
        Assert.Contains("0x1200", found.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfAStreamHeaderThatCannotBe_NamesIt()
    {
        byte[] bytes = new byte[22];
        new StreamHeader(StreamId.FileData, StreamAttributes.None, 5).Write(bytes);
        bytes[8] ^= 1;
        TapeFormatException flipped = Assert.Throws<TapeFormatException>(() => StreamHeader.Read(bytes, 0));
        Assert.Contains("checksum", flipped.Expected, StringComparison.Ordinal);
        new StreamHeader(StreamId.FileData, StreamAttributes.None, -1).Write(bytes);
        TapeFormatException negative = Assert.Throws<TapeFormatException>(() => StreamHeader.Read(bytes, 0));
        Assert.Contains("'STAN'", negative.Expected, StringComparison.Ordinal);
        new StreamHeader((StreamId)7, StreamAttributes.None, 5).Write(bytes);
        bytes[4] ^= 8;
        bytes[20] ^= 8;
        TapeFormatException sparse = Assert.Throws<TapeFormatException>(() => StreamHeader.Read(bytes, 0));
        Assert.Contains("0x00000007", sparse.Expected, StringComparison.Ordinal);
        Assert.Contains("sparse", sparse.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(512, 1024)]
    [InlineData(1024, 1024)]
    [InlineData(8192, 8192)]
    [InlineData(32768, 32768)]
    [InlineData(65536, 32768)]
    public void TapeGeometry_OfABlockSize_HasItsPhysicalBlock(int blockSize, int physical)
    {
        TapeGeometry geometry = new(blockSize);
        Assert.Equal(physical, geometry.PhysicalBlockBytes);
        foreach (long at in new[] { 0L, 1, 1023, 1024, 40_000, 65_536 })
        {
            long end = geometry.EndBeforeLastFilemark(at);
            Assert.True(end >= at && end % physical == 0 && end - at < physical + blockSize);
            Assert.Equal(0, (end + physical) % blockSize);
            Assert.InRange(geometry.EndBeforeFilemark(at) - at, 0, physical - 1);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-512)]
    [InlineData(256)]
    [InlineData(1000)]
    [InlineData(131072)]
    public void TapeGeometry_OfNoBlockSize_IsRefused(int blockSize) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TapeGeometry(blockSize));

    [Fact]
    public void SoftFilemarkBlock_BeyondItsAddresses_ListsThoseItCan()
    {
        SoftFilemarkBlock filemarks = new(new TapeGeometry(1024));
        const long Last = uint.MaxValue * 1024L;
        filemarks.Add(1024);
        filemarks.Add(Last);
        filemarks.Add(Last + 1024);
        byte[] bytes = new byte[1024];
        filemarks.Fill(Last + 2048, 0, bytes);
        BlockHeader header = BlockHeader.Read(bytes, 0);
        Assert.Equal(((ulong)uint.MaxValue + 2, 4u), (header.LogicalAddress, header.ControlBlockId));
        Assert.Equal((2, uint.MaxValue, 1u, 0u),
            (ReadInt32LittleEndian(bytes.AsSpan(56)), ReadUInt32LittleEndian(bytes.AsSpan(60)), ReadUInt32LittleEndian(bytes.AsSpan(64)),
                ReadUInt32LittleEndian(bytes.AsSpan(68))));
    }

    [Fact]
    public void SoftFilemarkBlock_InParts_IsTheSame()
    {
        SoftFilemarkBlock filemarks = new(new TapeGeometry(2048));
        for (int i = 1; i <= 600; i++)
        {
            filemarks.Add(2048L * i);
        }

        byte[] whole = new byte[2048], parts = new byte[2048];
        filemarks.Fill(2048 * 601, 0, whole);
        for (int at = 0; at < parts.Length; at += 61)
        {
            filemarks.Fill(2048 * 601, at, parts.AsSpan(at, Math.Min(61, parts.Length - at)));
        }

        Assert.Equal(whole, parts);

        // The newest first, as many as there is room for; the count of all goes on.
        Assert.Equal((600, 104), (ReadInt32LittleEndian(whole.AsSpan(60)), ReadInt32LittleEndian(whole.AsSpan(2044))));
        Assert.Equal(601u, BlockHeader.Read(whole, 0).ControlBlockId);
    }

    private static void Seal(byte[] block) => WriteUInt16LittleEndian(block.AsSpan(50), Xor16.Of(block.AsSpan(0, 50)));
}
