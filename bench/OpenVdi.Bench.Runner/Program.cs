using OpenVdi.Bench;

namespace OpenVdi.Bench.Runner;

/// <summary>The benchmark without the command line: the same run as `vdi bench transport`.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => BenchEntry.Main(arguments, Console.Out, Console.Error);
}
