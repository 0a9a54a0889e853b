using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>The cells of the specification's transition tables as theory data: row, state, text.</summary>
public static class SpecCells
{
    /// <summary>C1 to C9.</summary>
    public static TheoryData<string, string, string> Client => Data(SpecTables.ClientTransitions);

    /// <summary>S1 to S15.</summary>
    public static TheoryData<string, string, string> Server => Data(SpecTables.ServerTransitions);

    /// <summary>D1 to D3.</summary>
    public static TheoryData<string, string, string> Device => Data(SpecTables.DeviceTransitions);

    /// <summary>What a cell says first: the code, and the state to be in, which is the old one when it names none.</summary>
    public static (string Status, string Next) FirstOutcome(string row, string state)
    {
        SpecOutcome outcome = SpecTables.Cell(row, state).Outcomes[0];
        return (outcome.Status, outcome.Next ?? state);
    }

    private static TheoryData<string, string, string> Data(IEnumerable<SpecCell> cells)
    {
        var data = new TheoryData<string, string, string>();
        foreach (SpecCell cell in cells)
        {
            data.Add(cell.RowId, cell.State, cell.Text);
        }

        return data;
    }
}
