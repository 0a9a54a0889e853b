namespace OpenVdi.Backup;

/// <summary>What made a run fail. The first cause is the one reported, not what followed from it.</summary>
public enum RunFailureKind
{
    /// <summary>The caller cancelled it.</summary>
    Cancelled,

    /// <summary>A medium could not be written or read.</summary>
    Medium,

    /// <summary>A medium has no room for more.</summary>
    MediumFull,

    /// <summary>The engine reported a failure.</summary>
    Statement,

    /// <summary>The virtual device set could not be made, configured or used, or was aborted.</summary>
    Interface,
}

/// <summary>Why a run failed, in words.</summary>
/// <param name="Kind">The cause.</param>
/// <param name="Message">Lower case, the object's name first.</param>
/// <param name="Hint">What the user can do about it, or null.</param>
public sealed record RunFailure(RunFailureKind Kind, string Message, string? Hint = null);
