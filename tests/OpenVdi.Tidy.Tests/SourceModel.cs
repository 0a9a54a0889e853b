using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OpenVdi.Tidy.Tests;

/// <summary>All of src as one compilation, so that a name can be followed to its declaration.</summary>
internal static class SourceModel
{
    // What ImplicitUsings adds to every project, and xUnit's to a suite's.
    private const string GlobalUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly Lazy<CSharpCompilation> s_src = new(() => Compile(
        Tree.FilesOf(".cs", "src").Select(file => (file, Tree.Read(file)))));

    /// <summary>The sources of src.</summary>
    public static CSharpCompilation Src => s_src.Value;

    /// <summary>The assemblies that src stands on, without our own.</summary>
    public static IEnumerable<MetadataReference> References { get; } = [.. PlatformAssemblies()
        .Where(path => Path.GetFileName(path) is var name
            && !name.StartsWith("OpenVdi", StringComparison.Ordinal) && name != "vdi.dll")
        .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>Compiles sources given as file name and text. Generated code is absent: nothing here needs it.</summary>
    public static CSharpCompilation Compile(
        IEnumerable<(string File, string Text)> sources, IEnumerable<MetadataReference>? more = null, bool program = false)
    {
        CSharpParseOptions parse = new(LanguageVersion.Latest);
        IEnumerable<SyntaxTree> trees = sources
            .Append(("GlobalUsings.cs", GlobalUsings))
            .Select(source => CSharpSyntaxTree.ParseText(source.Item2, parse, source.Item1));
        CSharpCompilationOptions options = new(
            program ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
            allowUnsafe: true,
            nullableContextOptions: NullableContextOptions.Enable);
        return CSharpCompilation.Create("tidy", trees, References.Concat(more ?? []), options);
    }

    /// <summary>The trees that came from files of the tree.</summary>
    public static IEnumerable<SyntaxTree> Trees(this CSharpCompilation compilation) =>
        compilation.SyntaxTrees.Where(tree => tree.FilePath != "GlobalUsings.cs");

    /// <summary>file:line of a node.</summary>
    public static string Place(this SyntaxNode node) =>
        $"{node.SyntaxTree.FilePath}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";

    private static string[] PlatformAssemblies() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
}
