using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using OpenVdi.Testing;

namespace OpenVdi.Tidy.Tests;

/// <summary>Every row of the specification that this project implements has a test, and every citation has a row.</summary>
public sealed class SpecCoverageTests
{
    // Sections 2 to 10 and 12: the interface. The scenarios of appendix A but for those of the C++ library and of COM.
    private static readonly string[] s_chapters = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "12"];
    private static readonly string[] s_scenariosOfOtherFaces = ["AT27", "AT28"];

    private static readonly Lazy<List<Citation>> s_citations = new(() => [.. Tree.FilesOf(".cs", "tests")
        .SelectMany(file => CitationsOf(file, Tree.Read(file)))]);

    [Fact]
    public void Rows_OfTheInterface_AreEachCitedByATest()
    {
        List<string> required = [.. SpecDocument.Vdi.Rows.Where(IsRequired).Select(row => row.Id)];
        Dictionary<string, int> counts = Count(s_citations.Value);
        Tree.Report("spec-rows.txt", Table(required, counts));
        Findings.AssertNone(Uncited(required, s_citations.Value), "rows of docs/spec/vdi.md without a test");
    }

    [Fact]
    public void Citations_OfTests_NameExistingRows() =>
        Findings.AssertNone(WithoutRow(SpecDocument.Vdi, s_citations.Value), "citations without a row");

    [Fact]
    public void Uncited_OfARowWithoutTest_ReportsIt()
    {
        List<Citation> citations = [.. CitationsOf("tests/a.cs", "class A { [Fact, Spec(\"C1/Active\")] void M() { } }")];
        Assert.Equal(["C2"], Uncited(["C1", "C2"], citations));
        Assert.Equal(1, Count(citations)["C1"]);
    }

    [Fact]
    public void WithoutRow_OfAnInventedCitation_ReportsIt()
    {
        const string Text = "[Spec(\"ZZ1\")] class A { [Theory] [Spec(\"C1\")] void M() { } [Fact] void N() { } }";
        List<Citation> citations = [.. CitationsOf("tests/a.cs", Text)];
        // A class's citation is each of its tests'.
        Assert.Equal(["C1", "ZZ1", "ZZ1"], citations.Select(citation => citation.RowId));
        Assert.Equal(2, WithoutRow(SpecDocument.Vdi, citations).Count());
    }

    [Fact]
    public void CitationsOf_AMethodThatIsNoTest_DoNotCount() =>
        Assert.Empty(CitationsOf("tests/a.cs", "class A { [Spec(\"C1\")] void M() { } }"));

    private static bool IsRequired(SpecRow row) => s_chapters.Contains(row.Chapter)
        || (row.Id.StartsWith("AT", StringComparison.Ordinal) && !s_scenariosOfOtherFaces.Contains(row.Id));

    private static Dictionary<string, int> Count(IEnumerable<Citation> citations) =>
        citations.GroupBy(citation => citation.RowId).ToDictionary(group => group.Key, group => group.Count());

    private static IEnumerable<string> Uncited(IEnumerable<string> required, IEnumerable<Citation> citations)
    {
        HashSet<string> cited = [.. citations.Select(citation => citation.RowId)];
        return required.Where(id => !cited.Contains(id));
    }

    private static IEnumerable<string> WithoutRow(SpecDocument document, IEnumerable<Citation> citations) => citations
        .Where(citation => !document.Contains(citation.RowId))
        .Select(citation => $"{citation.Place}: [Spec(\"{citation.RowId}\")]");

    private static IEnumerable<Citation> CitationsOf(string file, string text)
    {
        foreach (MethodDeclarationSyntax method in CSharpSyntaxTree.ParseText(text, path: file).GetRoot()
            .DescendantNodes().OfType<MethodDeclarationSyntax>())
        {
            List<AttributeSyntax> own = [.. Attributes(method)];
            if (!own.Any(attribute => NameOf(attribute) is var name
                && (name.EndsWith("Fact", StringComparison.Ordinal) || name.EndsWith("Theory", StringComparison.Ordinal))))
            {
                continue;
            }

            IEnumerable<AttributeSyntax> all = own.Concat(method.Ancestors().OfType<TypeDeclarationSyntax>().SelectMany(Attributes));
            foreach (AttributeSyntax attribute in all.Where(attribute => NameOf(attribute) == "Spec"))
            {
                string citation = (attribute.ArgumentList?.Arguments[0].Expression as LiteralExpressionSyntax)?.Token.ValueText
                    ?? attribute.ToString();
                yield return new Citation(citation.Split('/')[0], attribute.Place());
            }
        }
    }

    private static IEnumerable<AttributeSyntax> Attributes(MemberDeclarationSyntax member) =>
        member.AttributeLists.SelectMany(list => list.Attributes);

    private static string NameOf(AttributeSyntax attribute) => attribute.Name.ToString().Split('.')[^1];

    // row: count, as many to a line as fit.
    private static IEnumerable<string> Table(List<string> required, Dictionary<string, int> counts)
    {
        yield return $"specification rows and their tests ({required.Count} rows, "
            + $"{required.Count(id => !counts.ContainsKey(id))} without)";
        foreach (string[] chunk in required.Chunk(12))
        {
            yield return string.Join("  ", chunk.Select(id => $"{id}: {counts.GetValueOrDefault(id)}"));
        }
    }

    private sealed record Citation(string RowId, string Place);
}
