using Microsoft.Data.Sqlite;

namespace OpenVdi.Engines.Tests.Sqlite;

/// <summary>Transactions of all sorts, the same ones for the same seed; each keeps total.count = rows of entry.</summary>
internal sealed class RandomWriter(SqliteConnection connection, int seed)
{
    private readonly Random _random = new(seed);

    public void Step()
    {
        switch (_random.Next(6))
        {
            case 0 or 1:
                InsertSome(_random.Next(1, 20));
                break;
            case 2:
                TestDatabase.Execute(connection, $"""
                    BEGIN IMMEDIATE;
                    DELETE FROM entry WHERE id % 7 = {_random.Next(7)};
                    DELETE FROM pair WHERE right % 5 = {_random.Next(5)};
                    UPDATE total SET count = (SELECT count(*) FROM entry);
                    COMMIT;
                    """);
                break;
            case 3:
                TestDatabase.Execute(
                    connection, $"UPDATE entry SET data = randomblob({_random.Next(9000)}) WHERE id % 11 = {_random.Next(11)}");
                break;
            case 4:
                TestDatabase.Execute(connection, "BEGIN IMMEDIATE; DELETE FROM entry; ROLLBACK;");
                break;
            default:
                TestDatabase.Execute(connection, $"PRAGMA incremental_vacuum({_random.Next(20)})");
                break;
        }
    }

    public void InsertSome(int count)
    {
        TestDatabase.Execute(connection, $"""
            BEGIN IMMEDIATE;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO entry(weight, name, data)
            SELECT i / 3.0, 'name ' || abs(random() % 1000), randomblob({_random.Next(3000)}) FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT OR REPLACE INTO pair SELECT 'left ' || abs(random() % 100), i, hex(randomblob(20)) FROM n;
            UPDATE total SET count = (SELECT count(*) FROM entry);
            COMMIT;
            """);
    }

    public void Checkpoint() => TestDatabase.Execute(
        connection, "PRAGMA wal_checkpoint(" + _random.Next(4) switch
        {
            0 => "PASSIVE",
            1 => "FULL",
            2 => "RESTART",
            _ => "TRUNCATE",
        } + ")");
}
