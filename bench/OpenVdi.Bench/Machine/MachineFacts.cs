using System.Globalization;
using System.Runtime.InteropServices;
using OpenVdi.Bench.Report;

namespace OpenVdi.Bench.Machine;

/// <summary>What a reader must know of the machine to judge the figures.</summary>
internal static class MachineFacts
{
    public static MachineReport Gather(CorePlan cores) => new(
        Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        double.Parse((Field("/proc/meminfo", "MemTotal") ?? "0 kB").Split(' ')[0], CultureInfo.InvariantCulture) * 1024 / 1e9,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        cores.ServerCore,
        cores.ClientCore);

    private static string? Field(string path, string name) =>
        File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
