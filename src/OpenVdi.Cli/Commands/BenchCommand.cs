using System.CommandLine;
using System.Globalization;
using OpenVdi.Bench;
using OpenVdi.Bench.Harness;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi bench</c>.</summary>
internal static class BenchCommand
{
    private const string PeerVerb = "peer";

    private static readonly Option<bool> s_quick = new("--quick")
    {
        Description = "A minute instead of a quarter of an hour: fewer rounds, sizes and wake-up runs.",
    };

    private static readonly Option<bool> s_touch = new("--touch")
    {
        Description = "Stamp the buffers instead of copying: what the transport costs without the bytes.",
    };

    private static readonly Option<int> s_rounds = new("--rounds") { Description = "Rounds of each measurement.", HelpName = "N" };

    private static readonly Option<int> s_wakeUps =
        new("--wakeups") { Description = "Runs of the hunt for lost wake-ups.", HelpName = "N" };

    private static readonly Option<string> s_bytes = List("--bytes", "Sizes of a transfer, for instance 65536,1048576.");

    private static readonly Option<string> s_devices = List("--devices", "Numbers of devices, for instance 1,4.");

    private static readonly Option<string> s_parts = List("--parts", $"Some of {string.Join(",", BenchOptions.PartNames)}.");

    private static readonly Option<string> s_contenders = List(
        "--contenders", $"Some of {string.Join(",", BenchOptions.ContenderNames)}.");

    public static Command Create()
    {
        Command bench = new("bench", "Measure what the shared-memory transport carries.");
        Verb transport = new("transport", "Measure the transport against a floor, pipes, sockets and a copy, between two processes.")
        {
            Examples =
            [
                ("vdi bench transport --quick", "a minute: two sizes, 7 rounds"),
                ("vdi bench transport --json > run.json", "all of it, about a quarter of an hour on two cores"),
            ],
            Notes =
            [
                "What is measured and how is in docs/reference/benchmarks.md. A missed target is a result, and no failure.",
            ],
            ExitCodes = [ExitCode.BenchmarkFailed],
        };
        foreach (Option option in new Option[]
        {
            s_quick, s_touch, s_rounds, s_wakeUps, s_bytes, s_devices, s_parts, s_contenders, CommonOptions.Json,
        })
        {
            transport.Options.Add(option);
        }

        transport.Runs(Run);
        bench.Subcommands.Add(transport);

        Command peer = new(PeerVerb, "The benchmark's other process; vdi bench starts it.") { Hidden = true };
        peer.SetAction(static _ => TransportBenchmark.RunPeer(Console.In, Console.Out));
        bench.Subcommands.Add(peer);
        return bench;
    }

    private static Task<ExitCode> Run(VerbContext context)
    {
        ParseResult arguments = context.Arguments;
        BenchOptions options = new()
        {
            Json = context.Output.IsJson,
            Quick = arguments.GetValue(s_quick),
            TouchOnly = arguments.GetValue(s_touch),
            Rounds = arguments.GetValue(s_rounds),
            WakeUpRuns = arguments.GetValue(s_wakeUps),
            TransferBytes = Numbers(arguments, s_bytes),
            Devices = Numbers(arguments, s_devices),
            Parts = Words(arguments, s_parts),
            Contenders = Words(arguments, s_contenders),
            CommandLine = "vdi " + string.Join(' ', arguments.Tokens.Select(static token => token.Value)),
        };
        if (options.Problem() is { } problem)
        {
            throw new CommandFailure(ExitCode.UsageError, problem, "vdi bench transport --help shows what is possible.");
        }

        try
        {
            _ = TransportBenchmark.Run(options, PeerCommand.ThisExecutable("bench", PeerVerb), Console.Out, Console.Error);
            return Task.FromResult(ExitCode.Ok);
        }
        catch (BenchFailureException failure)
        {
            throw new CommandFailure(ExitCode.BenchmarkFailed, failure.Message, null, failure);
        }
    }

    private static Option<string> List(string name, string description) =>
        new(name) { Description = description, HelpName = "LIST", DefaultValueFactory = static _ => string.Empty };

    private static string[] Words(ParseResult arguments, Option<string> option) =>
        (arguments.GetValue(option) ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static int[] Numbers(ParseResult arguments, Option<string> option) =>
    [
        .. Words(arguments, option).Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new CommandFailure(ExitCode.UsageError, $"{option.Name}: expected numbers with commas between, found '{word}'")),
    ];
}
