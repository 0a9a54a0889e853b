using System.Diagnostics;

namespace OpenVdi.Samples.Tests;

/// <summary>The sample in C++, compiled as the guide says, once for all tests.</summary>
internal static class CppSample
{
    public const string Name = "CppBackupProgram";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private static readonly Lazy<string> s_path = new(Compile);

    /// <summary>The program.</summary>
    public static string Path => s_path.Value;

    private static string Compile()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(System.IO.Path.Combine(root.FullName, "OpenVdi.slnx")))
        {
            root = root.Parent;
        }

        string prefix = System.IO.Path.Combine(root!.FullName, "artifacts", "native");
        string program = System.IO.Path.Combine(AppContext.BaseDirectory, Name);
        using Process compiler = Process.Start(new ProcessStartInfo("g++",
        [
            "-std=c++11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", $"-I{prefix}/include", "-o", program,
            System.IO.Path.Combine(root.FullName, "samples", Name, "program.cpp"),
            $"-L{prefix}/lib", $"-Wl,-rpath,{prefix}/lib", "-lsqlvdi",
        ])
        {
            RedirectStandardError = true,
        })!;
        string errors = compiler.StandardError.ReadToEnd();
        Assert.True(compiler.WaitForExit(s_limit), $"g++ still runs after {s_limit}");
        Assert.True(compiler.ExitCode == 0, $"{errors}\nHINT: ./vdi native build makes the library");
        return program;
    }
}
