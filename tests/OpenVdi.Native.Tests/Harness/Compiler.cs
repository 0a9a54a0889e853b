using System.Diagnostics;

namespace OpenVdi.Native.Tests;

/// <summary>Compiles the test programs, with warnings as errors, as a user of the library would.</summary>
internal sealed class Compiler : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("openvdi-native-").FullName;

    /// <summary>The compilers of C++ that are here; the first one is always g++.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["g++", .. Path.Exists("/usr/bin/clang++") ? (string[])["clang++"] : []];

    /// <summary>Makes an executable of sources in <c>Programs</c>, and gives its path.</summary>
    public string Compile(string compiler, string name, params string[] sources)
    {
        string output = Path.Combine(_directory, $"{name}-{Path.GetFileName(compiler)}");
        bool isC = !Path.GetFileName(compiler).EndsWith("++", StringComparison.Ordinal);
        _ = NativePrefix.Library;
        List<string> arguments =
        [
            isC ? "-std=c11" : "-std=c++11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread",
            $"-I{NativePrefix.IncludeDirectory}",
            .. sources.Select(NativePrefix.Program),
            "-o", output, $"-L{NativePrefix.LibraryDirectory}", $"-Wl,-rpath,{NativePrefix.LibraryDirectory}",
            "-lsqlvdi", "-ldl",
        ];
        using Process process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(s_limit), $"{compiler} {string.Join(' ', arguments)}: still running after {s_limit}");
        Assert.True(process.ExitCode == 0, $"{compiler} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{errors}");
        return output;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
