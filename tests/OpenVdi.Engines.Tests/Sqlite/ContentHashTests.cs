using Microsoft.Data.Sqlite;
using OpenVdi.Engines.Sqlite;

namespace OpenVdi.Engines.Tests.Sqlite;

public sealed class ContentHashTests : IDisposable
{
    private readonly TestDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Fact]
    public void Compute_AfterVacuumAndOtherPageSize_IsTheSame()
    {
        using SqliteConnection connection = _database.Create(journalMode: "delete", rows: 300);
        string before = SqliteContentHash.Compute(_database.Path);
        TestDatabase.Execute(connection, "DELETE FROM entry WHERE id < 0; PRAGMA page_size = 8192; VACUUM;");
        Assert.Equal(8192, TestDatabase.Query<long>(connection, "PRAGMA page_size"));
        Assert.Equal(before, SqliteContentHash.Compute(_database.Path));
    }

    public static TheoryData<string> Changes =>
    [
        "UPDATE entry SET weight = weight + 0.001 WHERE id = 5",
        "UPDATE entry SET name = CAST(name AS BLOB) WHERE id = 5",
        "UPDATE entry SET name = NULL WHERE id = 5",
        "UPDATE entry SET data = data || x'00' WHERE id = 5",
        "UPDATE entry SET id = 100000 WHERE id = 5",
        "DELETE FROM entry WHERE id = 5",
        "UPDATE pair SET note = note || ' ' WHERE rowid_of_pair = 1",
        "CREATE INDEX other ON entry(weight)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE empty(x)",
        "ALTER TABLE entry ADD COLUMN more",
        "PRAGMA user_version = 7",
        "PRAGMA application_id = 7",
        "UPDATE \"strange \"\"name\" SET rowid = 2",
        "INSERT INTO words VALUES ('more')",
    ];

    [Theory, MemberData(nameof(Changes))]
    public void Compute_AfterAnyChange_IsAnother(string change)
    {
        using SqliteConnection connection = _database.Create();
        TestDatabase.Execute(connection, """
            DROP TABLE pair;
            CREATE TABLE pair(rowid_of_pair INTEGER, note, PRIMARY KEY(rowid_of_pair, note)) WITHOUT ROWID;
            INSERT INTO pair VALUES (1, 'a'), (2, 'b');
            CREATE TABLE "strange ""name"(rowid, _rowid_, oid, twice AS (rowid || rowid));
            INSERT INTO "strange ""name" VALUES (1, 2, 3);
            CREATE VIRTUAL TABLE words USING fts5(word);
            INSERT INTO words VALUES ('some');
            """);
        string before = SqliteContentHash.Compute(_database.Path);
        Assert.Equal(before, SqliteContentHash.Compute(_database.Path));
        TestDatabase.Execute(connection, change);
        Assert.NotEqual(before, SqliteContentHash.Compute(_database.Path));
    }

    [Fact]
    public void Compute_LargeValues_AreInIt()
    {
        using SqliteConnection connection = _database.Create();
        TestDatabase.Execute(connection, "INSERT INTO entry(id, data) VALUES (7777, zeroblob(1000000))");
        string before = SqliteContentHash.Compute(_database.Path);
        TestDatabase.Execute(connection, "UPDATE entry SET data = zeroblob(1000001) WHERE id = 7777");
        Assert.NotEqual(before, SqliteContentHash.Compute(_database.Path));
    }

    [Fact]
    public void Compute_NoFile_IsSourceUnreadable() =>
        Assert.Equal(SqliteFailureKind.SourceUnreadable, SnapshotTests.FailureOf(() => SqliteContentHash.Compute(_database.Path)));
}
