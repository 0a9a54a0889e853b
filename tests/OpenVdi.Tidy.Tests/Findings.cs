namespace OpenVdi.Tidy.Tests;

/// <summary>What a check found; a clean tree has none.</summary>
internal static class Findings
{
    private const int Shown = 60;

    /// <summary>Fails with all findings in the message, a line each.</summary>
    public static void AssertNone(IEnumerable<string> findings, string rule)
    {
        List<string> all = [.. findings];
        string more = all.Count > Shown ? $"\n... and {all.Count - Shown} more" : "";
        Assert.True(all.Count == 0, $"{rule}: {all.Count} found\n{string.Join('\n', all.Take(Shown))}{more}");
    }
}
