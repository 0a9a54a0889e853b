using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Files come out of a medium as they went in, for a reader that knows no private stream.</summary>
public sealed class MtfExtractTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Extract_OfAValidMedium_GivesEachFileItsData(bool isSoft)
    {
        (byte[] bytes, MtfCheckOptions options) = SampleMedium.Create(isSoft: isSoft).Build();
        var files = new Dictionary<string, MemoryStream>(StringComparer.Ordinal);
        using var medium = new TrickleStream(bytes);
        MtfReport report = MtfChecker.Extract(medium, options, file => files[file.Path] = new MemoryStream());

        Assert.Equal(["a.txt", "b.bin", "dir/sub/c", "dir/sub/nothing"], files.Keys);
        Assert.Equal(SampleMedium.DataA, files["a.txt"].ToArray());
        Assert.Equal(SampleMedium.DataB.SelectMany(piece => piece), files["b.bin"].ToArray());
        Assert.Equal(SampleMedium.DataC, files["dir/sub/c"].ToArray());
        Assert.Empty(files["dir/sub/nothing"].ToArray());
        Assert.All(files.Values, file => Assert.False(file.CanWrite));
        Assert.Equal(4, report.Files.Count());
    }

    [Fact]
    public void Extract_OfAFileThatNobodyWants_PassesOverIt()
    {
        (byte[] bytes, _) = SampleMedium.Create().Build();
        using var medium = new MemoryStream(bytes);
        using var wanted = new MemoryStream();
        MtfChecker.Extract(medium, file => file.Name == "c" ? wanted : null);
        Assert.Equal(SampleMedium.DataC, wanted.ToArray());
    }

    [Fact]
    public void Extract_OfABrokenMedium_ClosesTheFileAndNamesTheRule()
    {
        Medium broken = SampleMedium.Create();
        broken["FILE", 1].Streams[0].Fill = 7;
        (byte[] bytes, _) = broken.Build();
        using var medium = new MemoryStream(bytes);
        var opened = new List<MemoryStream>();
        MtfViolationException violation = Assert.Throws<MtfViolationException>(() => MtfChecker.Extract(medium, _ =>
        {
            opened.Add(new MemoryStream());
            return opened[^1];
        }));
        Assert.Equal("StreamFill", MtfMutations.NameOf(violation.Violated));
        Assert.Equal(2, opened.Count);
        Assert.All(opened, file => Assert.False(file.CanWrite));
    }

    [Fact]
    public void Extract_OfDataThatIsNotPlain_SaysSo()
    {
        AssertNotSupported(SampleMedium.Create(), "compressed",
            static file => (file.Streams[0].Media, file.Streams[0].Compression) = (16 | 32, 1));
        AssertNotSupported(SampleMedium.Create(), "encrypted",
            static file => (file.Streams[0].Media, file.Streams[0].Encryption) = (8 | 32, 1));
        AssertNotSupported(SampleMedium.Create(), "sparse", file => file.Stream("SPAR", new byte[8]));
        AssertNotSupported(SampleMedium.CreateContinuation(), "from another medium", static _ => { });
        AssertNotSupported(SampleMedium.Create(), "STAN first", static file =>
        {
            file.NoText(84).Set32(52, 1 << 17).Stream("FNAM", [0x41, 0]);
        });
    }

    private static void AssertNotSupported(Medium medium, string words, Action<Part> change)
    {
        change(medium["FILE"]);
        (byte[] bytes, MtfCheckOptions options) = medium.Build();
        using var stream = new MemoryStream(bytes);
        NotSupportedException refused = Assert.Throws<NotSupportedException>(
            () => MtfChecker.Extract(stream, options, static _ => new MemoryStream()));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);

        // To check is possible all the same.
        using var again = new MemoryStream(bytes);
        Assert.NotEmpty(MtfChecker.Check(again, options).Files);
    }
}
