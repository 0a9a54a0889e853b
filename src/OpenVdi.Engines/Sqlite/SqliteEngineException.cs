namespace OpenVdi.Engines.Sqlite;

/// <summary>A backup or restore that did not succeed, in words: the object, what was expected, what was found; and a
/// hint where the caller can act.</summary>
public sealed class SqliteEngineException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="kind">What kept the operation from succeeding.</param>
    /// <param name="problem">Lower case, the object's name first, expected and found.</param>
    /// <param name="hint">What the caller can do about it, or null.</param>
    /// <param name="innerException">What caused it, or null.</param>
    public SqliteEngineException(
        SqliteFailureKind kind, string problem, string? hint = null, Exception? innerException = null)
        : base(hint is null ? problem : $"{problem} HINT: {hint}", innerException)
    {
        Kind = kind;
        Problem = problem;
        Hint = hint;
    }

    /// <summary>What kept the operation from succeeding.</summary>
    public SqliteFailureKind Kind { get; }

    /// <summary>The message without the hint.</summary>
    public string Problem { get; }

    /// <summary>What the caller can do about it, or null.</summary>
    public string? Hint { get; }

    /// <summary>The completion code that a device command ended with, when <see cref="Kind"/> is
    /// <see cref="SqliteFailureKind.DeviceFailed"/>.</summary>
    public CompletionCode? CompletionCode { get; init; }
}
