using OpenVdi.Bench.Harness;
using System.Globalization;

namespace OpenVdi.Bench;

/// <summary>The benchmark as a program of its own, for whoever works on it.</summary>
internal static class BenchEntry
{
    private const string PeerVerb = "peer";

    public static int Main(string[] arguments, TextWriter output, TextWriter progress)
    {
        if (arguments is [PeerVerb])
        {
            return TransportBenchmark.RunPeer(Console.In, output);
        }

        BenchOptions options = new() { CommandLine = "bench " + string.Join(' ', arguments) };
        for (int index = 0; index < arguments.Length; index++)
        {
            options = arguments[index] switch
            {
                "--json" => options with { Json = true },
                "--quick" => options with { Quick = true },
                "--touch" => options with { TouchOnly = true },
                "--rounds" => options with { Rounds = Numbers(arguments[++index])[0] },
                "--wakeups" => options with { WakeUpRuns = Numbers(arguments[++index])[0] },
                "--bytes" => options with { TransferBytes = Numbers(arguments[++index]) },
                "--devices" => options with { Devices = Numbers(arguments[++index]) },
                "--parts" => options with { Parts = arguments[++index].Split(',') },
                "--contenders" => options with { Contenders = arguments[++index].Split(',') },
                _ => throw new ArgumentException($"unknown argument '{arguments[index]}'", nameof(arguments)),
            };
        }

        if (options.Problem() is { } problem)
        {
            progress.WriteLine(problem);
            return 2;
        }

        try
        {
            return TransportBenchmark.Run(options, PeerCommand.ThisExecutable(PeerVerb), output, progress) ? 0 : 1;
        }
        catch (BenchFailureException failure)
        {
            progress.WriteLine(failure.Message);
            return 3;
        }
    }

    private static int[] Numbers(string list) =>
        [.. list.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
}
