namespace OpenVdi.Backup.Tests;

/// <summary>A folder for one test; gone afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("vdi-test-").FullName;

    /// <summary>The names of the files in it, sorted.</summary>
    public IReadOnlyList<string> Names =>
    [
        .. Directory.EnumerateFileSystemEntries(Path).Select(static path => System.IO.Path.GetFileName(path))
            .Order(StringComparer.Ordinal),
    ];

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
