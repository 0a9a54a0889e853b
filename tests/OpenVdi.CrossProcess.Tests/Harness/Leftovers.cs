namespace OpenVdi.CrossProcess.Tests;

/// <summary>Checks that a set has left no name behind: a name is the only thing of a set that a crash can leave.</summary>
internal static class Leftovers
{
    /// <summary>Fails when the set's name, or that of its creation, is still there.</summary>
    public static void AssertNone(string set) => Assert.Empty(Find(set));

    /// <summary>What is left of a set.</summary>
    public static IReadOnlyList<string> Find(string set)
    {
        string path = HostileSocket.PathOf(set);
        return [.. new[] { path, path + ".lock" }.Where(Path.Exists)];
    }
}
