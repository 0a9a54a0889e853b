using System.Diagnostics;
using System.Text;

namespace OpenVdi.Tidy.Tests;

/// <summary>How a command ended and what it said on both of its outputs.</summary>
internal sealed record ShellResult(int ExitCode, string Output)
{
    public void AssertSucceeded(string what) => Assert.True(ExitCode == 0, $"{what}: exit code {ExitCode}\n{Output}");
}

/// <summary>Runs a command to its end, with one generous limit.</summary>
internal static class Shell
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);

    public static async Task<ShellResult> RunAsync(string directory, string file, params string[] arguments)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the test runner's own host needs is nothing to its children.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
            || name is "VSTEST_CONNECTION_TIMEOUT" or "DOTNET_HOST_PATH").ToList())
        {
            start.Environment.Remove(name);
        }

        StringBuilder output = new();
        using Process process = new() { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(output, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using CancellationTokenSource limit = new(s_limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            lock (output)
            {
                return new ShellResult(-1, $"{output}\nnot done within {s_limit}: ended");
            }
        }

        lock (output)
        {
            return new ShellResult(process.ExitCode, output.ToString());
        }
    }

    private static void Append(StringBuilder output, string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
