using System.Security.Cryptography;
using OpenVdi.Backup.Media;
using OpenVdi.Testing;

namespace OpenVdi.Backup.Tests.Media;

public sealed class FileMediumTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder.File("shop.vdi");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Publish_AfterWrites_GivesTheDataItsNameAndLeavesNothingElse()
    {
        byte[] data = RandomNumberGenerator.GetBytes(300_000);
        using (FileMedium medium = FileMedium.Create(Target))
        {
            Assert.Null(medium.Write(data.AsSpan(0, 200_000), 0).Failure);
            Assert.Null(medium.Write(data.AsSpan(200_000), 200_000).Failure);
            Assert.Null(medium.Flush());
            Assert.False(File.Exists(Target));
            Assert.Null(medium.Publish());
        }

        Assert.Equal(data, File.ReadAllBytes(Target));
        Assert.Equal(["shop.vdi"], _folder.Names);
    }

    [Fact]
    public void Create_WhateverTheUmask_IsForTheOwnerAlone()
    {
        using FileMedium medium = FileMedium.Create(Target);
        Assert.Null(medium.Publish());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Target));
    }

    [Fact]
    public void Dispose_WithoutPublish_LeavesTheOldFileAndNothingElse()
    {
        File.WriteAllText(Target, "old");
        using (FileMedium medium = FileMedium.Create(Target))
        {
            medium.Write("new"u8, 0);
            Assert.Null(medium.Flush());
            Assert.Equal("old", File.ReadAllText(Target));
        }

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal(["shop.vdi"], _folder.Names);
    }

    [Fact]
    public void Withdraw_AfterPublish_BringsTheOldFileBack()
    {
        File.WriteAllText(Target, "old");
        using (FileMedium medium = FileMedium.Create(Target))
        {
            medium.Write("newer"u8, 0);
            Assert.Null(medium.Publish());
            Assert.Equal("newer".Length, new FileInfo(Target).Length);
            Assert.Null(medium.Withdraw());
        }

        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal(["shop.vdi"], _folder.Names);
    }

    [Fact]
    [Spec("AT29")]
    public void Flush_AfterAShorterStreamThanTheOldFile_EndsTheFileAtTheLastPositionWritten()
    {
        File.WriteAllBytes(Target, new byte[100_000]);
        using (FileMedium medium = FileMedium.Create(Target))
        {
            medium.Write(new byte[512], 512);
            medium.Write(new byte[512], 0);   // A header written again must not cut what follows it.
            Assert.Null(medium.Flush());
            Assert.Null(medium.Publish());
        }

        Assert.Equal(1024, new FileInfo(Target).Length);
    }

    [Fact]
    public void Create_TargetIsAFolder_IsRefusedInWords()
    {
        MediumException exception = Assert.Throws<MediumException>(() => FileMedium.Create(_folder.Path));
        Assert.Equal(MediumProblem.Refused, exception.Problem);
        Assert.Contains("is a folder", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Create_FolderDoesNotExist_IsRefusedInWords()
    {
        MediumException exception = Assert.Throws<MediumException>(() => FileMedium.Create(_folder.File("no/shop.vdi")));
        Assert.Equal(MediumProblem.Refused, exception.Problem);
        Assert.Contains("does not exist", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_TargetIsASymbolicLink_ReplacesWhatItLeadsTo()
    {
        string real = _folder.File("real.vdi");
        File.WriteAllText(real, "old");
        File.CreateSymbolicLink(Target, real);
        using (FileMedium medium = FileMedium.Create(Target))
        {
            medium.Write("new"u8, 0);
            Assert.Null(medium.Publish());
        }

        Assert.Equal("new", File.ReadAllText(real));
        Assert.NotNull(new FileInfo(Target).LinkTarget);
    }

    [Fact]
    public void Create_AnotherWriterLives_IsBusyAndLeavesItAlone()
    {
        using (FileMedium first = FileMedium.Create(Target))
        {
            Assert.Equal(MediumProblem.Busy, Assert.Throws<MediumException>(() => FileMedium.Create(Target)).Problem);
            first.Write("first"u8, 0);
            Assert.Null(first.Publish());

            // Its other media may still fail: until then it holds the name, and what it replaced.
            Assert.Equal(MediumProblem.Busy, Assert.Throws<MediumException>(() => FileMedium.Create(Target)).Problem);
        }

        Assert.Equal("first", File.ReadAllText(Target));
        Assert.Equal(["shop.vdi"], _folder.Names);
    }

    [Fact]
    public void Create_LeftoversOfADeadWriter_AreRemovedAndNothingElse()
    {
        File.WriteAllText(_folder.File("shop.vdi.0123456789abcdef.partial"), "dead");
        File.WriteAllText(_folder.File("shop.vdi.0123456789abcdef.replaced"), "dead");
        string[] others =
        [
            "other.vdi.0123456789abcdef.partial", "shop.vdi.partial", "shop.vdi.0123456789ABCDEF.partial",
            "shop.vdi.0123456789abcdef.partial.mine", "shop.vdi.2.0123456789abcdef.partial",
        ];
        foreach (string name in others)
        {
            File.WriteAllText(_folder.File(name), "kept");
        }

        using (FileMedium medium = FileMedium.Create(Target))
        {
            Assert.Null(medium.Publish());
        }

        Assert.Equal(others.Append("shop.vdi").Order(StringComparer.Ordinal), _folder.Names);
    }

    [Fact]
    public void Write_AfterAFailure_FailsForGood()
    {
        // Creation is the first call, the write the second.
        using FileMedium medium = FileMedium.Create(Target, new FaultyFiles(2));
        MediumFailure? first = medium.Write("abc"u8, 0).Failure;
        Assert.Equal(CompletionCode.IODevice, first!.Code);
        Assert.Contains("injected", first.Message, StringComparison.Ordinal);
        Assert.Same(first, medium.Write("abc"u8, 0).Failure);
        Assert.Same(first, medium.Flush());
        Assert.Same(first, medium.Publish());
        Assert.False(File.Exists(Target));
    }

    [Theory]
    [InlineData(28, CompletionCode.DiskFull)]
    [InlineData(122, CompletionCode.DiskFull)]
    [InlineData(5, CompletionCode.IODevice)]
    [InlineData(30, CompletionCode.WriteProtect)]
    [InlineData(32, CompletionCode.IODevice)]
    [Spec("K7")]
    public void Write_FailsWithErrno_IsTheFittingCompletionCode(int errno, CompletionCode code)
    {
        using FileMedium medium = FileMedium.Create(Target, new FaultyFiles(2, () => new IOException("x", errno)));
        Assert.Equal(code, medium.Write("abc"u8, 0).Failure!.Code);
    }

    [DiskFullFact]
    [Spec("K7")]
    public void Write_FileSystemIsFull_IsDiskFullWithAHintAndLeavesNothing()
    {
        using SmallFileSystem small = new(_folder.File("small"), 256 * 1024);
        string target = Path.Combine(small.Path, "shop.vdi");
        using (FileMedium medium = FileMedium.Create(target))
        {
            MediumFailure? failure = null;
            byte[] data = new byte[65_536];
            for (int block = 0; failure is null && block < 16; block++)
            {
                failure = medium.Write(data, block * data.Length).Failure;
            }

            Assert.Equal(CompletionCode.DiskFull, failure!.Code);
            Assert.Contains("no space left", failure.Message, StringComparison.OrdinalIgnoreCase);
            Assert.NotNull(failure.Hint);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(small.Path));
    }

    // Three media, two of which replace a file: whatever fails, either all names are new or all are as they were.
    [Fact]
    public void Publication_EachFileFunctionFailsInTurn_PublishesAllOrNone()
    {
        int failAt = 1;
        HashSet<string> fired = [];
        for (bool hasFired = true; hasFired; failAt++)
        {
            using TemporaryFolder folder = new();
            File.WriteAllText(folder.File("1"), "old");
            File.WriteAllText(folder.File("3"), "old");
            FaultyFiles files = new(failAt);
            MediumFailure? failure = PublishThree(folder, files);
            hasFired = files.HasFired;
            if (hasFired)
            {
                fired.Add(files.Fired!);
            }

            string[] texts = [.. new[] { "1", "2", "3" }.Select(name => folder.File(name))
                .Select(static path => File.Exists(path) ? File.ReadAllText(path) : "none")];
            Assert.Equal(failure is null ? ["new", "new", "new"] : ["old", "none", "old"], texts);

            // A failure of the clean-up itself leaves a name that nobody mistakes; the next run removes it.
            string[] left = [.. folder.Names.Where(static name => name.Length > 1)];
            Assert.True(left.Length == 0 || files.Fired == nameof(IFileLayer.Delete), string.Join(" ", left));
            Assert.Null(PublishThree(folder, FileLayer.Instance));
            Assert.Equal(["1", "2", "3"], folder.Names);
        }

        string[] all = ["CreateExclusive", "Delete", "Flush", "FlushFolder", "Rename", "SetLength", "Write"];
        Assert.Equal(all.Append("Link").Order(StringComparer.Ordinal), fired.Order(StringComparer.Ordinal));
    }

    private static MediumFailure? PublishThree(TemporaryFolder folder, IFileLayer files)
    {
        List<Medium> media = [];
        try
        {
            foreach (string name in new[] { "1", "2", "3" })
            {
                FileMedium medium = FileMedium.Create(folder.File(name), files);
                media.Add(medium);
                if (medium.Write("new"u8, 0).Failure is { } failure)
                {
                    return failure;
                }
            }

            return Publication.Publish(media);
        }
        catch (MediumException exception)
        {
            return new MediumFailure(CompletionCode.IODevice, exception.Message);
        }
        finally
        {
            foreach (Medium medium in media)
            {
                medium.Dispose();
            }
        }
    }
}
