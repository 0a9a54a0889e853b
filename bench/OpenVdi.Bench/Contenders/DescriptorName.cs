using System.Globalization;
using OpenVdi.Bench.Interop;

namespace OpenVdi.Bench.Contenders;

/// <summary>How one process tells the other which of its descriptors to open: "process:descriptor".</summary>
internal static class DescriptorName
{
    public static string Of(int descriptor) => $"{Environment.ProcessId}:{descriptor}";

    public static int Open(string name, FileAccess access)
    {
        string[] parts = name.Split(':');
        return LinuxNative.OpenOfProcess(
            int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture), access);
    }
}
