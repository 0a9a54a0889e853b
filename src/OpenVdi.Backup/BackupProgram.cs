using OpenVdi.Transport;

namespace OpenVdi.Backup;

/// <summary>The backup program: makes a set, has an engine execute a statement against it, serves the devices from media,
/// and publishes what it got once the statement has succeeded, and only then. Thread-safe; every run is its own.</summary>
public sealed class BackupProgram
{
    private readonly VdiTransport _transport;

    /// <summary>A backup program for sets of a transport.</summary>
    public BackupProgram(VdiTransport transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        _transport = transport;
    }

    /// <summary>Does one backup or restore.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="cancellationToken">Aborts the set (SignalAbort); the run then ends as a failure.</param>
    /// <returns>How it ended. A run that fails, for whatever reason, publishes nothing.</returns>
    public async Task<RunResult> RunAsync(RunRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfZero(request.Media.Count, nameof(request));
        if (request.IsDiskLike && request.Media.Any(static medium => !medium.CanPosition))
        {
            throw new ArgumentException("a disk-like device needs a medium that honours positions", nameof(request));
        }

        using BackupRun run = new(_transport, request);
        return await run.ExecuteAsync(cancellationToken).ConfigureAwait(false);
    }
}
