using System.Collections.Concurrent;
using System.Diagnostics;

namespace OpenVdi.Native.Tests;

/// <summary>Compiles the test programs, with warnings as errors, as a user of the library would. One for each class of tests.
/// </summary>
public sealed class Compiler : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("openvdi-native-").FullName;
    private readonly ConcurrentDictionary<string, string> _programs = new();

    /// <summary>The compilers of C++ that are here; the first one is always g++.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["g++", .. Path.Exists("/usr/bin/clang++") ? (string[])["clang++"] : []];

    /// <summary>A folder that goes with this object.</summary>
    public string ScratchDirectory => _directory;

    /// <summary>The executable of a program that is one file of C++, compiled once by g++.</summary>
    public string Program(string name) => _programs.GetOrAdd(name, n => Compile("g++", n, n + ".cpp"));

    /// <summary>Makes an executable of sources in <c>Programs</c>, and gives its path.</summary>
    public string Compile(string compiler, string name, params string[] sources) => Build(compiler, name, isLinked: true, sources);

    /// <summary>Makes an executable that is not linked to the library.</summary>
    public string CompileUnlinked(string compiler, string name, params string[] sources) =>
        Build(compiler, name, isLinked: false, sources);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Build(string compiler, string name, bool isLinked, string[] sources)
    {
        string output = Path.Combine(_directory, $"{name}-{Path.GetFileName(compiler)}");
        bool isC = !Path.GetFileName(compiler).EndsWith("++", StringComparison.Ordinal);
        _ = NativePrefix.Library;
        List<string> arguments =
        [
            isC ? "-std=c11" : "-std=c++11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread",
            $"-I{NativePrefix.IncludeDirectory}",
            .. sources.Select(NativePrefix.Program),
            "-o", output,
            .. isLinked
                ? (string[])[$"-L{NativePrefix.LibraryDirectory}", $"-Wl,-rpath,{NativePrefix.LibraryDirectory}", "-lsqlvdi"]
                : [],
            "-ldl",
        ];
        using Process process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(s_limit), $"{compiler} {string.Join(' ', arguments)}: still running after {s_limit}");
        Assert.True(process.ExitCode == 0, $"{compiler} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{errors}");
        return output;
    }
}
