namespace OpenVdi.Cli;

/// <summary>A command cannot go on: the exit code and the words, thrown inside this program only.</summary>
internal sealed class CommandFailure(ExitCode exitCode, string message, string? hint = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>How the process ends.</summary>
    public ExitCode ExitCode { get; } = exitCode;

    /// <summary>What the user can do about it, or null.</summary>
    public string? Hint { get; } = hint;
}
