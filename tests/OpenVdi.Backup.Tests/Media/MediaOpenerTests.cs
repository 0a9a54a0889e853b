using OpenVdi.Backup.Media;

namespace OpenVdi.Backup.Tests.Media;

public sealed class MediaOpenerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CreateForBackup_OneOfThreeIsRefused_LeavesNothing()
    {
        string[] targets = [_folder.File("1"), _folder.File("2"), _folder.Path];
        Assert.Throws<MediumException>(() => MediaOpener.CreateForBackup(targets));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void CreateForBackup_TheSameTargetTwice_IsRefused()
    {
        string[] targets = [_folder.File("1"), Path.Combine(_folder.Path, ".", "1")];
        MediumException exception = Assert.Throws<MediumException>(() => MediaOpener.CreateForBackup(targets));
        Assert.Contains("named twice", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateForBackup_StandardOutputTwice_IsRefused() =>
        Assert.Throws<MediumException>(() => MediaOpener.CreateForBackup(["-", "-"]));

    [Fact]
    public void CreateForBackup_TheDatabaseItself_IsRefusedAndUntouched()
    {
        string database = _folder.File("shop.db");
        File.WriteAllText(database, "data");
        File.CreateSymbolicLink(_folder.File("link"), database);
        MediumException exception = Assert.Throws<MediumException>(
            () => MediaOpener.CreateForBackup([_folder.File("link")], [database]));
        Assert.Equal(MediumProblem.Refused, exception.Problem);
        Assert.Equal("data", File.ReadAllText(database));
    }

    [Fact]
    public void CreateForBackup_ADevice_IsWrittenToDirectly()
    {
        IReadOnlyList<Medium> media = MediaOpener.CreateForBackup(["/dev/null", "/dev/null"]);
        foreach (Medium medium in media)
        {
            Assert.IsType<PipeMedium>(medium);
            Assert.Equal(new TransferOutcome(100), medium.Write(new byte[100], 0));
            Assert.Null(medium.Flush());
            Assert.Null(medium.Publish());
            medium.Dispose();
        }

        Assert.True(File.Exists("/dev/null"));
    }

    [Fact]
    public void OpenForRestore_NoSuchFile_IsSaid()
    {
        MediumException exception = Assert.Throws<MediumException>(() => MediaOpener.OpenForRestore([_folder.File("no")]));
        Assert.Equal(MediumProblem.NotFound, exception.Problem);
    }

    [Fact]
    public void OpenForRestore_AFileOfABackup_IsReadToItsEnd()
    {
        File.WriteAllBytes(_folder.File("1"), [1, 2, 3]);
        Medium medium = Assert.Single(MediaOpener.OpenForRestore([_folder.File("1")]));
        byte[] buffer = new byte[10];
        Assert.Equal(new TransferOutcome(3), medium.Read(buffer, 0));
        Assert.Equal(new TransferOutcome(0), medium.Read(buffer, 3));
        Assert.Equal(CompletionCode.WriteProtect, medium.Write(buffer, 0).Failure!.Code);
        medium.Dispose();
    }
}
