using System.Diagnostics;

namespace OpenVdi.Backup.Tests.Media;

/// <summary>A tmpfs of a few bytes, for tests of a full disk. Needs root.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    public SmallFileSystem(string path, int sizeBytes)
    {
        Path = path;
        Directory.CreateDirectory(path);
        Assert.Equal(0, Run("mount", "-t", "tmpfs", "-o", $"size={sizeBytes}", "tmpfs", path));
    }

    public string Path { get; }

    public void Dispose() => Run("umount", Path);

    /// <summary>Whether this machine lets us mount.</summary>
    public static bool IsPossible()
    {
        string path = Directory.CreateTempSubdirectory("vdi-mount-").FullName;
        try
        {
            if (Run("mount", "-t", "tmpfs", "-o", "size=65536", "tmpfs", path) != 0)
            {
                return false;
            }

            return Run("umount", path) == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
        finally
        {
            Directory.Delete(path);
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}

/// <summary>A test that mounts a small file system; skipped, with the reason, where that is not allowed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DiskFullFactAttribute : FactAttribute
{
    public DiskFullFactAttribute()
    {
        if (!SmallFileSystem.IsPossible())
        {
            Skip = "needs a small tmpfs, and this user may not mount one";
        }
    }
}
