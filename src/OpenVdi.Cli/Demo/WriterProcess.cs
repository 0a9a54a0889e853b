using System.Diagnostics;
using System.Globalization;
using OpenVdi.Cli.Engine;
using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Demo;

/// <summary>The writers' process, as the demonstration holds it.</summary>
internal sealed class WriterProcess : IAsyncDisposable
{
    private readonly Process _process;

    private WriterProcess(Process process) => _process = process;

    /// <summary>Its number.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts the writers and waits until they write.</summary>
    public static async Task<WriterProcess> StartAsync(
        string database, int writerCount, int seed, CancellationToken cancellationToken)
    {
        WriterProcess writers = new(SelfProcess.Start(
        [
            "demo-writers", "--database", database,
            "--writers", writerCount.ToString(CultureInfo.InvariantCulture),
            "--seed", seed.ToString(CultureInfo.InvariantCulture),
        ]));
        try
        {
            while (await writers.CountCommitsAsync(cancellationToken).ConfigureAwait(false) == 0)
            {
                // Each question is answered when the process has come so far: there is nothing to wait for beside it.
            }

            return writers;
        }
        catch
        {
            await writers.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The number of transactions committed so far.</summary>
    public async Task<long> CountCommitsAsync(CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync("?".AsMemory(), cancellationToken).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync(cancellationToken).ConfigureAwait(false);
        return await ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the writers; gives the number of all their transactions.</summary>
    public async Task<long> StopAsync(CancellationToken cancellationToken)
    {
        _process.StandardInput.Close();
        long commits = await ReadAsync(cancellationToken).ConfigureAwait(false);
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return commits;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().ConfigureAwait(false);
        }

        _process.Dispose();
    }

    private async Task<long> ReadAsync(CancellationToken cancellationToken)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        WriterReport? report = line is null ? null : JsonLine.Read<WriterReport>(line);
        if (report is null || report.Problem is not null)
        {
            throw new CommandFailure(
                ExitCode.InternalError, $"the writers (process {ProcessId}) stopped: {report?.Problem ?? "no answer"}");
        }

        return report.Commits;
    }
}
