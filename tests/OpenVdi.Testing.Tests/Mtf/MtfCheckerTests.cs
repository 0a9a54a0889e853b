using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Media that keep every rule are accepted, and reported as they are.</summary>
public sealed class MtfCheckerTests
{
    public static TheoryData<int, int, bool, bool> Layouts
    {
        get
        {
            var layouts = new TheoryData<int, int, bool, bool>();
            foreach (int physical in new[] { 512, 1024, 4096, 32768 })
            {
                foreach (bool isSoft in new[] { true, false })
                {
                    layouts.Add(512, physical, isSoft, true);
                    layouts.Add(1024, physical, isSoft, false);
                    layouts.Add(1024, physical, isSoft, true);
                }
            }

            return layouts;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Check_OfAValidMedium_ReportsWhatItHolds(int flbBytes, int physicalBytes, bool isSoft, bool hasSetMap)
    {
        (byte[] bytes, MtfCheckOptions options) = SampleMedium.Create(flbBytes, physicalBytes, isSoft, hasSetMap).Build();
        using var stream = new MemoryStream(bytes);
        MtfReport report = MtfChecker.Check(stream, options);

        Assert.Equal((flbBytes, physicalBytes, isSoft, hasSetMap ? 1 : 0), (report.Tape.FlbBytes, report.Tape.PhysicalBlockBytes,
            report.Tape.UsesSoftFilemarks, report.Tape.CatalogType));
        Assert.Equal(("media", "description", "software", 99, 0x1234u, 1), (report.Tape.Name, report.Tape.Description,
            report.Tape.Software, report.Tape.VendorId, report.Tape.FamilyId, report.Tape.SequenceNumber));
        Assert.Equal(new DateTime(1996, 12, 31, 20, 7, 30), report.Tape.Date);
        Assert.Equal((5, (long)bytes.Length, false), (report.FilemarkCount, report.LengthBytes, report.GoesOn));
        Assert.Equal([1, 2], report.DataSets.Select(set => set.Number));
        MtfDataSet first = report.DataSets[0];
        Assert.Equal(("set", "of a test", "user", -20, 99, 4u), (first.Name, first.Description, first.User, first.TimeZoneQuarters,
            first.VendorId, first.Attributes));
        Assert.Equal((new DateTime(2025, 3, 4, 5, 6, 7), new DateTime(2025, 3, 4, 5, 6, 7)), (first.Date, first.EndDate));
        Assert.Equal((12, 1, "PRIV"), (first.BlockCount, first.CorruptFileCount, Assert.Single(first.Streams).Id));
        Assert.Equal(first.OffsetBytes, (long)first.Pba * physicalBytes);
        Assert.Null(report.DataSets[1].EndDate);
    }

    [Fact]
    public void Check_OfAValidMedium_ReportsTheTree()
    {
        MtfReport report = SampleMedium.Create().Check();
        MtfDataSet set = report.DataSets[0];
        MtfVolume volume = Assert.Single(set.Volumes);
        Assert.Equal(("C:", "data", "machine", 4u), (volume.DeviceName, volume.VolumeName, volume.MachineName, volume.Attributes));
        Assert.Equal(["", "dir/sub", "empty"], volume.Directories.Select(directory => directory.Path));
        Assert.Equal([1u, 2u, 3u], volume.Directories.Select(directory => directory.Id));
        Assert.Equal(
            [("a.txt", 1001L, 1u), ("b.bin", 71_024, 2), ("dir/sub/c", 5000, 3), ("dir/sub/nothing", 0, 4)],
            report.Files.Select(file => (file.Path, file.DisplayableSizeBytes, file.Id)));
        Assert.Equal([("STAN", 71_024L, 3, true)], Streams(report.Files.ElementAt(1)));
        Assert.Equal(
            [("FNAM", 2L, 1, false), ("STAN", 5000, 1, false), ("OVDI", 1, 1, true)], Streams(report.Files.ElementAt(2)));
        MtfUnknownBlock unknown = Assert.Single(set.UnknownBlocks);
        Assert.Equal(("XUNK", 33L), (unknown.Type, unknown.Streams[0].LengthBytes));
        Assert.Equal(@"\\server\share", Assert.Single(report.DataSets[1].Volumes).DeviceName);
    }

    [Fact]
    public void Check_OfPhysicalBlocksSmallerThanAnFlb_CountsFlbsFromTheSet()
    {
        // As real media have it: TAPE, a filemark of 512 bytes, and the set off the multiples of 1024.
        Medium medium = SampleMedium.Create(1024, 512);
        medium["TAPE"].Text(72, new string('d', 250));
        MtfReport report = medium.Check();
        Assert.Equal((0x600L, 3ul), (report.DataSets[0].OffsetBytes, report.DataSets[0].Pba));
    }

    [Fact]
    public void Check_OfFilemarksLargerThanAPhysicalBlock_CountsPhysicalBlocks()
    {
        MtfReport report = SampleMedium.Create(1024, 512, markBytes: 2048).Check();
        Assert.Equal((512, 512L + 2048, 5ul), (report.Tape.PhysicalBlockBytes, report.DataSets[0].OffsetBytes, report.DataSets[0].Pba));
    }

    [Fact]
    public void Check_OfABlankMedium_ReportsNoSets()
    {
        Medium medium = SampleMedium.Create();
        medium.Parts.RemoveRange(2, medium.Parts.Count - 2);
        Assert.Empty(medium.Check().DataSets);
    }

    [Fact]
    public void Check_OfASetThatGoesOn_ReportsSo()
    {
        MtfReport report = SampleMedium.CreateBeginning().Check();
        Assert.True(report.GoesOn);
        Assert.Equal((2, 5), (report.DataSets.Count, report.FilemarkCount));
    }

    [Fact]
    public void Check_OfAnInvalidEsetPbaThatSaysSo_AcceptsIt()
    {
        Medium medium = SampleMedium.CreateBeginning();
        medium["EOTM"].Set32(4, 1 << 17).Set64(52, 12345);
        Assert.True(medium.Check().GoesOn);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Check_OfAContinuation_ReportsWhatIsOnThisMedium(bool isSoft)
    {
        MtfReport report = SampleMedium.CreateContinuation(isSoft).Check();
        Assert.Equal((2, true), (report.Tape.SequenceNumber, report.Tape.IsContinuation));
        Assert.Equal((7, true), (report.DataSets[0].Number, report.DataSets[0].IsContinuation));
        Assert.Equal(["long.bin", "next/c"], report.Files.Select(file => file.Path));
        Assert.False(report.Files.First().Streams[0].HasChecksum);
    }

    [Fact]
    public void Check_OfLongPadding_AcceptsItWhenAllowed()
    {
        Medium medium = SampleMedium.Create();
        medium["FILE"].PaddingExtraBytes = 3 * 1024;
        Assert.Equal("PaddingEnd", MtfMutations.NameOf(Assert.Throws<MtfViolationException>(medium.Check).Violated));

        medium = SampleMedium.Create();
        medium["FILE"].PaddingExtraBytes = 3 * 1024;
        medium.Options = options => options with { AllowLongPadding = true };
        Assert.Equal(4, medium.Check().Files.Count());
    }

    [Fact]
    public void Check_OfFilemarksMoreThanTheArrayHolds_AsksForTheNewest()
    {
        Medium medium = SampleMedium.Create();
        foreach (Part mark in medium.Parts.Where(part => part.IsMark))
        {
            mark.Capacity = 2;
        }

        Assert.Equal(5, medium.Check().FilemarkCount);
    }

    [Fact]
    public void Check_OfShortReads_SeesTheSame()
    {
        (byte[] bytes, MtfCheckOptions options) = SampleMedium.Create().Build();
        using var stream = new TrickleStream(bytes);
        Assert.Equal(bytes.Length, MtfChecker.Check(stream, options).LengthBytes);
    }

    [Fact]
    public void Check_OfAViolation_NamesPlaceRuleExpectedAndFound()
    {
        Medium medium = SampleMedium.Create();
        medium["TAPE"].Set16(84, 2048);
        MtfViolationException violation = Assert.Throws<MtfViolationException>(medium.Check);
        Assert.Equal(("3.3", 0L, "TAPE: FLB size", "512 or 1024", "2048"),
            (violation.Rule, violation.OffsetBytes, violation.Subject, violation.Expected, violation.Found));
        Assert.Equal(
            "TAPE: FLB size at offset 0 (0x0): expected 512 or 1024, found 2048 (rule 3.3: TAPE: an FLB has 512 or 1024 bytes)",
            violation.Message);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(0)]
    [InlineData(-512)]
    public void Check_OfAnImpossiblePhysicalBlock_IsTheCallersMistake(int size)
    {
        var options = new MtfCheckOptions { PhysicalBlockBytes = size };
        Assert.Throws<ArgumentException>(() => MtfChecker.Check(Stream.Null, options));
    }

    [Fact]
    public void Check_OfFilemarksWithoutAUnitOrOrder_IsTheCallersMistake()
    {
        Assert.Throws<ArgumentException>(
            () => MtfChecker.Check(Stream.Null, new MtfCheckOptions { FilemarkOffsetsBytes = [512] }));
        Assert.Throws<ArgumentException>(
            () => MtfChecker.Check(Stream.Null, new MtfCheckOptions { PhysicalBlockBytes = 512, FilemarkOffsetsBytes = [512, 512] }));
    }

    private static IEnumerable<(string Id, long Length, int Pieces, bool HasChecksum)> Streams(MtfFile file) =>
        file.Streams.Select(stream => (stream.Id, stream.LengthBytes, stream.PieceCount, stream.HasChecksum));
}
