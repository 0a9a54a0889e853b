using System.Text.RegularExpressions;

namespace OpenVdi.Testing;

/// <summary>One outcome that a cell of a transition table allows.</summary>
/// <param name="Status">The specification's name of the code: NOERROR, VD_E_..., TRUE or FALSE.</param>
/// <param name="Next">The state to go to, by the name of our enumeration; null to stay.</param>
public sealed record SpecOutcome(string Status, string? Next)
{
    /// <inheritdoc/>
    public override string ToString() => Next is null ? Status : $"{Status}->{Next}";
}

/// <summary>A cell of a transition table: a function in a state.</summary>
/// <param name="RowId">For instance C9.</param>
/// <param name="State">The column, by the name of our enumeration.</param>
/// <param name="Text">The cell as written.</param>
/// <param name="Outcomes">What it allows, in the order written. None when it points elsewhere.</param>
public sealed record SpecCell(string RowId, string State, string Text, IReadOnlyList<SpecOutcome> Outcomes)
{
    /// <inheritdoc/>
    public override string ToString() => $"{RowId}/{State}: {Text}";
}

/// <summary>The transition tables of the specification, cell by cell, read from the document and not from the code.</summary>
public static partial class SpecTables
{
    private static readonly Dictionary<string, string> s_states = new(StringComparer.Ordinal)
    {
        ["DNE"] = "DoesNotExist",
        ["NT"] = "NormallyTerminated",
        ["Abort"] = "Aborted",
        ["IO-ERROR"] = "IOError",
    };

    /// <summary>C1 to C9.</summary>
    public static IEnumerable<SpecCell> ClientTransitions => CellsOf("3.3");

    /// <summary>S1 to S15.</summary>
    public static IEnumerable<SpecCell> ServerTransitions => CellsOf("3.5");

    /// <summary>D1 to D3.</summary>
    public static IEnumerable<SpecCell> DeviceTransitions => CellsOf("3.7").Where(static cell => cell.RowId is "D1" or "D2" or "D3");

    /// <summary>One cell.</summary>
    public static SpecCell Cell(string rowId, string state) =>
        CellsOf(SpecDocument.Vdi[rowId].Section).Single(cell => cell.RowId == rowId && cell.State == state);

    /// <summary>The outcomes that the text of a cell allows: each code, with the state behind the arrow that follows it in
    /// the same clause. A clause with an arrow and no code repeats the last code.</summary>
    public static IReadOnlyList<SpecOutcome> Outcomes(string text)
    {
        var outcomes = new List<SpecOutcome>();
        foreach (string clause in text.Split(';'))
        {
            bool isNewClause = true;
            foreach (Match part in OutcomePart().Matches(clause))
            {
                if (part.Groups["code"] is { Success: true, Value: string code })
                {
                    // "runs" is how the agent's row says NOERROR: the call does not return yet.
                    outcomes.Add(new SpecOutcome(code == "runs" ? "NOERROR" : code, null));
                }
                else if (isNewClause && outcomes.Count > 0)
                {
                    outcomes.Add(outcomes[^1] with { Next = StateOf(part.Groups["state"].Value) });
                }
                else if (outcomes.Count > 0)
                {
                    outcomes[^1] = outcomes[^1] with { Next = StateOf(part.Groups["state"].Value) };
                }

                isNewClause = false;
            }
        }

        return outcomes;
    }

    private static IEnumerable<SpecCell> CellsOf(string section)
    {
        foreach (SpecRow row in SpecDocument.Vdi.Rows.Where(row => row.Section == section
            && (row.Header.Contains("Unopened") || row.Header.Contains("DNE"))))
        {
            string previous = "";
            for (int i = 1; i < row.Cells.Count; i++)
            {
                string text = row.Cells[i];
                // "same" is the cell to the left.
                previous = text.StartsWith("same", StringComparison.Ordinal) ? previous : text;
                string state = row.Header[i + 1].Replace(" (i)", "", StringComparison.Ordinal);
                yield return new SpecCell(row.Id, StateOf(state), text, Outcomes(previous));
            }
        }
    }

    private static string StateOf(string column) => s_states.GetValueOrDefault(column, column);

    [GeneratedRegex(@"(?<code>NOERROR|VD_E_[A-Z_]+|TRUE|FALSE|\bruns\b)|->(?<state>\w+)")]
    private static partial Regex OutcomePart();
}
