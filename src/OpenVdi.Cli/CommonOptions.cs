using System.CommandLine;

namespace OpenVdi.Cli;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    /// <summary>--json.</summary>
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one typed JSON object per line, results on standard output, progress and errors on standard error.",
    };

    /// <summary>--quiet.</summary>
    public static Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Show no progress." };
}
