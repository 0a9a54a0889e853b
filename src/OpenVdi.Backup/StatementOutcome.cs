namespace OpenVdi.Backup;

/// <summary>How a statement ended.</summary>
/// <param name="IsSuccess">Whether the engine reported success.</param>
/// <param name="Message">Why not, in the engine's words; null after success.</param>
/// <param name="Hint">What the user can do about it, or null.</param>
public sealed record StatementOutcome(bool IsSuccess, string? Message = null, string? Hint = null)
{
    /// <summary>The success.</summary>
    public static StatementOutcome Success { get; } = new(true);

    /// <summary>A failure in words.</summary>
    public static StatementOutcome Failure(string message, string? hint = null) => new(false, message, hint);
}
