using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;

namespace OpenVdi.Engines.Tests.Sqlite;

public sealed class FreezeTests : IDisposable
{
    private readonly TestDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    public void Begin_UntilDispose_NobodyCanWriteAndReadersGoOn(string journalMode)
    {
        using SqliteConnection connection = _database.Create(journalMode: journalMode);
        connection.DefaultTimeout = 1;
        using (SqliteFreeze freeze = SqliteFreeze.Begin(_database.Path, TimeSpan.Zero))
        {
            Assert.True(freeze.IsFrozen);
            Assert.Equal(5, Assert.Throws<SqliteException>(() => TestDatabase.Execute(connection, "DELETE FROM entry")).SqliteErrorCode);
            Assert.Equal(1L, TestDatabase.Query<long>(connection, "SELECT count(*) FROM total"));
            freeze.Dispose();
            Assert.False(freeze.IsFrozen);
        }

        TestDatabase.Execute(connection, "DELETE FROM entry");
    }

    [Fact]
    public void Begin_WhileAnotherWrites_IsSourceBusyAndLeavesNothing()
    {
        using SqliteConnection connection = _database.Create();
        TestDatabase.Execute(connection, "BEGIN IMMEDIATE");
        Assert.Equal(
            SqliteFailureKind.SourceBusy,
            SnapshotTests.FailureOf(() => SqliteFreeze.Begin(_database.Path, TimeSpan.Zero)));
        TestDatabase.Execute(connection, "DELETE FROM entry; COMMIT;");
    }

    [Fact]
    public void Begin_NoFile_IsSourceUnreadable() => Assert.Equal(
        SqliteFailureKind.SourceUnreadable,
        SnapshotTests.FailureOf(() => SqliteFreeze.Begin(_database.Path, TimeSpan.Zero)));
}
