using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape.Tests;

public sealed class BackupRecordTests
{
    public static TheoryData<BackupRecord> Records =>
    [
        Media.Record(),
        Media.Record(64, 64) with { FirstLsn = null, LastLsn = null, DatabaseName = "", CreatedBy = "" },
        Media.Record() with
        {
            Kind = BackupKind.Differential,
            CheckpointLsn = 1,
            DatabaseBackupLsn = 2,
            BaseLsn = 3,
            BaseBackupId = Media.SetId,
            RecoveryForkId = Media.SetId,
            PageSizeBytes = 65536,
            PageCount = uint.MaxValue,
        },
        Media.Record() with { Kind = BackupKind.Log, IsCopyOnly = true, PageSizeBytes = 512, PageCount = 0 },
    ];

    public static TheoryData<BackupRecord> BadRecords =>
    [
        Media.Record() with { StripeNumber = 0 },
        Media.Record() with { StripeNumber = 2 },
        Media.Record() with { StripeCount = 65 },
        Media.Record() with { Kind = (BackupKind)4 },
        Media.Record() with { PageSizeBytes = 1000 },
        Media.Record() with { PageSizeBytes = 256 },
        Media.Record() with { PageCount = -1 },
        Media.Record() with { Created = DateTimeOffset.UnixEpoch.AddTicks(-10) },
        Media.Record() with { DatabaseName = new string('x', 1024) },
        Media.Record() with { DatabaseName = "\uDC00" },
    ];

    [Theory]
    [MemberData(nameof(Records))]
    public void Read_OfARecord_GivesItBack(BackupRecord record)
    {
        byte[] bytes = Write(record);
        Assert.Equal(record, BackupRecord.Read(bytes, 0));
    }

    [Theory]
    [MemberData(nameof(BadRecords))]
    public void Write_OfARecordThatCannotBe_IsRefused(BackupRecord record) =>
        Assert.Throws<ArgumentException>(() => record.Write(new byte[BackupRecord.MaxBytes]));

    [Fact]
    public void Read_OfAnUnknownField_DependsOnItsTag()
    {
        byte[] optional = Append(Write(Media.Record()), 0x8000, [1, 2, 3]);
        Assert.Equal(Media.Record(), BackupRecord.Read(optional, 0));
        byte[] needed = Append(Write(Media.Record()), 0x7FFF, []);
        Assert.Equal(TapeFormatFailure.Newer, Assert.Throws<TapeFormatException>(() => BackupRecord.Read(needed, 0)).Failure);
    }

    [Fact]
    public void Read_OfANewerVersion_SaysSo()
    {
        byte[] bytes = Write(Media.Record());
        bytes[0]++;
        TapeFormatException found = Assert.Throws<TapeFormatException>(() => BackupRecord.Read(bytes, 100));
        Assert.Equal((TapeFormatFailure.Newer, 100), (found.Failure, found.OffsetBytes));
    }

    [Fact]
    public void Read_OfARecordCutAnywhere_RefusesIt()
    {
        byte[] bytes = Write(Media.Record());
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<TapeFormatException>(() => BackupRecord.Read(bytes.AsSpan(0, length), 0));
        }

        Assert.Throws<TapeFormatException>(() => BackupRecord.Read([.. bytes, 0], 0));
    }

    [Theory]
    [InlineData(4, 2, "field 1")] // the first field has another tag
    [InlineData(6, 15, "16 bytes in field 1")] // the first field is shorter than it must be
    [InlineData(6, 255, "field")]
    [InlineData(24, 1, "field")] // the second field comes twice
    [InlineData(2, 3, "field")] // fewer fields
    [InlineData(2, 200, "another field")] // more fields
    public void Read_OfAFieldThatCannotBe_NamesIt(int at, byte value, string named)
    {
        byte[] bytes = Write(Media.Record());
        bytes[at] = value;
        TapeFormatException found = Assert.Throws<TapeFormatException>(() => BackupRecord.Read(bytes, 0));
        Assert.Equal(TapeFormatFailure.Damaged, found.Failure);
        Assert.Contains(named, found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfValuesOutOfRange_RefusesThem()
    {
        byte[] kind = Write(Media.Record());
        int at = 4 + 20 + 20 + 6 + 6 + 4;
        Assert.Equal(1, kind[at]);
        kind[at] = 9;
        Assert.Contains("kind 9", Assert.Throws<TapeFormatException>(() => BackupRecord.Read(kind, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IsSameBackup_OfAnotherStripe_IsTrue()
    {
        Assert.True(Media.Record(1, 2).IsSameBackup(Media.Record(2, 2)));
        Assert.False(Media.Record(1, 2).IsSameBackup(Media.Record(2, 2) with { BackupId = Guid.Empty }));
        Assert.False(Media.Record(1, 2).IsSameBackup(Media.Record(1, 3)));
    }

    private static byte[] Write(BackupRecord record)
    {
        byte[] bytes = new byte[BackupRecord.MaxBytes];
        return bytes[..record.Write(bytes)];
    }

    private static byte[] Append(byte[] record, ushort tag, byte[] value)
    {
        byte[] field = new byte[4];
        WriteUInt16LittleEndian(field, tag);
        WriteUInt16LittleEndian(field.AsSpan(2), (ushort)value.Length);
        WriteUInt16LittleEndian(record.AsSpan(2), (ushort)(ReadUInt16LittleEndian(record.AsSpan(2)) + 1));
        return [.. record, .. field, .. value];
    }
}
