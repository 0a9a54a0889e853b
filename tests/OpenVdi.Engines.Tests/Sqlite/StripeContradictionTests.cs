using OpenVdi.Engines.Sqlite;
using OpenVdi.Tape;

namespace OpenVdi.Engines.Tests.Sqlite;

/// <summary>Media whose checksums are right and that are no backup of a database all the same.</summary>
public sealed class StripeContradictionTests : IDisposable
{
    private const int PageBytes = 512, PageCount = 8;

    private static readonly Guid s_backup = new("0f8fad5b-d9cb-469f-a165-70867728950e");
    private static readonly Guid s_mediaSet = new("6c1f1c54-6d0e-4d5e-9a07-1b2f0e5a9d11");
    private static readonly DateTimeOffset s_time = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private readonly TestDatabase _database = new();
    private readonly byte[] _image = new byte[PageBytes * PageCount];

    public StripeContradictionTests()
    {
        new Random(5).NextBytes(_image);
        "SQLite format 3\0"u8.CopyTo(_image);
        (_image[16], _image[17]) = (PageBytes >> 8, PageBytes & 0xff);
    }

    public void Dispose() => _database.Dispose();

    [Fact]
    public void Restore_OfPiecesInAnyOrder_IsTheImage() => Assert.Equal(_image, Restore(
        Stripe(1, 2, [(4, 4), (0, 1)]), Stripe(2, 2, [(3, 1), (1, 2)])));

    [Fact]
    public void Restore_OfAWholeFileAndAnEmptyStripe_IsTheImage() => Assert.Equal(_image, Restore(
        Stripe(2, 2, []), Stripe(1, 2, null)));

    [Fact]
    public void Restore_APageTwice_IsMediaDamaged()
    {
        AssertFails(SqliteFailureKind.MediaDamaged, "page 4 again", Stripe(1, 2, [(0, 4)]), Stripe(2, 2, [(3, 5)]));
        AssertFails(SqliteFailureKind.MediaDamaged, "page 3 again", Stripe(1, 1, [(0, 8), (2, 1)]));
        AssertFails(SqliteFailureKind.MediaDamaged, "page 1 again", Stripe(1, 2, null), Stripe(2, 2, null));
    }

    [Fact]
    public void Restore_APageInNoStripe_IsMediaIncomplete()
    {
        AssertFails(
            SqliteFailureKind.MediaIncomplete, "first one missing is 5", Stripe(1, 2, [(0, 4)]), Stripe(2, 2, [(5, 3)]));
        AssertFails(SqliteFailureKind.MediaIncomplete, "first one missing is 1", Stripe(1, 1, []));
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(100, 512)]
    [InlineData(4095, 1)]
    public void Restore_APartOfAPage_IsMediaDamaged(int offset, int length)
    {
        TapeWriter tape = Begin(1, 1);
        using var stream = new MemoryStream();
        tape.BeginPiecedFile(new FileBlock { Name = "a.db", SizeBytes = _image.Length });
        tape.BeginPiece(offset, length);
        AssertFails(SqliteFailureKind.MediaDamaged, "whole pages", End(tape, stream));
    }

    [Fact]
    public void Restore_RecordThatDoesNotFitTheFile_IsMediaDamaged()
    {
        AssertFails(SqliteFailureKind.MediaDamaged, "one file of 4608 bytes",
            Stripe(1, 1, null, static record => record with { PageCount = PageCount + 1 }));
        AssertFails(SqliteFailureKind.MediaDamaged, "pages of 1024 bytes",
            Stripe(1, 1, null, static record => record with { PageSizeBytes = 1024, PageCount = PageCount / 2 }));
        AssertFails(SqliteFailureKind.MediaDamaged, "4097 bytes", Stripe(1, 1, null, allStripesBytes: 4097));
    }

    [Fact]
    public void Restore_NoFileOrTwo_IsMediaDamaged()
    {
        using var stream = new MemoryStream();
        AssertFails(SqliteFailureKind.MediaDamaged, "found 0 files", End(Begin(1, 1), stream));
        using var second = new MemoryStream();
        TapeWriter tape = Begin(1, 1);
        tape.BeginFile(new FileBlock { Name = "a.db", SizeBytes = _image.Length });
        Drain(tape, second);
        tape.BeginPiecedFile(new FileBlock { Name = "b.db", SizeBytes = _image.Length });
        AssertFails(SqliteFailureKind.MediaDamaged, "found file 2", End(tape, second));
    }

    [Fact]
    public void Restore_ABackupThatWasGivenUp_IsMediaIncomplete() =>
        AssertFails(SqliteFailureKind.MediaIncomplete, "given up", Stripe(1, 1, null, isAborted: true));

    [Theory]
    [InlineData(BackupKind.Differential)]
    [InlineData(BackupKind.Log)]
    public void Restore_ABackupThatIsNotFull_IsMediaMismatch(BackupKind kind) =>
        AssertFails(SqliteFailureKind.MediaMismatch, "full backup", Stripe(1, 1, null, record => record with { Kind = kind }));

