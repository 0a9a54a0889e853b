using SQLitePCL;

namespace OpenVdi.Cli.Demo;

/// <summary>One writer: small transactions at a steady pace, on a connection of its own.</summary>
internal sealed class DemoWriter(string database, int seed)
{
    // About 200 ticks in a second, with a few transactions each: a busy shop, not a benchmark of the log.
    private const int TransactionsPerTick = 3;
    private const int RowsPerTransaction = 4;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(5);

    private long _commitCount;

    /// <summary>Transactions committed so far.</summary>
    public long CommitCount => Volatile.Read(ref _commitCount);   // Pairs with the increment in Change.

    /// <summary>Writes until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using Sqlite sqlite = Sqlite.Open(database);
        sqlite.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
        long customers = sqlite.Number("SELECT max(id) FROM customer");
        long documents = sqlite.Number("SELECT max(id) FROM document");
        using sqlite3_stmt visit = sqlite.Prepare("INSERT INTO visit (customer_id, at, page) VALUES (?, datetime('now'), ?)");
        using sqlite3_stmt credit = sqlite.Prepare("UPDATE customer SET credit = credit + ? WHERE id = ?");
        using sqlite3_stmt title = sqlite.Prepare("UPDATE document SET title = 'revised ' || ? WHERE id = ?");
        Random random = new(seed);
        using PeriodicTimer pace = new(s_tick);
        try
        {
            while (await pace.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                for (int count = 0; count < TransactionsPerTick; count++)
                {
                    Change(sqlite, random, visit, credit, title, customers, documents);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The demonstration has seen enough.
        }
    }

    private void Change(
        Sqlite sqlite, Random random, sqlite3_stmt visit, sqlite3_stmt credit, sqlite3_stmt title, long customers, long documents)
    {
        sqlite.Execute("BEGIN IMMEDIATE");
        for (int row = 0; row < RowsPerTransaction; row++)
        {
            long customer = 1 + random.NextInt64(customers);
            raw.sqlite3_bind_int64(visit, 1, customer);
            raw.sqlite3_bind_text(visit, 2, $"/shelf/{random.Next(1000)}");
            sqlite.Step(visit);
            raw.sqlite3_bind_double(credit, 1, random.Next(-500, 500) / 100.0);
            raw.sqlite3_bind_int64(credit, 2, customer);
            sqlite.Step(credit);
        }

        raw.sqlite3_bind_int(title, 1, random.Next());
        raw.sqlite3_bind_int64(title, 2, 1 + random.NextInt64(documents));
        sqlite.Step(title);
        sqlite.Execute("COMMIT");
        Interlocked.Increment(ref _commitCount);   // Pairs with CommitCount, on the thread that answers.
    }
}
