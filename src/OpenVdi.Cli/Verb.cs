using System.CommandLine;
using OpenVdi.Backup.Media;
using OpenVdi.Cli.Engine;
using OpenVdi.Cli.Output;

namespace OpenVdi.Cli;

/// <summary>A command of the command line, with what its help says beside the options.</summary>
internal sealed class Verb : Command
{
    public Verb(string name, string description)
        : base(name, description)
    {
    }

    /// <summary>Command lines to copy, each with what it does.</summary>
    public IReadOnlyList<(string Line, string Purpose)> Examples { get; init; } = [];

    /// <summary>The exit codes that this command can end with, beside the ones that every command has.</summary>
    public IReadOnlyList<ExitCode> ExitCodes { get; init; } = [];

    /// <summary>What is worth knowing beside options: paragraphs.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Sets what the command does. Failures become words and an exit code here, for all commands alike.</summary>
    public void Runs(Func<VerbContext, Task<ExitCode>> run) => SetAction(async parseResult =>
    {
        using Interruption interruption = new();
        Reporter output = new(parseResult.GetValue(CommonOptions.Json), parseResult.GetValue(CommonOptions.Quiet));
        try
        {
            return (int)await run(new VerbContext(parseResult, output, interruption.Token)).ConfigureAwait(false);
        }
        catch (Exception exception) when (interruption.Outcome is not null
            && exception is OperationCanceledException or CommandFailure)
        {
            // Whatever failed after the signal failed because of it: a terminal sends it to the engine's process too.
            return output.Fail(new CommandFailure(interruption.Outcome ?? ExitCode.Interrupted, "interrupted; cleaned up"));
        }
        catch (CommandFailure failure)
        {
            return output.Fail(failure);
        }
        catch (MediumException exception)
        {
            return output.Fail(RunFailures.Of(exception));
        }
#pragma warning disable CA1031 // The last resort of the process: words and an exit code, not a crash.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return output.Fail(new CommandFailure(
                ExitCode.InternalError, $"unexpected: {exception}", "this is a defect of vdi; please report it with this text."));
        }
    });
}

/// <summary>What a running command has at hand.</summary>
/// <param name="Arguments">The parsed command line.</param>
/// <param name="Output">Where results, progress and errors go.</param>
/// <param name="CancellationToken">Cancelled by SIGINT, SIGTERM or SIGHUP.</param>
internal sealed record VerbContext(ParseResult Arguments, Reporter Output, CancellationToken CancellationToken);
