using System.Diagnostics;

namespace OpenVdi.Cli.Engine;

/// <summary>Starts this program again, with another verb, in a process of its own.</summary>
internal static class SelfProcess
{
    /// <summary>A process whose standard input and output are ours. Its standard input is its lease of life: when this
    /// process closes it, or dies, the other one sees the end and gives up.</summary>
    public static Process Start(IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath
            ?? throw new CommandFailure(ExitCode.InternalError, "the path of the running program is not known");
        ProcessStartInfo start = new(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };

        // Under `dotnet vdi.dll` the program is the runtime's host and wants the assembly first.
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "vdi.dll"));
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)
            ?? throw new CommandFailure(ExitCode.InternalError, $"the program {program} could not be started again");
    }

    /// <summary>In the started process: a token that is cancelled when the starter closes our standard input or dies.</summary>
    public static CancellationToken LeaseOfLife(CancellationToken cancellationToken)
    {
        // Lives as long as the process does.
        CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Thread watcher = new(() =>
        {
            using Stream input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[64];
            while (input.Read(ignored) > 0)
            {
            }

            source.Cancel();
        })
        {
            IsBackground = true,
            Name = "lease of life",
        };
        watcher.Start();
        return source.Token;
    }
}
