using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OpenVdi.Tidy.Tests;

/// <summary>What documents say is there: links, paths, samples, programs, commands.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Guides => [.. Markdown.Guides.Where(file => Commands(file).Count > 0)];

    [Fact]
    public void Links_OfDocuments_Resolve() => Findings.AssertNone(
        Tree.FilesOf(".md").SelectMany(file => BrokenLinks(file, Tree.Read(file))), "broken links");

    [Fact]
    public void Paths_NamedInDocuments_Exist() => Findings.AssertNone(
        Tree.FilesOf(".md").Where(file => !file.StartsWith("docs/spec/", StringComparison.Ordinal))
            .SelectMany(file => MissingPaths(file, Tree.Read(file))),
        "paths that are not there");

    // OPENVDI_UPDATE_BASELINE=1 writes the samples into README.md instead of comparing.
    [Fact]
    public void Readme_ShowsTheSamplesAsTheyAre()
    {
        string readme = Tree.Read("README.md");
        if (Environment.GetEnvironmentVariable("OPENVDI_UPDATE_BASELINE") == "1")
        {
            readme = ShownSample().Replace(readme, match => ShowSample(match.Groups[1].Value));
            File.WriteAllText(Tree.PathOf("README.md"), readme);
        }

        Findings.AssertNone(
            Tree.FilesOf("/Program.cs", "samples").Where(file => !readme.Contains(ShowSample(file), StringComparison.Ordinal)),
            "samples that README.md does not show word for word (HINT: OPENVDI_UPDATE_BASELINE=1 ./test Tidy --filter Readme)");
    }

    [Fact]
    public void Programs_InGuides_Compile() => Findings.AssertNone(
        Markdown.Guides.SelectMany(file => Markdown.Blocks(file, Tree.Read(file)))
            .Where(block => block is { Language: "csharp", Marker: null })
            .SelectMany(CompileErrors),
        "programs in documents that do not compile");

    [Fact]
    public void Programs_BeforeAnOutput_PrintIt()
    {
        foreach (string file in Markdown.Guides)
        {
            List<FencedBlock> blocks = [.. Markdown.Blocks(file, Tree.Read(file))];
            foreach ((FencedBlock program, FencedBlock output) in blocks.Zip(blocks.Skip(1))
                .Where(pair => pair is { First: { Language: "csharp", Marker: null }, Second.Language: "text" }))
            {
                Assert.Equal((program.Line, output.Text), (program.Line, Run(program)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public async Task Commands_OfAGuide_RunAsPrinted(string file)
    {
        using Scratch scratch = new();
        // The reader stands in the root of a clone; what his commands write should not stay there.
        foreach (string entry in new[] { "vdi", "src", "samples", "docs" })
        {
            if (Path.Exists(Tree.PathOf(entry)))
            {
                File.CreateSymbolicLink(Path.Combine(scratch.Path, entry), Tree.PathOf(entry));
            }
        }

        foreach (FencedBlock block in Commands(file))
        {
            ShellResult result = await Shell.RunAsync(scratch.Path, "bash", "-euo", "pipefail", "-c", block.Text);
            result.AssertSucceeded($"{file}:{block.Line}\n{block.Text}");
        }
    }

    [Fact]
    public async Task Verbs_NamedInDocuments_AreThoseOfTheProgram()
    {
        string program = Tree.PathOf($"src/OpenVdi.Cli/bin/{Tree.Configuration}/net10.0/vdi.dll");
        ShellResult help = await Shell.RunAsync(Tree.Root, "dotnet", program, "--help");
        help.AssertSucceeded("vdi --help");
        // The program starts itself as an engine; that verb is not in its help.
        HashSet<string> verbs = ["engine", .. HelpVerb().Matches(help.Output).Select(match => match.Groups[1].Value)];
        Findings.AssertNone(
            Tree.FilesOf(".md").SelectMany(file => UnknownVerbs(file, Tree.Read(file), verbs)),
            $"verbs that vdi does not have (it has {string.Join(", ", verbs)})");
    }

    [Fact]
    public void UnknownVerbs_OfAnInventedOne_ReportsIt() => Assert.Equal(
        ["a.md: vdi fly"], UnknownVerbs("a.md", "`./vdi fly --high`, `vdi ps`, but vdi itself and vdi.dll", ["ps"]));

    [Fact]
    public void Variables_OfSourcesAndDocument_AreTheSame()
    {
        // This suite's own examples do not count.
        HashSet<string> used = [.. Tree.Files.Where(file => (file is "vdi" or "test" || file.EndsWith(".cs", StringComparison.Ordinal))
                && !file.EndsWith("/DocumentTests.cs", StringComparison.Ordinal))
            .SelectMany(file => VariablesIn(Tree.Read(file)))];
        HashSet<string> documented = [.. VariablesIn(Tree.Read("docs/reference/environment.md"))];
        Findings.AssertNone(used.Except(documented), "variables that docs/reference/environment.md does not have");
        Findings.AssertNone(documented.Except(used), "variables that nothing reads");
    }

    [Fact]
    public void VariablesIn_OfAText_FindsEach() =>
        Assert.Equal(["OPENVDI_NEW"], VariablesIn("Get(\"OPENVDI_NEW\"), OpenVdi"));

    [Fact]
    public void BrokenLinks_OfAFalseOne_ReportsIt()
    {
        Assert.Single(BrokenLinks("README.md", "see [it](docs/nowhere.md)"));
        Assert.Single(BrokenLinks("docs/a.md", "see [it](../README.md#no-such-heading)"));
        Assert.Empty(BrokenLinks("docs/a.md", "see [it](../README.md#openvdi), [there](https://example.org)"));
    }

    [Fact]
    public void MissingPaths_OfAFalseOne_ReportsIt()
    {
        Assert.Single(MissingPaths("a.md", "in `src/OpenVdi/Nowhere.cs`"));
        Assert.Empty(MissingPaths("a.md", "in `src/OpenVdi/Protocol/` and `./vdi demo`"));
    }

    [Fact]
    public void CompileErrors_OfAFalseProgram_ReportsIt() =>
        Assert.NotEmpty(CompileErrors(new FencedBlock("a.md", 1, "csharp", null, "OpenVdi.NoSuchType.Call();")));

    [Fact]
    public void Blocks_WithAMarker_SayWhyTheyAreLeftOut()
    {
        const string Text = "a\n<!-- not run: takes an hour -->\n```sh\nfalse\n```\n```sh\ntrue\n```\n";
        Assert.Equal(["takes an hour", null], Markdown.Blocks("a.md", Text).Select(block => block.Marker));
    }

    private static IEnumerable<string> UnknownVerbs(string file, string text, HashSet<string> verbs) => CalledVerb().Matches(text)
        .Select(match => match.Groups[1].Value)
        .Where(verb => !verbs.Contains(verb))
        .Select(verb => $"{file}: vdi {verb}");

    private static string ShowSample(string file) => $"<!-- {file} -->\n```csharp\n{Tree.Read(file)}```\n";

    private static List<FencedBlock> Commands(string file) =>
        [.. Markdown.Blocks(file, Tree.Read(file)).Where(block => block is { Language: "sh", Marker: null })];

    private static CSharpCompilation Compile(FencedBlock block) => SourceModel.Compile(
        [("block.cs", block.Text)],
        [MetadataReference.CreateFromFile(Path.Combine(AppContext.BaseDirectory, "OpenVdi.dll"))],
        program: true);

    // The block's program, run here: what it prints.
    private static string Run(FencedBlock block)
    {
        using MemoryStream image = new();
        Assert.True(Compile(block).Emit(image).Success, $"{block.File}:{block.Line} does not compile");
        MethodInfo entry = Assembly.Load(image.ToArray()).EntryPoint!;
        TextWriter before = Console.Out;
        using StringWriter printed = new();
        try
        {
            Console.SetOut(printed);
            entry.Invoke(null, entry.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(before);
        }

        return printed.ToString();
    }

    private static IEnumerable<string> CompileErrors(FencedBlock block) => Compile(block).GetDiagnostics()
        .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
        .Select(diagnostic => $"{block.File}:{block.Line + 1 + diagnostic.Location.GetLineSpan().StartLinePosition.Line}: "
            + diagnostic.GetMessage(null));

    private static IEnumerable<string> BrokenLinks(string file, string text)
    {
        foreach ((int line, string prose) in Markdown.Prose(text))
        {
            foreach (Match match in Link().Matches(prose))
            {
                string[] target = match.Groups[1].Value.Split('#', 2);
                if (target[0].Contains(':', StringComparison.Ordinal))
                {
                    continue;
                }

                string path = target[0].Length == 0
                    ? Tree.PathOf(file)
                    : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Tree.PathOf(file))!, target[0]));
                if (!Path.Exists(path) || (target.Length == 2 && !Slugs(File.ReadAllText(path)).Contains(target[1])))
                {
                    yield return $"{file}:{line}: {match.Groups[1].Value}";
                }
            }
        }
    }

    // As hosts of repositories make them: lower case, words joined by hyphens, other signs dropped.
    private static IEnumerable<string> Slugs(string text) => Markdown.Prose(text)
        .Where(line => line.Text.StartsWith('#'))
        .Select(line => string.Concat(line.Text.TrimStart('#').Trim().ToLowerInvariant()
            .Where(sign => char.IsLetterOrDigit(sign) || sign is ' ' or '-' or '_')).Replace(' ', '-'));

    private static IEnumerable<string> MissingPaths(string file, string text) =>
        from line in Markdown.Prose(text)
        from Match match in CodePath().Matches(line.Text)
        where !Path.Exists(Tree.PathOf(match.Groups[1].Value))
        select $"{file}:{line.Line}: {match.Groups[1].Value}";

    private static IEnumerable<string> VariablesIn(string text) => Variable().Matches(text).Select(match => match.Value);

    [GeneratedRegex(@"\b(?:OPENVDI_[A-Z_]*[A-Z]|_VIRTUAL_SERVER_NAME_)\b")]
    private static partial Regex Variable();

    // A line of the list of commands: two blanks, the verb, its description.
    [GeneratedRegex(@"^  ([a-z]+) +[A-Z]", RegexOptions.Multiline)]
    private static partial Regex HelpVerb();

    [GeneratedRegex(@"(?:^|`)(?:\./)?vdi ([a-z]+)\b", RegexOptions.Multiline)]
    private static partial Regex CalledVerb();

    [GeneratedRegex(@"<!-- (samples/\S+) -->\n```csharp\n[\s\S]*?```\n")]
    private static partial Regex ShownSample();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:src|tests|docs|samples|bench|changelog|\.ci)/[\w./-]+)`")]
    private static partial Regex CodePath();
}
