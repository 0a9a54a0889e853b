using BenchmarkDotNet.Running;

namespace OpenVdi.Microbench;

/// <summary>Costs of single steps of the hot path. `dotnet run -c Release --project bench/OpenVdi.Microbench -- --filter '*'`;
/// with `--job Dry` each runs once, which is what the build does so that nothing rots.</summary>
internal static class Program
{
    private static void Main(string[] arguments) => BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments);
}
