using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Prints a campaign's table where the test's reader looks, and leaves it for ./test to print.</summary>
internal static class CampaignReport
{
    public static void Write(ITestOutputHelper output, string name, string title, string table, IReadOnlyList<string> violations)
    {
        string[] lines = [title, .. table.TrimEnd().Split('\n'), $"{violations.Count} violations", .. violations];
        Array.ForEach(lines, output.WriteLine);
        string folder = Environment.GetEnvironmentVariable("OPENVDI_REPORTS") is { Length: > 0 } given
            ? given
            : Path.Combine(SpecDocument.RepositoryRoot(), "artifacts", "reports");
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, name), lines);
    }
}
