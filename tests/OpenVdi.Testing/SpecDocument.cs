using System.Text.RegularExpressions;

namespace OpenVdi.Testing;

/// <summary>A row of the specification that a test can cite: a table's row with an ID, or a note such as C4n.</summary>
/// <param name="Id">For instance C9, S-n4 or AT17.</param>
/// <param name="Section">The number of the innermost heading above it: "3.3", or "A" for the appendix.</param>
/// <param name="Header">The table's header; one column, "Note", for a note.</param>
/// <param name="Cells">The cells behind the ID; for a note its text, in one.</param>
/// <param name="Line">Where it begins in the file, from 1.</param>
public sealed record SpecRow(
    string Id, string Section, IReadOnlyList<string> Header, IReadOnlyList<string> Cells, int Line)
{
    /// <summary>The number of the chapter: "3" for section 3.3.</summary>
    public string Chapter => Section.Split('.')[0];

    /// <summary>The cell under a heading. A mark "(i)" in the heading does not count.</summary>
    public string this[string column] => Cells[SpecTable.ColumnOf(Header, column) - 1];

    /// <inheritdoc/>
    public override string ToString() => $"{Id} (section {Section}, line {Line})";
}

/// <summary>A table of the specification, with or without row IDs.</summary>
/// <param name="Section">The number of the innermost heading above it.</param>
/// <param name="Header">Its header.</param>
/// <param name="Rows">Its rows, each as wide as the header.</param>
/// <param name="Line">Where it begins in the file, from 1.</param>
public sealed record SpecTable(
    string Section, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string>> Rows, int Line)
{
    /// <summary>A column's cells, from the top.</summary>
    public IEnumerable<string> Column(string name)
    {
        int column = ColumnOf(Header, name);
        return Rows.Select(row => row[column]);
    }

    internal static int ColumnOf(IReadOnlyList<string> header, string name)
    {
        for (int i = 0; i < header.Count; i++)
        {
            if (header[i] == name || header[i] == name + " (i)")
            {
                return i;
            }
        }

        throw new ArgumentException($"column '{name}': the table has only {string.Join(", ", header)}", nameof(name));
    }
}

/// <summary>docs/spec/vdi.md, read: its tables, and every row that a test can cite.</summary>
public sealed partial class SpecDocument
{
    private readonly Dictionary<string, SpecRow> _byId = new(StringComparer.Ordinal);

    private SpecDocument(IReadOnlyList<string> lines)
    {
        var rows = new List<SpecRow>();
        var tables = new List<SpecTable>();
        string section = "";
        for (int i = 0; i < lines.Count; i++)
        {
            if (Heading().Match(lines[i]) is { Success: true } heading)
            {
                section = heading.Groups["number"].Value;
            }
            else if (lines[i].StartsWith('|'))
            {
                SpecTable table = ReadTable(lines, ref i, section);
                tables.Add(table);
                if (table.Header[0] == "ID")
                {
                    rows.AddRange(table.Rows.Select((cells, index) =>
                        new SpecRow(cells[0], table.Section, table.Header, [.. cells.Skip(1)], table.Line + 2 + index)));
                }
            }
            else if (Note().Match(lines[i]) is { Success: true } note)
            {
                rows.Add(ReadNote(lines, ref i, section, note));
            }
        }

        Rows = rows;
        Tables = tables;
        foreach (SpecRow row in rows)
        {
            if (!_byId.TryAdd(row.Id, row))
            {
                throw new InvalidDataException($"{row}: the specification has this row twice, also as {_byId[row.Id]}");
            }
        }
    }

    /// <summary>The specification of the repository that this test assembly was built in.</summary>
    public static SpecDocument Vdi { get; } = Load(Path.Combine(RepositoryRoot(), "docs", "spec", "vdi.md"));

    /// <summary>Every row that a test can cite, in the order of the document.</summary>
    public IReadOnlyList<SpecRow> Rows { get; }

    /// <summary>Every table.</summary>
    public IReadOnlyList<SpecTable> Tables { get; }

    /// <summary>The row of an ID.</summary>
    public SpecRow this[string id] => _byId.TryGetValue(id, out SpecRow? row)
        ? row
        : throw new ArgumentException($"row '{id}': the specification has none of that name", nameof(id));

    /// <summary>Whether there is such a row.</summary>
    public bool Contains(string id) => _byId.ContainsKey(id);

    /// <summary>The only table of a section that has these two columns.</summary>
    public SpecTable Table(string section, string column) =>
        Tables.Single(table => table.Section == section && table.Header.Contains(column));

    /// <summary>Reads a specification.</summary>
    public static SpecDocument Load(string path) => new(File.ReadAllLines(path));

    /// <summary>Reads a specification from its text.</summary>
    public static SpecDocument Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new SpecDocument(text.ReplaceLineEndings("\n").Split('\n'));
    }

    /// <summary>The folder above the running test assembly that has OpenVdi.slnx.</summary>
    public static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OpenVdi.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"'{AppContext.BaseDirectory}': no folder above it has OpenVdi.slnx");
    }

    private static SpecTable ReadTable(IReadOnlyList<string> lines, ref int index, string section)
    {
        int first = index;
        string[] header = Cells(lines[index]);
        var rows = new List<IReadOnlyList<string>>();
        while (index + 1 < lines.Count && lines[index + 1].StartsWith('|'))
        {
            index++;
            string[] cells = Cells(lines[index]);
            if (cells.Length != header.Length)
            {
                throw new InvalidDataException(
                    $"line {index + 1}: expected {header.Length} cells as in the header, found {cells.Length}");
            }

            if (index != first + 1)
            {
                rows.Add(cells);
            }
        }

        return new SpecTable(section, header, rows, first + 1);
    }

    private static SpecRow ReadNote(IReadOnlyList<string> lines, ref int index, string section, Match note)
    {
        int first = index;
        var text = new List<string> { note.Groups["text"].Value };
        while (index + 1 < lines.Count && lines[index + 1].StartsWith("  ", StringComparison.Ordinal))
        {
            index++;
            text.Add(lines[index].Trim());
        }

        return new SpecRow(note.Groups["id"].Value, section, ["ID", "Note"], [string.Join(' ', text)], first + 1);
    }

    private static string[] Cells(string line) =>
        [.. CellEnd().Split(line.Trim()).Skip(1).SkipLast(1)
            .Select(static cell => cell.Replace(@"\|", "|", StringComparison.Ordinal).Trim())];

    [GeneratedRegex(@"^#{2,4} (?:Appendix )?(?<number>[0-9]+(\.[0-9]+)*|[A-Z])\b")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\* (?<id>[A-Z]+(?:[0-9]+n[0-9]*|-n[0-9]+)) (?<text>.*)$")]
    private static partial Regex Note();

    // A pipe that no backslash stands before.
    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex CellEnd();
}
