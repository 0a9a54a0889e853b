using System.Diagnostics;
using System.Text.RegularExpressions;

namespace OpenVdi.Native.Tests;

/// <summary>What a linker and a loader see of the library. Spec: 14.7.</summary>
public sealed partial class SymbolTests
{
    private const long MaxBytes = 3 << 20;

    private static readonly string[] s_systemLibraries =
        ["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "libpthread.so.0", "libdl.so.2", "librt.so.1"];

    [Fact]
    public void DefinedSymbols_AreThoseOfTheSpecificationAndOfTheServersHeader()
    {
        string[] specified =
        [
            .. SpecifiedSymbol().Matches(File.ReadAllText(Path.Combine(NativePrefix.Root, "docs", "spec", "vdi.md")))
                .Select(match => match.Groups["name"].Value),
        ];
        Assert.Equal(19, specified.Length);
        string[] expected = [.. specified.Concat(ServerHeaderTests.Declared()).Order(StringComparer.Ordinal)];
        string[] found =
        [
            .. Lines("nm", "-D", "--defined-only", "--format=posix", NativePrefix.Library)
                .Select(line => line.Split(' ')[0]).Order(StringComparer.Ordinal),
        ];
        Assert.Equal(expected, found);
    }

    [Fact]
    public void DynamicSection_NeedsTheSystemsLibrariesAlone()
    {
        string[] lines = Lines("readelf", "--dynamic", "--wide", NativePrefix.Library);
        Assert.Equal(["libsqlvdi.so"], Names(lines, "(SONAME)"));
        Assert.NotEmpty(Names(lines, "(NEEDED)"));
        Assert.All(Names(lines, "(NEEDED)"), name => Assert.Contains(name, s_systemLibraries));
        Assert.Contains(lines, line => line.Contains("(FLAGS_1)", StringComparison.Ordinal)
            && line.Contains("NODELETE", StringComparison.Ordinal));
        // No versions of its own: a program that was linked with another library of this name has none to ask for.
        Assert.DoesNotContain(lines, line => line.Contains("(VERDEF)", StringComparison.Ordinal));
        // Nor a stack that may be executed, nor text that must be changed.
        Assert.DoesNotContain(lines, line => line.Contains("(TEXTREL)", StringComparison.Ordinal));
    }

    [Fact]
    public void Size_IsBelowThreeMegabytes() => Assert.InRange(new FileInfo(NativePrefix.Library).Length, 1, MaxBytes);

    private static string[] Names(string[] lines, string tag) =>
    [
        .. lines.Where(line => line.Contains(tag, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf('[', StringComparison.Ordinal) + 1)..line.IndexOf(']', StringComparison.Ordinal)]),
    ];

    private static string[] Lines(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"^\| (?<name>_ZN\w+) \|", RegexOptions.Multiline)]
    private static partial Regex SpecifiedSymbol();
}
