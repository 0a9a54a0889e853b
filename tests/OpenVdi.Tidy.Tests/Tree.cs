namespace OpenVdi.Tidy.Tests;

/// <summary>The files of this source tree, without what builds and tests made.</summary>
internal static class Tree
{
    /// <summary>The directory of the solution.</summary>
    public static readonly string Root = FindRoot();

    private static readonly HashSet<string> s_made = ["bin", "obj", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts"];

    private static readonly Lazy<IReadOnlyList<string>> s_files = new(static () =>
        [.. Walk(Root).Order(StringComparer.Ordinal)]);

    /// <summary>Debug or Release: how this suite was built.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Every file, as a path from the root with slashes.</summary>
    public static IReadOnlyList<string> Files => s_files.Value;

    /// <summary>The files with one of these endings under one of these folders; no folder means all.</summary>
    public static IEnumerable<string> FilesOf(string ending, params string[] folders) => Files.Where(file =>
        file.EndsWith(ending, StringComparison.Ordinal)
        && (folders.Length == 0 || folders.Any(folder => file.StartsWith(folder + '/', StringComparison.Ordinal))));

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static string Read(string file) => File.ReadAllText(PathOf(file));

    /// <summary>Leaves a report for ./test to print; without ./test, for the reader of artifacts/.</summary>
    public static void Report(string name, IEnumerable<string> lines)
    {
        string directory = Environment.GetEnvironmentVariable("OPENVDI_REPORTS") is { Length: > 0 } given
            ? given
            : PathOf("artifacts/reports");
        Directory.CreateDirectory(directory);
        File.WriteAllLines(Path.Combine(directory, name), lines);
    }

    private static IEnumerable<string> Walk(string directory)
    {
        // In a work tree of git's, ".git" is a file.
        foreach (string file in Directory.EnumerateFiles(directory).Where(file => Path.GetFileName(file) != ".git"))
        {
            yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
        }

        foreach (string child in Directory.EnumerateDirectories(directory))
        {
            string name = Path.GetFileName(child);
            if (s_made.Contains(name) || (name.StartsWith('.') && name is not ".ci"))
            {
                continue;
            }

            foreach (string file in Walk(child))
            {
                yield return file;
            }
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "OpenVdi.slnx")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException($"no OpenVdi.slnx above {AppContext.BaseDirectory}");
    }
}
