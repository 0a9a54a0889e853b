using System.ComponentModel;
using System.Diagnostics;

namespace OpenVdi.Cli.Native;

/// <summary>Compiles the library ahead of time, with the SDK that runs this program or is in the PATH.</summary>
internal static class NativeBuild
{
    private static readonly string[] s_linkers = ["clang", "gcc"];

    /// <summary>Runs the build. What it says is shown only when it fails.</summary>
    public static async Task RunAsync(NativeTree tree, CancellationToken cancellationToken)
    {
        if (!s_linkers.Any(IsInPath))
        {
            throw new CommandFailure(
                ExitCode.BuildFailed, $"none of {string.Join(", ", s_linkers)} is in the PATH: the library cannot be linked",
                "install one of them, on Debian with apt-get install g++.");
        }

        using Process process = Start(tree);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            string said = await output.ConfigureAwait(false) + await error.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw new CommandFailure(
                    ExitCode.BuildFailed, $"dotnet publish ended with exit code {process.ExitCode}:\n{said.TrimEnd()}");
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private static Process Start(NativeTree tree)
    {
        ProcessStartInfo start = new(DotNet(), ["publish", tree.Project, "-c", "Release", "-nologo", "-v", "quiet"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Nothing of it outlives the command.
        start.ArgumentList.Add("-nodeReuse:false");
        start.ArgumentList.Add("-p:UseSharedCompilation=false");
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new CommandFailure(
                ExitCode.BuildFailed, $"{start.FileName} cannot be started: {failure.Message}", "install the .NET SDK 10.", failure);
        }
    }

    private static string DotNet() =>
        Environment.ProcessPath is { } self && Path.GetFileName(self) == "dotnet" ? self : "dotnet";

    private static bool IsInPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(directory => File.Exists(Path.Combine(directory, program)));
}