    [Fact]
    public void Restore_RecordsOfStripesThatDiffer_IsMediaMismatch()
    {
        byte[] first = Stripe(1, 2, [(0, 4)]);
        Func<BackupRecord, BackupRecord>[] changes =
        [
            static record => record with { BackupId = s_mediaSet },
            static record => record with { Created = s_time.AddMicroseconds(1) },
            static record => record with { DatabaseName = "b.db" },
            static record => record with { PageCount = PageCount - 1 },
        ];
        Assert.All(changes, change => AssertFails(
            SqliteFailureKind.MediaMismatch, "a stripe of backup", first, Stripe(2, 2, [(4, 3)], change)));
    }

    [Fact]
    public void Restore_RecordThatClaimsMoreThanAFileCanHold_IsReportedAndTakesNoMemory()
    {
        // 256 TiB. Whether the file system can hold it or not: there is not as much on the medium.
        byte[] stripe = Stripe(1, 1, [], static record => record with { PageSizeBytes = 65536, PageCount = uint.MaxValue });
        long before = GC.GetAllocatedBytesForCurrentThread();
        SqliteFailureKind kind = SnapshotTests.FailureOf(() => Restore(stripe));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.True(kind is SqliteFailureKind.TargetUnwritable or SqliteFailureKind.MediaDamaged, $"{kind}");
    }

    [Fact]
    public void Restore_AnImageThatIsNoDatabase_IsMediaDamaged()
    {
        _image[0] ^= 1;
        AssertFails(SqliteFailureKind.MediaDamaged, "expected a SQLite database", Stripe(1, 1, null));
    }

    [Fact]
    public void Restore_OfANewerVersionOrAnotherProgram_IsMediaMismatch()
    {
        byte[] stripe = Stripe(1, 1, null);
        byte[] newer = [.. stripe], foreign = [.. stripe];
        newer[stripe.AsSpan().IndexOf("OVMF"u8) + StreamHeader.Bytes]++;
        AssertFails(SqliteFailureKind.MediaMismatch, "found version 2", newer);
        (foreign[86], foreign[87]) = (0x00, 0x12);
        AssertFails(SqliteFailureKind.MediaMismatch, "vendor 0x1200", foreign);
    }

    private static TapeWriter Begin(int stripe, int stripes, Func<BackupRecord, BackupRecord>? change = null)
    {
        var tape = new TapeWriter(new TapeBlock { FamilyId = (uint)stripe }, new MediaFamily
        {
            MediaSetId = s_mediaSet,
            StripeNumber = stripe,
            StripeCount = stripes,
            Geometry = new TapeGeometry(512),
        });
        var record = new BackupRecord
        {
            BackupId = s_backup,
            MediaSetId = s_mediaSet,
            StripeNumber = stripe,
            StripeCount = stripes,
            Kind = BackupKind.Full,
            DatabaseName = "a.db",
            DatabaseId = s_backup,
            PageSizeBytes = PageBytes,
            PageCount = PageCount,
            Created = s_time,
            CreatedBy = "test",
        };
        tape.BeginSet(new StartOfSetBlock(), new VolumeBlock(), new DirectoryBlock(), change?.Invoke(record) ?? record);
        return tape;
    }

    private byte[] Stripe(
        int stripe,
        int stripes,
        (int FirstPage, int PageCount)[]? pieces,
        Func<BackupRecord, BackupRecord>? change = null,
        long? allStripesBytes = null,
        bool isAborted = false)
    {
        TapeWriter tape = Begin(stripe, stripes, change);
        using var stream = new MemoryStream();
        var file = new FileBlock { Name = "a.db", SizeBytes = _image.Length };
        if (pieces is null)
        {
            tape.BeginFile(file);
        }
        else
        {
            tape.BeginPiecedFile(file);
            foreach ((int firstPage, int pageCount) in pieces)
            {
                tape.BeginPiece(firstPage * PageBytes, pageCount * PageBytes);
                Drain(tape, stream);
            }
        }

        return End(tape, stream, allStripesBytes, isAborted);
    }

    private byte[] End(TapeWriter tape, MemoryStream stream, long? allStripesBytes = null, bool isAborted = false)
    {
        Drain(tape, stream);
        tape.EndSet(null, s_time, allStripesBytes ?? _image.Length, isAborted);
        Drain(tape, stream);
        return stream.ToArray();
    }

    private void Drain(TapeWriter tape, MemoryStream stream)
    {
        byte[] part = new byte[1000];
        while (true)
        {
            int count = (int)Math.Min(part.Length, tape.DataDueBytes);
            if (count > 0)
            {
                stream.Write(_image, (int)tape.DataOffsetBytes, count);
                tape.AppendData(_image.AsSpan((int)tape.DataOffsetBytes, count));
            }
            else if ((count = tape.Write(part)) > 0)
            {
                stream.Write(part, 0, count);
            }
            else
            {
                return;
            }
        }
    }

    private byte[] Restore(params byte[][] stripes)
    {
        using var target = new StripeMedia.Target(_database);
        return target.Restore(stripes, null);
    }

    private void AssertFails(SqliteFailureKind kind, string words, params byte[][] stripes)
    {
        SqliteEngineException exception = Assert.Throws<SqliteEngineException>(() => Restore(stripes));
        Assert.Equal(kind, exception.Kind);
        Assert.Contains(words, exception.Problem, StringComparison.Ordinal);
        Assert.NotNull(exception.Hint);
    }
}
