using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OpenVdi.Tidy.Tests;

/// <summary>Calls that have no place here: sleeping instead of waiting, blocking on a task, printing from a library.</summary>
public sealed class BannedCallTests
{
    private const string Cli = "src/OpenVdi.Cli/";

    private static readonly (string Call, string Folder, string Except, string Instead)[] s_banned =
    [
        ("Thread.Sleep", "", "", "wait for what is to come"),
        ("Task.Delay", "", "", "wait for what is to come"),
        ("DateTime.Now", "", "", "use a monotonic stamp, or UTC from a TimeProvider"),
        ("Task.Run", "src/", Cli, "a library does not choose its caller's threads"),
        ("Console.Write", "src/", Cli, "only the command line prints"),
        ("Console.WriteLine", "src/", Cli, "only the command line prints"),
        ("Console.Out", "src/", Cli, "only the command line prints"),
        ("Console.Error", "src/", Cli, "only the command line prints"),
        ("Environment.Exit", "src/", Cli, "a library does not end its host"),
        ("Environment.FailFast", "src/", Cli, "a library does not end its host"),
        ("GC.Collect", "src/", Cli, "a library does not govern its host"),
    ];

    [Fact]
    public void Sources_CallNothingBanned() => Findings.AssertNone(
        Tree.FilesOf(".cs").Where(file => !file.EndsWith("/BannedCallTests.cs", StringComparison.Ordinal))
            .SelectMany(file => CheckCalls(CSharpSyntaxTree.ParseText(Tree.Read(file), path: file))),
        "banned calls");

    [Fact]
    public void Src_BlocksOnNoTask() => Findings.AssertNone(CheckBlocking(SourceModel.Src), "sync over async");

    [Theory]
    [InlineData("src/OpenVdi/Server/A.cs", "class A { void M() => System.Threading.Thread.Sleep(1); }")]
    [InlineData("tests/X.Tests/A.cs", "class A { async Task M() => await Task.Delay(1); }")]
    [InlineData("src/OpenVdi/Server/A.cs", "class A { void M() => Console.Error.WriteLine(); }")]
    [InlineData("src/OpenVdi/Server/A.cs", "class A { async void M() { } }")]
    [InlineData("src/OpenVdi/Server/A.cs", "class A { object M() => DateTime.Now; }")]
    public void CheckCalls_OfABannedOne_ReportsIt(string file, string text) =>
        Assert.Single(CheckCalls(CSharpSyntaxTree.ParseText(text, path: file)));

    [Theory]
    [InlineData("class A { int M(Task<int> t) => t.Result; }", 1)]
    [InlineData("class A { void M(Task t) => t.Wait(); }", 1)]
    [InlineData("class A { void M(ValueTask<int> t) => t.AsTask().GetAwaiter().GetResult(); }", 1)]
    [InlineData("class A { int M(Task<int> t) => t.IsCompletedSuccessfully ? t.Result : 0; }", 0)]
    [InlineData("class A { void M(Task t) { if (!t.IsCompleted) t.Wait(); } }", 1)]
    [InlineData("class B { public int Result => 1; } class A { int M(B b) => b.Result; }", 0)]
    public void CheckBlocking_TellsATaskFromAnotherType(string text, int findings) =>
        Assert.Equal(findings, CheckBlocking(SourceModel.Compile([("src/OpenVdi/A.cs", text)])).Count());

    private static IEnumerable<string> CheckCalls(SyntaxTree tree)
    {
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
        {
            if (node is MemberAccessExpressionSyntax access)
            {
                string call = $"{LastName(access.Expression)}.{access.Name.Identifier.Text}";
                foreach ((string banned, string folder, string except, string instead) in s_banned)
                {
                    if (call == banned && tree.FilePath.StartsWith(folder, StringComparison.Ordinal)
                        && !except.Split('|').Any(path => path.Length > 0 && tree.FilePath.StartsWith(path, StringComparison.Ordinal)))
                    {
                        yield return $"{node.Place()}: {banned}: {instead}";
                    }
                }
            }

            SyntaxTokenList modifiers = node switch
            {
                MethodDeclarationSyntax { ReturnType: PredefinedTypeSyntax { Keyword.Text: "void" } } method => method.Modifiers,
                LocalFunctionStatementSyntax { ReturnType: PredefinedTypeSyntax { Keyword.Text: "void" } } local => local.Modifiers,
                _ => default,
            };
            if (modifiers.Any(SyntaxKind.AsyncKeyword))
            {
                yield return $"{node.Place()}: async void: its failure has no receiver; return a task";
            }
        }
    }

    private static IEnumerable<string> CheckBlocking(CSharpCompilation compilation)
    {
        foreach (SyntaxTree tree in compilation.Trees())
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (name.Identifier.Text is "Result" or "Wait" or "WaitAll" or "WaitAny" or "GetResult"
                    && model.GetSymbolInfo(name).Symbol?.ContainingType is { } type && IsTask(type)
                    && !AsksFirst(name))
                {
                    yield return $"{name.Place()}: {type.Name}.{name.Identifier.Text} blocks a thread on a task";
                }
            }
        }
    }

    // A member that asks IsCompleted takes the result of a task that has one, and waits for nothing.
    private static bool AsksFirst(SimpleNameSyntax name) => name.Identifier.Text is "Result" or "GetResult"
        && name.FirstAncestorOrSelf<MemberDeclarationSyntax>()!.ToString().Contains("IsCompleted", StringComparison.Ordinal);

    private static bool IsTask(INamedTypeSymbol type) =>
        type.Name is "Task" or "ValueTask" or "TaskAwaiter" or "ValueTaskAwaiter" or "ConfiguredTaskAwaiter"
            or "ConfiguredValueTaskAwaiter";

    private static string LastName(ExpressionSyntax expression) => expression switch
    {
        MemberAccessExpressionSyntax inner => inner.Name.Identifier.Text,
        SimpleNameSyntax name => name.Identifier.Text,
        _ => "",
    };
}
