namespace OpenVdi.Cli.Native;

/// <summary>Where the native library is made and where it lies: in the source tree that this program was built in.</summary>
internal sealed class NativeTree
{
    private NativeTree(string root) => Root = root;

    /// <summary>The top of the source tree.</summary>
    public string Root { get; }

    /// <summary>The library's project.</summary>
    public string Project => Path.Combine(Root, "src", "OpenVdi.Native", "OpenVdi.Native.csproj");

    public string LibraryDirectory => Path.Combine(Root, "artifacts", "native", "lib");

    public string IncludeDirectory => Path.Combine(Root, "artifacts", "native", "include");

    public string PackageConfigDirectory => Path.Combine(LibraryDirectory, "pkgconfig");

    public string Library => Path.Combine(LibraryDirectory, "libsqlvdi.so");

    /// <summary>The tree around this program.</summary>
    public static NativeTree Find()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "OpenVdi.slnx")))
            {
                return new NativeTree(directory.FullName);
            }
        }

        throw new CommandFailure(
            ExitCode.BuildFailed, $"no source tree of OpenVdi around {AppContext.BaseDirectory}",
            "run ./vdi in a clone of the repository.");
    }

    /// <summary>Fails when the library was not made yet.</summary>
    public void RequireLibrary()
    {
        if (!File.Exists(Library))
        {
            throw new CommandFailure(
                ExitCode.BuildFailed, $"{Library} does not exist", "vdi native build makes it.");
        }
    }
}
