namespace OpenVdi.Native.Tests;

/// <summary>Where the native library lies: what <c>vdi native build</c> made.</summary>
internal static class NativePrefix
{
    private static readonly Lazy<string> s_root = new(FindRoot);

    /// <summary>The top of this tree.</summary>
    public static string Root => s_root.Value;

    public static string IncludeDirectory => Path.Combine(Root, "artifacts", "native", "include");

    public static string LibraryDirectory => Path.Combine(Root, "artifacts", "native", "lib");

    /// <summary>The library itself.</summary>
    public static string Library
    {
        get
        {
            string path = Path.Combine(LibraryDirectory, "libsqlvdi.so");
            Assert.True(File.Exists(path), $"{path} does not exist. HINT: ./vdi native build makes it");
            return path;
        }
    }

    /// <summary>Source of a test program.</summary>
    public static string Program(string file) => Path.Combine(Root, "tests", "OpenVdi.Native.Tests", "Programs", file);

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "OpenVdi.slnx")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("not below a directory with OpenVdi.slnx");
    }
}
