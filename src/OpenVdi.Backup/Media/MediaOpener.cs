namespace OpenVdi.Backup.Media;

/// <summary>From the targets that a user names to open media: all of them, or none.</summary>
public static class MediaOpener
{
    /// <summary>The target that means standard output or input.</summary>
    public const string Standard = "-";

    /// <summary>Opens the media of a backup, in the order of its devices.</summary>
    /// <param name="targets">Paths, or <see cref="Standard"/> at most once.</param>
    /// <param name="forbiddenPaths">Files that must not become a target: the database itself.</param>
    /// <exception cref="MediumException">One cannot be a target. Nothing was changed.</exception>
    public static IReadOnlyList<Medium> CreateForBackup(
        IReadOnlyList<string> targets, IReadOnlyList<string>? forbiddenPaths = null)
    {
        RefuseTwice(targets);
        return OpenAll(targets, target =>
        {
            if (target == Standard)
            {
                return PipeMedium.StandardOutput();
            }

            if (IsSpecial(target))
            {
                return PipeMedium.Open(target, forWriting: true);
            }

            foreach (string forbidden in forbiddenPaths ?? [])
            {
                if (LinkedPath.Resolve(target) == LinkedPath.Resolve(forbidden))
                {
                    throw new MediumException(
                        MediumProblem.Refused, $"{target}: is a file of the database that is to be backed up",
                        "choose another target.");
                }
            }

            return FileMedium.Create(target);
        });
    }

    /// <summary>Opens the media of a restore, in the order of its devices.</summary>
    /// <param name="sources">Paths, or <see cref="Standard"/> at most once.</param>
    /// <exception cref="MediumException">One cannot be read.</exception>
    public static IReadOnlyList<Medium> OpenForRestore(IReadOnlyList<string> sources)
    {
        RefuseTwice(sources);
        return OpenAll(sources, source => source switch
        {
            Standard => PipeMedium.StandardInput(),
            _ when IsSpecial(source) => PipeMedium.Open(source, forWriting: false),
            _ => StoredFileMedium.Open(source),
        });
    }

    private static List<Medium> OpenAll(IReadOnlyList<string> targets, Func<string, Medium> open)
    {
        List<Medium> media = [];
        try
        {
            foreach (string target in targets)
            {
                media.Add(open(target));
            }

            return media;
        }
        catch
        {
            foreach (Medium medium in media)
            {
                medium.Dispose();
            }

            throw;
        }
    }

    private static void RefuseTwice(IReadOnlyList<string> targets)
    {
        HashSet<string> seen = [];
        foreach (string target in targets)
        {
            if (!seen.Add(target == Standard ? Standard : LinkedPath.Resolve(target)) && !IsSpecial(target))
            {
                throw new MediumException(
                    MediumProblem.Refused, $"{target}: is named twice, expected one target for each device");
            }
        }
    }

    // A named pipe, a device, /dev/fd/n: not something that a rename could give a name to.
    private static bool IsSpecial(string target) =>
        target != Standard && OperatingSystem.IsLinux() && Native.Interop.IsPipeOrDevice(target);
}
