using System.CommandLine;
using System.CommandLine.Help;
using OpenVdi.Cli.Commands;
using OpenVdi.Cli.Output;

namespace OpenVdi.Cli;

/// <summary>The command <c>vdi</c>: its list of verbs.</summary>
internal static class Program
{
    private static IEnumerable<Command> Verbs() =>
    [
        BackupCommand.Create(),
        RestoreCommand.Create(),
        DemoCommand.Create(),
        PsCommand.Create(),
        BenchCommand.Create(),
        NativeCommand.Create(),
        EngineCommand.Create(),
        DemoWritersCommand.Create(),
    ];

    private static async Task<int> Main(string[] arguments)
    {
        RootCommand root = new("Streaming backups through the virtual device interface: databases to files, pipes and back.");
        foreach (Command verb in Verbs())
        {
            root.Subcommands.Add(verb);
        }

        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);

        ParseResult parsed = root.Parse(arguments.Length == 0 ? ["--help"] : arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            // The option may itself stand where it is wrong; then the error is drawn for people.
            Reporter output = new(arguments.Contains("--json"), isQuiet: false);
            string verb = parsed.CommandResult.Command is Verb known ? $"vdi {known.Name}" : "vdi";
            return output.Fail(new CommandFailure(
                ExitCode.UsageError, string.Join(" ", parsed.Errors.Select(static error => error.Message)),
                $"{verb} --help shows what is possible."));
        }

        int exitCode = await parsed.InvokeAsync(new InvocationConfiguration
        {
            // Exceptions and signals are turned into exit codes in one place: Verb.Runs.
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        }).ConfigureAwait(false);
        return arguments.Length == 0 ? (int)ExitCode.UsageError : exitCode;
    }
}
