namespace OpenVdi.Backup.Media;

/// <summary>Where a path really leads.</summary>
internal static class LinkedPath
{
    /// <summary>The full path with a symbolic link at its end followed, also one that leads to nothing yet.</summary>
    public static string Resolve(string path)
    {
        FileInfo info = new(Path.GetFullPath(path));
        return info.LinkTarget is null ? info.FullName : info.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }
}
