using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Engine;

/// <summary>The one line by which the engine's process tells its starter how the statement ended.</summary>
internal sealed record EngineReport : Report
{
    public EngineReport()
        : base("engine")
    {
    }

    /// <summary>Why it failed, or null.</summary>
    public string? Problem { get; init; }

    public string? Hint { get; init; }

    /// <summary>The exit code that the failure means to a user.</summary>
    public int ExitCode { get; init; }

    public long BytesTransferred { get; init; }

    public long DatabaseBytes { get; init; }

    public long CommandCount { get; init; }

    public long LogPageCount { get; init; }

    public double Seconds { get; init; }

    public string? ContentHash { get; init; }

    public Guid BackupId { get; init; }

    public DateTimeOffset BackupTime { get; init; }
}
