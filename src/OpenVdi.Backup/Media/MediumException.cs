namespace OpenVdi.Backup.Media;

/// <summary>Why a medium could not be opened.</summary>
public enum MediumProblem
{
    /// <summary>There is nothing under that name, or it cannot be read.</summary>
    NotFound,

    /// <summary>The name cannot be a medium: a folder, a place that cannot be written, the same one twice.</summary>
    Refused,

    /// <summary>Another living process is writing to it.</summary>
    Busy,

    /// <summary>The file system failed.</summary>
    Failed,
}

/// <summary>A medium could not be opened; nothing was changed.</summary>
public sealed class MediumException : Exception
{
    /// <summary>Creates the exception.</summary>
    public MediumException(MediumProblem problem, string message, string? hint = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Problem = problem;
        Hint = hint;
    }

    /// <summary>What kind of problem it is.</summary>
    public MediumProblem Problem { get; }

    /// <summary>What the user can do about it, or null.</summary>
    public string? Hint { get; }
}
