using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OpenVdi.Tidy.Tests;

/// <summary>How a file looks: its length, its lines, its name.</summary>
public sealed class FileRuleTests
{
    private const int MaxFileLines = 500;
    private const int MaxFunctionLines = 70;
    // What documents wrap at, and what code aims at; a line of code may end a word or two behind it.
    private const int MaxColumns = 120, MaxCodeColumns = 140;

    private static readonly string[] s_textEndings =
        [".cs", ".md", ".sh", ".csproj", ".props", ".targets", ".slnx", ".json", ".txt", ".c", ".h", ".cpp"];

    private static readonly string[] s_scripts = ["vdi", "test", ".ci/run", ".ci/common.sh"];

    public static TheoryData<string, string> BadFiles => new()
    {
        { "a.cs", "class A;\r\n" },
        { "a.cs", "class A;" },
        { "a.cs", "class A; \n" },
        { "a.cs", "\tclass A;\n" },
        { "a.cs", "// " + new string('x', MaxCodeColumns) + "\n" },
        { "a.md", new string('x', MaxColumns / 2) + " " + new string('x', MaxColumns / 2) + "\n" },
        { "a.cs", string.Concat(Enumerable.Repeat("\n", MaxFileLines + 1)) },
    };

    public static TheoryData<string, string> BadSources => new()
    {
        { "src/A.cs", "public class A; public class B;" },
        { "src/A.cs", "class B;" },
        { "src/A.cs", "class A { void M() {" + string.Concat(Enumerable.Repeat("\n", MaxFunctionLines + 1)) + "} }" },
        { "src/A.cs", "class A { int M() =>" + string.Concat(Enumerable.Repeat("\n", MaxFunctionLines + 1)) + "1; }" },
        { "src/ThingHelper.cs", "class ThingHelper;" },
    };

    [Fact]
    public void TextFiles_KeepTheLineRules() => Findings.AssertNone(
        Tree.Files.Where(file => s_scripts.Contains(file)
                || s_textEndings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
            .SelectMany(file => CheckLines(file, Tree.Read(file))),
        "lines");

    [Fact]
    public void Sources_KeepTheShapeRules() => Findings.AssertNone(
        Tree.FilesOf(".cs").SelectMany(file => CheckShape(CSharpSyntaxTree.ParseText(Tree.Read(file), path: file))),
        "shapes");

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void CheckLines_OfABadFile_ReportsIt(string file, string text) => Assert.NotEmpty(CheckLines(file, text));

    [Theory]
    [MemberData(nameof(BadSources))]
    public void CheckShape_OfABadSource_ReportsIt(string file, string text) =>
        Assert.NotEmpty(CheckShape(CSharpSyntaxTree.ParseText(text, path: file)));

    private static IEnumerable<string> CheckLines(string file, string text)
    {
        if (text.Contains('\r', StringComparison.Ordinal))
        {
            yield return $"{file}: a carriage return: expected line feeds alone";
        }

        if (text.Length > 0 && text[^1] != '\n')
        {
            yield return $"{file}: no line feed at the end";
        }

        string[] lines = text.Split('\n');
        HashSet<int>? prose = file.EndsWith(".md", StringComparison.Ordinal)
            ? [.. Markdown.Prose(text).Select(line => line.Line)]
            : null;
        bool code = file.EndsWith(".cs", StringComparison.Ordinal);
        int columns = prose is null ? MaxCodeColumns : MaxColumns;
        if (code && lines.Length - 1 > MaxFileLines)
        {
            yield return $"{file}: {lines.Length - 1} lines, at most {MaxFileLines}: two concepts?";
        }

        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.Length > columns && prose?.Contains(i + 1) is not false && MustWrap(file, line))
            {
                yield return $"{file}:{i + 1}: {line.Length} columns, at most {columns}";
            }

            if (line.Length > 0 && line[^1] is ' ' or '\t')
            {
                yield return $"{file}:{i + 1}: white space at the end";
            }

            if (code && line.StartsWith('\t'))
            {
                yield return $"{file}:{i + 1}: a tab: expected spaces";
            }
        }
    }

    // A table's row, a property of a project and a line without a space cannot be wrapped.
    private static bool MustWrap(string file, string line) => Path.GetExtension(file) switch
    {
        ".csproj" or ".props" or ".targets" or ".slnx" or ".json" or ".txt" => false,
        ".md" => !line.StartsWith('|') && line.Trim().Contains(' ', StringComparison.Ordinal),
        _ => true,
    };

    private static IEnumerable<string> CheckShape(SyntaxTree tree)
    {
        SyntaxNode root = tree.GetRoot();
        foreach (SyntaxNode function in root.DescendantNodes().Where(IsFunction))
        {
            FileLinePositionSpan span = function.GetLocation().GetLineSpan();
            int lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > MaxFunctionLines)
            {
                yield return $"{function.Place()}: a function of {lines} lines, at most {MaxFunctionLines}";
            }
        }

        List<MemberDeclarationSyntax> types = [.. root.DescendantNodes(node => node is not TypeDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>().Where(node => node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)];
        // The states and events of a machine are enumerations that stand with it.
        List<MemberDeclarationSyntax> chief = [.. types.Where(type =>
            type is TypeDeclarationSyntax && type.Modifiers.Any(SyntaxKind.PublicKeyword))];
        if (chief.Count > 1 && tree.FilePath.StartsWith("src/", StringComparison.Ordinal))
        {
            yield return $"{tree.FilePath}: public types {string.Join(", ", chief.Select(NameOf).Distinct())}: expected one";
        }

        // Type.Linux.cs and Interop.Futex.cs hold a part of a type: the first or the last word is its name.
        // A family of small types has a name in the plural.
        string[] words = Path.GetFileNameWithoutExtension(tree.FilePath).Split('.');
        bool isFamily = types.Count > 1 && words[0].EndsWith('s');
        if (types.Count > 0 && !isFamily && !types.Any(type => words.Contains(NameOf(type))))
        {
            yield return $"{tree.FilePath}: no type of that name in it, but {string.Join(", ", types.Select(NameOf))}";
        }

        foreach (string name in types.Select(NameOf).Where(name =>
            name.EndsWith("Helper", StringComparison.Ordinal) || name.EndsWith("Manager", StringComparison.Ordinal)))
        {
            yield return $"{tree.FilePath}: {name}: name what it does, not that it helps";
        }
    }

    private static bool IsFunction(SyntaxNode node) =>
        node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax;

    private static string NameOf(MemberDeclarationSyntax type) => type switch
    {
        BaseTypeDeclarationSyntax declared => declared.Identifier.Text,
        DelegateDeclarationSyntax declared => declared.Identifier.Text,
        _ => "",
    };
}
