using System.Globalization;
using OpenVdi.Testing;

namespace OpenVdi.Tests.Protocol;

/// <summary>The numbers of the binary interface, read from the tables of chapter 14 and section 6.1.</summary>
public class ResultNumbersTests
{
    [Fact]
    public void VdResult_EveryPublishedCode_HasItsNumber()
    {
        var names = Enum.GetValues<VdResult>().ToDictionary(static value => value.SpecName());
        foreach (IReadOnlyList<string> row in SpecDocument.Vdi.Table("14.3", "Hex").Rows)
        {
            // The two that are not published have the number that the table suggests, in its last column.
            string hex = row[1].StartsWith("0x", StringComparison.Ordinal) ? row[1] : row[3].Split("suggested ")[1][..10];
            int expected = unchecked((int)uint.Parse(hex.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            Assert.Equal(expected, (int)names[row[0]]);
            if (row[2].Length > 0)
            {
                Assert.Equal(row[2], expected.ToString(CultureInfo.InvariantCulture));
            }
        }

        Assert.Equal(VdResult.Ok, names["NOERROR"]);
        Assert.Equal(0, (int)VdResult.Ok);
        Assert.Equal(SpecDocument.Vdi.Table("14.3", "Hex").Rows.Count + 1, names.Count);
    }

    [Fact]
    public void SpecName_NumberWithoutName_IsHexadecimal() =>
        Assert.Equal("0x80070005", ((VdResult)unchecked((int)0x80070005)).SpecName());

    [Fact]
    [Spec("M2")]
    public void CompletionCode_EveryCode_HasItsNumber()
    {
        SpecTable table = SpecDocument.Vdi.Table("14.4", "Number");
        var expected = table.Rows.SelectMany(static row => new[] { (row[0], row[1]), (row[2], row[3]) })
            .ToDictionary(static pair => pair.Item1["ERROR_".Length..].Replace("_", "", StringComparison.Ordinal),
                static pair => int.Parse(pair.Item2, CultureInfo.InvariantCulture), StringComparer.OrdinalIgnoreCase);
        var actual = Enum.GetValues<CompletionCode>()
            .ToDictionary(static code => code.ToString(), static code => (int)code, StringComparer.OrdinalIgnoreCase);
        Assert.Equal(expected.OrderBy(static pair => pair.Value), actual.OrderBy(static pair => pair.Value),
            (left, right) => left.Value == right.Value && left.Key.Equals(right.Key, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void CommandCode_EveryCommand_HasItsNumber()
    {
        IReadOnlyList<IReadOnlyList<string>> rows = SpecDocument.Vdi.Table("6.1", "Command").Rows;
        Assert.Equal(rows.Count, Enum.GetValues<CommandCode>().Length);
        foreach (IReadOnlyList<string> row in rows)
        {
            Assert.Equal(int.Parse(row[0], CultureInfo.InvariantCulture), (int)Enum.Parse<CommandCode>(row[1]["VDC_".Length..]));
        }
    }

    [Theory]
    [InlineData("E1")]
    [InlineData("E2")]
    [InlineData("E3")]
    [InlineData("E4")]
    [Spec("E1")]
    [Spec("E2")]
    [Spec("E3")]
    [Spec("E4")]
    public void OfRefusal_EveryRefusal_HasTheRowsNumber(string row)
    {
        VdResult result = Enum.GetValues<VdResult>().Single(value => value.SpecName() == SpecDocument.Vdi[row]["SendCommand returns"]);
        Assert.Equal(
            SpecDocument.Vdi[row]["Number"], ((int)CompletionCodes.OfRefusal(result)).ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void OfRefusal_NoRefusal_IsOurMistake() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CompletionCodes.OfRefusal(VdResult.Ok));
}
