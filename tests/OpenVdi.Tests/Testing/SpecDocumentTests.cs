using OpenVdi.Testing;

namespace OpenVdi.Tests.Testing;

/// <summary>The reader of the specification is a detector as well: it is shown rows that are known to be there, and
/// documents that are wrong.</summary>
public class SpecDocumentTests
{
    [Theory]
    [InlineData("N1", "2.2")]
    [InlineData("C9", "3.3")]
    [InlineData("C4n", "3.3")]
    [InlineData("C1n3", "3.3")]
    [InlineData("S-n4", "3.5")]
    [InlineData("D27", "3.7")]
    [InlineData("R24", "3.8")]
    [InlineData("B23", "5.2")]
    [InlineData("K26", "6.3")]
    [InlineData("E4", "7.6")]
    [InlineData("T10", "8")]
    [InlineData("F8", "12")]
    [InlineData("AT30", "A")]
    public void Rows_OfTheSpecification_HaveTheirSection(string id, string section) =>
        Assert.Equal(section, SpecDocument.Vdi[id].Section);

    [Fact]
    public void Rows_OfTheSpecification_AreAllFound()
    {
        // As counted with grep: lines "| ID |" belong to tables of rows; their rows begin with a letter and a number.
        var families = SpecDocument.Vdi.Rows
            .GroupBy(static row => row.Id.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'n', '-'))
            .ToDictionary(static family => family.Key, static family => family.Count());
        Assert.Equal(20, families["N"]);
        Assert.Equal(15 + 5, families["S"]);
        Assert.Equal(9 + 8, families["C"]);
        Assert.Equal(26, families["K"]);
        Assert.Equal(30, families["AT"]);
        Assert.Equal(12, families["Y"]);
    }

    [Fact]
    public void Note_OfManyLines_IsReadToItsEnd()
    {
        Assert.StartsWith("The table read literally", SpecDocument.Vdi["C4n"]["Note"], StringComparison.Ordinal);
        Assert.EndsWith("not an error in such a loop.", SpecDocument.Vdi["C4n"]["Note"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NOERROR, or VD_E_CLOSE (->NT when it is the last device), or VD_E_TIMEOUT",
        "NOERROR VD_E_CLOSE->NormallyTerminated VD_E_TIMEOUT")]
    [InlineData("all devices already closed: NOERROR->DNE; else VD_E_OPEN, abort, ->DNE",
        "NOERROR->DoesNotExist VD_E_OPEN->DoesNotExist")]
    [InlineData("NOERROR; ->NT with the last device (i)", "NOERROR NOERROR->NormallyTerminated")]
    [InlineData("runs ->Active", "NOERROR->Active")]
    [InlineData("per device state, 3.7", "")]
    public void Outcomes_OfACell_AreItsCodesAndArrows(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', SpecTables.Outcomes(text)));

    [Fact]
    public void Transitions_SameAsTheLeft_TakesTheLeftCell() =>
        Assert.Equal(
            ["NOERROR", "VD_E_MEMORY", "VD_E_INVALID"],
            SpecTables.Cell("S9", "Active").Outcomes.Select(static outcome => outcome.Status));

    [Fact]
    public void Transitions_OfAllTables_AreRowsTimesStates()
    {
        Assert.Equal(9 * 6, SpecTables.ClientTransitions.Count());
        Assert.Equal(15 * 7, SpecTables.ServerTransitions.Count());
        Assert.Equal(3 * 5, SpecTables.DeviceTransitions.Count());
    }

    [Fact]
    public void Parse_RowTwice_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => SpecDocument.Parse("## 1. A\n| ID | B |\n|---|---|\n| X1 | a |\n| X1 | b |"));

    [Fact]
    public void Parse_RowWithACellTooFew_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => SpecDocument.Parse("## 1. A\n| ID | B |\n|---|---|\n| X1 |"));

    [Fact]
    public void Parse_EscapedPipe_BelongsToItsCell() =>
        Assert.Equal("a|b", SpecDocument.Parse("## 1. A\n| ID | B |\n|---|---|\n| X1 | a\\|b |")["X1"]["B"]);

    [Fact]
    public void Citation_WithACell_IsTakenApart()
    {
        Assert.Equal(("C9", "Active"), (new SpecAttribute("C9/Active").RowId, new SpecAttribute("C9/Active").Cell));
        Assert.Equal(("C9", null), (new SpecAttribute("C9").RowId, new SpecAttribute("C9").Cell));
    }
}
