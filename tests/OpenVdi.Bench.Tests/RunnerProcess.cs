using System.Diagnostics;
using OpenVdi.Bench.Harness;

namespace OpenVdi.Bench.Tests;

/// <summary>The benchmark's own executable, started as a user would.</summary>
internal static class RunnerProcess
{
    // A tiny run takes some seconds; the limit is for a machine that builds at the same time.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    private static string Library => Path.Join(AppContext.BaseDirectory, "OpenVdi.Bench.Runner.dll");

    /// <summary>How to start it as the client's process.</summary>
    public static PeerCommand Peer => new("dotnet", [Library, "peer"]);

    public static (int ExitCode, string Output, string Errors) Run(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Library, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"the benchmark's end was awaited for {s_limit}: {string.Join(' ', arguments)}");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }
}
