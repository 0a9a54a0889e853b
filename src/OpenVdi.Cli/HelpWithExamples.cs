using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace OpenVdi.Cli;

/// <summary>The usual help, and behind it notes, examples and exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    // What every command can end with.
    private static readonly ExitCode[] s_common = [ExitCode.Ok, ExitCode.InternalError, ExitCode.UsageError];

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int result = usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        IEnumerable<ExitCode> codes = Enum.GetValues<ExitCode>();
        if (parseResult.CommandResult.Command is Verb verb)
        {
            codes = [.. s_common, .. verb.ExitCodes];
            WriteNotes(output, verb);
            WriteExamples(output, verb.Examples);
        }
        else
        {
            WriteExamples(output,
            [
                ("vdi demo", "see a backup and a restore of a live database, proved equal"),
                ("vdi backup --sqlite shop.db --to shop.vdi", "back up a database to a file"),
                ("vdi restore --sqlite copy.db --from shop.vdi", "restore it under another name"),
                ("vdi backup --help", "all about one command"),
            ]);
        }

        output.WriteLine("Exit codes:");
        foreach (ExitCode code in codes)
        {
            output.WriteLine($"  {(int)code,3}  {ExitCodes.Meaning(code)}");
        }

        output.WriteLine();
        return result;
    }

    private static void WriteNotes(TextWriter output, Verb verb)
    {
        foreach (string note in verb.Notes)
        {
            output.WriteLine(note);
        }

        if (verb.Notes.Count > 0)
        {
            output.WriteLine();
        }
    }

    private static void WriteExamples(TextWriter output, IReadOnlyList<(string Line, string Purpose)> examples)
    {
        if (examples.Count == 0)
        {
            return;
        }

        output.WriteLine("Examples:");
        foreach ((string line, string purpose) in examples)
        {
            output.WriteLine($"  {line}");
            output.WriteLine($"      {purpose}");
        }

        output.WriteLine();
    }
}
