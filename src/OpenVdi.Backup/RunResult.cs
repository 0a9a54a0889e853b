namespace OpenVdi.Backup;

/// <summary>How a run ended.</summary>
public sealed record RunResult
{
    /// <summary>Why it failed, or null: then, and only then, the media are published and complete.</summary>
    public RunFailure? Failure { get; init; }

    /// <summary>The set's name.</summary>
    public required string SetName { get; init; }

    /// <summary>Bytes that crossed the devices.</summary>
    public long BytesTransferred { get; init; }

    /// <summary>Commands that were answered.</summary>
    public long CommandCount { get; init; }

    /// <summary>From the start of the statement to its result and the publication of the media.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>From the first command of any device until every device was closed: data moved and, in a backup, made
    /// durable; without the start of the engine and without what it does before and after.</summary>
    public TimeSpan TransferElapsed { get; init; }

    /// <summary>From the end of the statement until the media had their names, durably.</summary>
    public TimeSpan PublicationElapsed { get; init; }

    /// <summary>The set's final configuration, when it came to that.</summary>
    public SetConfiguration? Configuration { get; init; }
}
