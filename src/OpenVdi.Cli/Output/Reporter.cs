using System.Diagnostics;
using Spectre.Console;

namespace OpenVdi.Cli.Output;

/// <summary>Where a command's words go: results to standard output, progress and errors to standard error; drawn for
/// people, or as JSON lines. When standard output carries a stream, results go to standard error too.</summary>
internal sealed class Reporter(bool isJson, bool isQuiet)
{
    // Without a terminal, a progress line for each tenth: a log wants few.
    private const int LinesPerRun = 10;

    private static readonly TimeSpan s_drawInterval = TimeSpan.FromMilliseconds(100);

    private readonly IAnsiConsole _errorConsole = Console(System.Console.Error, System.Console.IsErrorRedirected);

    /// <summary>Whether the words are JSON lines.</summary>
    public bool IsJson => isJson;

    /// <summary>Whether standard output carries a stream and must stay free of words.</summary>
    public bool IsStandardOutputTaken { get; set; }

    /// <summary>Reports a result.</summary>
    public void Result(Report report, Action<IAnsiConsole> draw)
    {
        TextWriter writer = IsStandardOutputTaken ? System.Console.Error : System.Console.Out;
        if (isJson)
        {
            writer.WriteLine(JsonLine.Of<Report>(report));
            return;
        }

        draw(Console(writer, IsStandardOutputTaken ? System.Console.IsErrorRedirected : System.Console.IsOutputRedirected));
    }

    /// <summary>Draws a result of several lines, for people only.</summary>
    public static void Draw(Spectre.Console.Rendering.IRenderable result) =>
        Console(System.Console.Out, System.Console.IsOutputRedirected).Write(result);

    /// <summary>Reports an error and gives the exit code of the process.</summary>
    public int Fail(CommandFailure failure)
    {
        if (isJson)
        {
            System.Console.Error.WriteLine(JsonLine.Of(new ErrorReport(
                (int)failure.ExitCode, ExitCodes.Name(failure.ExitCode), failure.Message, failure.Hint)));
        }
        else
        {
            _errorConsole.MarkupLineInterpolated($"[red]vdi:[/] {failure.Message}");
            if (failure.Hint is not null)
            {
                _errorConsole.MarkupLineInterpolated($"[yellow]HINT:[/] {failure.Hint}");
            }
        }

        return (int)failure.ExitCode;
    }

    /// <summary>Says what happens now; not a result, so nothing with --quiet or --json.</summary>
    public void Note(string text)
    {
        if (!isJson && !isQuiet)
        {
            _errorConsole.MarkupLineInterpolated($"[grey]{text}[/]");
        }
    }

    /// <summary>Awaits a task and shows how far it is meanwhile.</summary>
    /// <param name="activity">What is going on, one or two words.</param>
    /// <param name="totalBytes">How much there is to do, as far as it is known.</param>
    /// <param name="doneBytes">How much is done.</param>
    /// <param name="work">What is awaited.</param>
    public async Task<T> WithProgressAsync<T>(string activity, long totalBytes, Func<long> doneBytes, Task<T> work)
    {
        if (isQuiet)
        {
            return await work.ConfigureAwait(false);
        }

        if (!isJson && _errorConsole.Profile.Capabilities.Interactive)
        {
            await DrawBarAsync(activity, totalBytes, doneBytes, work).ConfigureAwait(false);
        }
        else
        {
            await WriteLinesAsync(activity, totalBytes, doneBytes, work).ConfigureAwait(false);
        }

        return await work.ConfigureAwait(false);
    }

    private Task DrawBarAsync(string activity, long totalBytes, Func<long> doneBytes, Task work) =>
        _errorConsole.Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask bar = context.AddTask(Markup.Escape(activity), maxValue: Math.Max(1, totalBytes));
                await EachIntervalAsync(work, () => bar.Value = Math.Min(doneBytes(), bar.MaxValue)).ConfigureAwait(false);
            });

    private async Task WriteLinesAsync(string activity, long totalBytes, Func<long> doneBytes, Task work)
    {
        long start = Stopwatch.GetTimestamp();
        int lines = 0;
        await EachIntervalAsync(work, () =>
        {
            long done = doneBytes();
            int due = totalBytes <= 0 ? 0 : (int)Math.Min(LinesPerRun, (double)done / totalBytes * LinesPerRun);
            if (due > lines)
            {
                lines = due;
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                System.Console.Error.WriteLine(isJson
                    ? JsonLine.Of(new ProgressReport(activity, done, totalBytes, seconds))
                    : $"{activity}: {due * 100 / LinesPerRun} %, {ByteSize.Format(done)}, {ByteSize.FormatRate(done, seconds)}");
            }
        }).ConfigureAwait(false);
    }

    private static async Task EachIntervalAsync(Task work, Action draw)
    {
        using PeriodicTimer timer = new(s_drawInterval);
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, timer.WaitForNextTickAsync().AsTask()).ConfigureAwait(false);
            draw();
        }
    }

    private static IAnsiConsole Console(TextWriter writer, bool isRedirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(writer),
        });
        if (isRedirected)
        {
            // A line in a log or a pipe is not folded: paths and messages stay whole, for grep.
            console.Profile.Width = 4096;
        }

        return console;
    }
}
