using System.Text.RegularExpressions;

namespace OpenVdi.Tidy.Tests;

/// <summary>The tree speaks of itself alone: not of where, when or by whom it was made.</summary>
public sealed partial class WordTests
{
    private static readonly string[] s_binaryEndings = [".bak", ".nupkg", ".dll", ".db", ".png", ".zst"];

    [Fact]
    public void Files_NameNothingOfTheWorkplace() => Findings.AssertNone(
        Tree.Files.Where(file => !s_binaryEndings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
            .SelectMany(file => Check(file, Tree.Read(file))),
        "words of the workplace");

    [Theory]
    [InlineData("see iss" + "ue 7")]
    [InlineData("as in #" + "12 we said")]
    [InlineData("lies in /wor" + "k/main")]
    [InlineData("from api.nuge" + "t.org")]
    [InlineData("STYL" + "E.md says so")]
    public void Check_OfSuchAWord_ReportsIt(string text) => Assert.Single(Check("a.md", text));

    [Theory]
    [InlineData("a backup session of the streaming face")]
    [InlineData("#nullable enable")]
    [InlineData("the framework does its work/rest")]
    public void Check_OfAnInnocentLine_FindsNothing(string text) => Assert.Empty(Check("a.md", text));

    private static IEnumerable<string> Check(string file, string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (Workplace().Match(lines[i]) is { Success: true } match)
            {
                yield return $"{file}:{i + 1}: '{match.Value.Trim()}'";
            }
        }
    }

    // Written with classes of one letter so that this line does not find itself.
    [GeneratedRegex(
        @"\b[i]ssue #?\d+|(^|[\s(])#\d+\b|/[w]ork/|\b[w]t-[a-z]+|[s]ub-?agent|[D]ESIGN\.md|[S]TYLE\.md|"
        + @"[n]uget\.org|[n]pmjs|[d]eb\.debian|[p]ypi\.org|[c]rates\.io",
        RegexOptions.IgnoreCase)]
    private static partial Regex Workplace();
}
