using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media;

/// <summary>
/// The temporary names beside a target, <c>target.0123456789abcdef.partial</c> while it is written and
/// <c>target.0123456789abcdef.replaced</c> for what it replaces. A living writer holds a lock on its partial file; one
/// without a lock is a dead writer's and is removed by the next run for that target.
/// </summary>
internal sealed partial class PartialFile
{
    // The number of names tried when another process sweeps at the very moment between creation and lock.
    private const int MaxAttempts = 8;

    private PartialFile(string target, string path, SafeFileHandle handle)
    {
        TargetPath = target;
        Path = path;
        ReplacedPath = System.IO.Path.ChangeExtension(path, ".replaced");
        Handle = handle;
    }

    public string TargetPath { get; }

    public string Path { get; }

    public string ReplacedPath { get; }

    public SafeFileHandle Handle { get; }

    /// <summary>Makes and locks the partial file of a target, and removes what dead runs left of it.</summary>
    /// <exception cref="MediumException">Another living process writes to the target.</exception>
    public static PartialFile Create(IFileLayer files, string targetPath, string displayName)
    {
        for (int attempt = 1; ; attempt++)
        {
            string path = $"{targetPath}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.partial";
            SafeFileHandle handle;
            try
            {
                handle = files.CreateExclusive(path);
            }
            catch (IOException) when (attempt < MaxAttempts && File.Exists(path))
            {
                continue;   // Another run locked it while it looked for leftovers; it deletes it.
            }

            if (!File.Exists(path) && attempt < MaxAttempts)
            {
                handle.Dispose();   // The same, a moment later: it was deleted before it was locked.
                continue;
            }

            PartialFile created = new(targetPath, path, handle);
            try
            {
                created.SweepLeftovers(displayName);
            }
            catch
            {
                handle.Dispose();
                File.Delete(path);
                throw;
            }

            return created;
        }
    }

    // Our own file exists and is locked by now, so of two runs that start together at least one sees the other.
    private void SweepLeftovers(string displayName)
    {
        string folder = System.IO.Path.GetDirectoryName(TargetPath)!;
        string prefix = System.IO.Path.GetFileName(TargetPath);
        List<string> orphans = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.TopDirectoryOnly))
        {
            string name = System.IO.Path.GetFileName(path);
            if (name.StartsWith(prefix, StringComparison.Ordinal) && Suffix().IsMatch(name.AsSpan(prefix.Length))
                && path != Path)
            {
                if (name.EndsWith(".partial", StringComparison.Ordinal) && IsHeld(path))
                {
                    throw new MediumException(
                        MediumProblem.Busy, $"{displayName}: another process is writing to this target now (it holds {path})",
                        "wait for it, or choose another target.");
                }

                orphans.Add(path);
            }
        }

        foreach (string path in orphans)
        {
            File.Delete(path);
        }
    }

    private static bool IsHeld(string path)
    {
        try
        {
            using SafeFileHandle probe = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    [GeneratedRegex(@"^\.[0-9a-f]{16}\.(partial|replaced)$", RegexOptions.CultureInvariant)]
    private static partial Regex Suffix();
}
