using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OpenVdi.Tidy.Tests;

/// <summary>Inside OpenVdi a folder uses only folders above it; and `unsafe` stays where memory is mapped.</summary>
public sealed class FolderOrderTests
{
    private static readonly string[] s_order =
    [
        "Protocol", "Diagnostics", "Transport", "SharedMemory", "Server", "Client", "Streaming", "Com",
    ];

    // Above, and yet not for them: both halves know the contracts of Transport only, and not each other.
    private static readonly (string From, string To)[] s_strangers =
    [
        ("Server", "SharedMemory"), ("Client", "SharedMemory"), ("Client", "Server"),
    ];

    private static readonly string[] s_unsafeFolders = ["src/OpenVdi/SharedMemory/", "src/OpenVdi/Com/", "src/OpenVdi.Native/"];

    [Fact]
    public void Folders_OfOpenVdi_UseOnlyFoldersAboveThem() =>
        Findings.AssertNone(CheckFolders(SourceModel.Src), "uses of a lower folder");

    [Fact]
    public void Unsafe_OnlyWhereMemoryIsMapped() => Findings.AssertNone(CheckUnsafe(SourceModel.Src), "unsafe code");

    [Fact]
    public void CheckFolders_OfADownwardUse_ReportsIt()
    {
        var compilation = SourceModel.Compile(
        [
            ("src/OpenVdi/Protocol/A.cs", "namespace OpenVdi; class A { object _x = new OpenVdi.Client.B(); }"),
            ("src/OpenVdi/Client/B.cs", "using OpenVdi.Server; namespace OpenVdi.Client; class B { A? _a; int _c = C.Number; }"),
            ("src/OpenVdi/Server/C.cs", "namespace OpenVdi.Server; static class C { public const int Number = 1; }"),
        ]);
        Assert.Collection(
            CheckFolders(compilation).Order(),
            finding => Assert.StartsWith("src/OpenVdi/Client/B.cs:1: Client uses C of Server", finding, StringComparison.Ordinal),
            finding => Assert.StartsWith("src/OpenVdi/Protocol/A.cs:1: Protocol uses B of Client", finding, StringComparison.Ordinal));
    }

    [Fact]
    public void CheckUnsafe_OfAPointerInTheServer_ReportsIt()
    {
        const string Text = "class A { unsafe int Get(int* p) => *p; }";
        Assert.Single(CheckUnsafe(SourceModel.Compile([("src/OpenVdi/Server/A.cs", Text)])));
        Assert.Empty(CheckUnsafe(SourceModel.Compile([("src/OpenVdi/SharedMemory/A.cs", Text)])));
    }

    private static HashSet<string> CheckFolders(CSharpCompilation compilation)
    {
        HashSet<string> found = [];
        foreach (SyntaxTree tree in compilation.Trees())
        {
            if (FolderOf(tree.FilePath) is not { } from)
            {
                continue;
            }

            if (Array.IndexOf(s_order, from) < 0)
            {
                found.Add($"{tree.FilePath}: folder {from} is not one of {string.Join(", ", s_order)}");
                continue;
            }

            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                ISymbol? symbol = model.GetSymbolInfo(name).Symbol;
                INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
                string? target = type?.OriginalDefinition.DeclaringSyntaxReferences
                    .Select(reference => FolderOf(reference.SyntaxTree.FilePath)).FirstOrDefault();
                if (target is not null && !MayUse(from, target))
                {
                    found.Add($"{name.Place()}: {from} uses {type!.Name} of {target}");
                }
            }
        }

        return found;
    }

    private static bool MayUse(string from, string to) =>
        Array.IndexOf(s_order, to) <= Array.IndexOf(s_order, from) && !s_strangers.Contains((from, to));

    private static string? FolderOf(string file)
    {
        string[] parts = file.Split('/');
        return parts is ["src", "OpenVdi", var folder, _, ..] ? folder : null;
    }

    private static IEnumerable<string> CheckUnsafe(CSharpCompilation compilation) =>
        from tree in compilation.Trees()
        where !s_unsafeFolders.Any(folder => tree.FilePath.StartsWith(folder, StringComparison.Ordinal))
        from token in tree.GetRoot().DescendantTokens()
        where token.IsKind(SyntaxKind.UnsafeKeyword)
        select $"{token.Parent!.Place()}: unsafe belongs to SharedMemory, Com and OpenVdi.Native";
}
