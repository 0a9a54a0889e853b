using System.CommandLine;
using OpenVdi.Cli.Demo;
using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi demo-writers</c>, hidden: the process of the demonstration that keeps changing the database. It answers
/// each line of standard input with its number of commits, and ends with standard input.</summary>
internal static class DemoWritersCommand
{
    private static readonly Option<string> s_database = new("--database") { Required = true };
    private static readonly Option<int> s_writers = new("--writers") { Required = true };
    private static readonly Option<int> s_seed = new("--seed") { Required = true };

    public static Command Create()
    {
        Verb verb = new("demo-writers", "The demonstration's writers; vdi demo starts it.") { Hidden = true };
        verb.Options.Add(s_database);
        verb.Options.Add(s_writers);
        verb.Options.Add(s_seed);
        verb.Runs(Run);
        return verb;
    }

    private static async Task<ExitCode> Run(VerbContext context)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        int seed = context.Arguments.GetValue(s_seed);
        DemoWriter[] writers = [.. Enumerable.Range(0, context.Arguments.GetValue(s_writers))
            .Select(index => new DemoWriter(context.Arguments.GetRequiredValue(s_database), seed + index))];
        Task[] tasks = [.. writers.Select(writer => writer.RunAsync(end.Token))];

        while (await Console.In.ReadLineAsync(end.Token).ConfigureAwait(false) is not null)
        {
            Answer(writers, tasks);
        }

        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(tasks).ConfigureAwait(false);
        Answer(writers, tasks);
        return ExitCode.Ok;
    }

    private static void Answer(DemoWriter[] writers, Task[] tasks)
    {
        string? problem = tasks.FirstOrDefault(static task => task.IsFaulted)?.Exception?.InnerException?.Message;
        Console.Out.WriteLine(JsonLine.Of(new WriterReport(writers.Sum(static writer => writer.CommitCount), problem)));
    }
}
