using System.Text;
using SQLitePCL;

namespace OpenVdi.Cli.Demo;

/// <summary>Makes a database as a shop might have one: customers, orders with lines, documents; text, numbers, blobs and
/// indexes. The same seed and size make the same content.</summary>
internal sealed class DemoDatabase : IDisposable
{
    // Documents carry the bulk; rows with text and indexes make the rest, and most of the work.
    private const double DocumentShare = 0.65;
    private const int RowsPerCheck = 2_000;
    private const int LinesPerOrder = 3;
    private const int MinDocumentBytes = 2_000;
    private const int MaxDocumentBytes = 60_000;

    private static readonly string[] s_words =
        ("amber basin cedar delta ember fjord grove haven inlet jetty knoll ledge maple nadir orbit plume quartz ridge "
        + "slate tidal umber vista wharf yield zephyr").Split(' ');

    private readonly Sqlite _sqlite;
    private readonly Random _random;
    private readonly byte[] _text = new byte[512];
    private readonly byte[] _blob = new byte[MaxDocumentBytes];
    private long _bytesDone;

    private DemoDatabase(Sqlite sqlite, int seed)
    {
        _sqlite = sqlite;
        _random = new Random(seed);
    }

    /// <summary>How large the database is by now.</summary>
    public long BytesDone => Volatile.Read(ref _bytesDone);   // Pairs with the write in Size.

    /// <summary>Opens the empty database.</summary>
    public static DemoDatabase Create(string path, int seed) => new(Sqlite.Open(path, create: true), seed);

    /// <summary>Fills it until it has about the size, then puts it into WAL mode.</summary>
    public void Fill(long sizeBytes, CancellationToken cancellationToken)
    {
        // Nobody else looks at it yet, so a crash may cost it: no journal, no fsync.
        _sqlite.Execute(
            """
            PRAGMA page_size = 4096;
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA locking_mode = EXCLUSIVE;
            PRAGMA cache_size = -65536;
            CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, city TEXT NOT NULL,
                credit REAL NOT NULL, note TEXT);
            CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer,
                placed TEXT NOT NULL, status TEXT NOT NULL, total REAL NOT NULL);
            CREATE TABLE purchase_line (purchase_id INTEGER NOT NULL, line INTEGER NOT NULL, product TEXT NOT NULL,
                quantity INTEGER NOT NULL, price REAL NOT NULL, remark TEXT, PRIMARY KEY (purchase_id, line)) WITHOUT ROWID;
            CREATE TABLE document (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, title TEXT NOT NULL,
                body BLOB NOT NULL);
            CREATE TABLE visit (id INTEGER PRIMARY KEY AUTOINCREMENT, customer_id INTEGER NOT NULL, at TEXT NOT NULL,
                page TEXT NOT NULL);
            BEGIN;
            """);
        // The indexes, made at the end, take about a seventh of what the rows take.
        long rowTarget = (long)(sizeBytes * (1 - DocumentShare) * 6 / 7);
        FillRows(rowTarget, cancellationToken);
        FillDocuments(Size() + (long)(sizeBytes * DocumentShare), cancellationToken);
        _sqlite.Execute(
            """
            CREATE INDEX customer_by_email ON customer (email);
            CREATE INDEX purchase_by_customer ON purchase (customer_id, placed);
            CREATE INDEX document_by_customer ON document (customer_id);
            COMMIT;
            PRAGMA locking_mode = NORMAL;
            PRAGMA journal_mode = WAL;
            """);
        Size();
    }

    public void Dispose() => _sqlite.Dispose();

    private void FillRows(long untilBytes, CancellationToken cancellationToken)
    {
        using sqlite3_stmt customer = _sqlite.Prepare("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?)");
        using sqlite3_stmt purchase = _sqlite.Prepare("INSERT INTO purchase VALUES (?, ?, ?, ?, ?)");
        using sqlite3_stmt line = _sqlite.Prepare("INSERT INTO purchase_line VALUES (?, ?, ?, ?, ?, ?)");
        int customerCount = 0;
        for (int order = 1; order % RowsPerCheck != 1 || Size() < untilBytes || order == 1; order++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (order % 8 == 1)
            {
                customerCount++;
                InsertCustomer(customer, customerCount);
            }

            raw.sqlite3_bind_int(purchase, 1, order);
            raw.sqlite3_bind_int(purchase, 2, 1 + _random.Next(customerCount));
            Bind(purchase, 3, $"2026-{1 + _random.Next(12):00}-{1 + _random.Next(28):00} {_random.Next(24):00}:{_random.Next(60):00}");
            Bind(purchase, 4, _random.Next(10) == 0 ? "open" : "shipped");
            raw.sqlite3_bind_double(purchase, 5, _random.Next(100_000) / 100.0);
            _sqlite.Step(purchase);
            for (int number = 1; number <= LinesPerOrder; number++)
            {
                raw.sqlite3_bind_int(line, 1, order);
                raw.sqlite3_bind_int(line, 2, number);
                Bind(line, 3, $"{Word()}-{_random.Next(1000)}");
                raw.sqlite3_bind_int(line, 4, 1 + _random.Next(9));
                raw.sqlite3_bind_double(line, 5, _random.Next(10_000) / 100.0);
                BindSentence(line, 6, _random.Next(12));
                _sqlite.Step(line);
            }
        }
    }

    private void InsertCustomer(sqlite3_stmt customer, int id)
    {
        raw.sqlite3_bind_int(customer, 1, id);
        Bind(customer, 2, $"{Word()} {Word()}");
        Bind(customer, 3, $"{Word()}.{id}@example.org");
        Bind(customer, 4, Word());
        raw.sqlite3_bind_double(customer, 5, _random.Next(1_000_000) / 100.0);
        BindSentence(customer, 6, 20);
        _sqlite.Step(customer);
    }

    private void FillDocuments(long untilBytes, CancellationToken cancellationToken)
    {
        using sqlite3_stmt document = _sqlite.Prepare("INSERT INTO document VALUES (?, ?, ?, ?)");
        for (int id = 1; id % 16 != 1 || Size() < untilBytes; id++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // One half like a picture, that no compression makes smaller, one half like a page of text.
            Span<byte> body = _blob.AsSpan(0, _random.Next(MinDocumentBytes, MaxDocumentBytes));
            int half = body.Length / 2;
            _random.NextBytes(body[..half]);
            byte letter = (byte)('a' + _random.Next(26));
            body[half..].Fill(letter);
            raw.sqlite3_bind_int(document, 1, id);
            raw.sqlite3_bind_int(document, 2, 1 + _random.Next(1000));
            Bind(document, 3, $"{Word()} {Word()} {id}");
            raw.sqlite3_bind_blob(document, 4, body);
            _sqlite.Step(document);
        }
    }

    private long Size()
    {
        long bytes = _sqlite.Number("PRAGMA page_count") * 4096;
        Volatile.Write(ref _bytesDone, bytes);   // Pairs with BytesDone, on the thread that shows progress.
        return bytes;
    }

    private string Word() => s_words[_random.Next(s_words.Length)];

    private void BindSentence(sqlite3_stmt statement, int parameter, int wordCount)
    {
        int length = 0;
        for (int count = 0; count < wordCount; count++)
        {
            length += Encoding.ASCII.GetBytes(Word(), _text.AsSpan(length));
            _text[length++] = (byte)' ';
        }

        raw.sqlite3_bind_text(statement, parameter, _text.AsSpan(0, length));
    }

    private static void Bind(sqlite3_stmt statement, int parameter, string text) =>
        raw.sqlite3_bind_text(statement, parameter, text);
}
