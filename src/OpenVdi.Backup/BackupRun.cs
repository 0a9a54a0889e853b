using System.Diagnostics;
using OpenVdi.Backup.Media;
using OpenVdi.Client;
using OpenVdi.Transport;

namespace OpenVdi.Backup;

/// <summary>One run of the backup program: the life of one set.</summary>
internal sealed class BackupRun : IDisposable
{
    // What the user did, or what was found here, explains what the engine says; and that explains an abort. The first of
    // the nearest cause is the one reported.
    private enum Cause
    {
        User,
        Own,
        Statement,
        Consequence,
    }

    // After the statement has ended, or the set was aborted, a device's thread has only its current command to finish. A
    // thread that the storage holds longer is left behind, and so is the set.
    private static readonly TimeSpan s_workerLimit = TimeSpan.FromSeconds(10);

    private readonly RunRequest _request;
    private readonly ClientVirtualDeviceSet _set;
    private readonly string _name = Guid.NewGuid().ToString("D");   // N1
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();
    private List<DeviceWorker> _workers = [];
    private SetConfiguration? _configuration;
    private RunFailure? _failure;
    private Cause _cause;
    private TimeSpan _publicationElapsed;
    private bool _mayClose = true;

    public BackupRun(VdiTransport transport, RunRequest request)
    {
        _request = request;
        _set = new ClientVirtualDeviceSet(transport);
    }

    public async Task<RunResult> ExecuteAsync(CancellationToken cancellationToken)
    {
        VdResult created = _set.Create(_name, Wishes());
        if (created != VdResult.Ok)
        {
            Note(
                new RunFailure(
                    RunFailureKind.Interface, $"the virtual device set could not be made: {Words(created)}",
                    _set.LastFailure?.Hint),
                Cause.Own);
            return Result();
        }

        string[] deviceNames = [_name, .. Enumerable.Range(1, _request.Media.Count - 1).Select(n => $"{_name}.{n}")];   // N6
        bool allWorkersEnded;
        StatementOutcome outcome;
        using (cancellationToken.Register(() => Abort(
            new RunFailure(RunFailureKind.Cancelled, "the run was cancelled"), Cause.User)))
        {
            Task<StatementOutcome> statement = RunStatementAsync(deviceNames, cancellationToken);
            Task[] workers = [.. deviceNames.Select((_, index) => StartWorker(deviceNames, index))];

            // A cancelled or failed statement has aborted the set by then: nothing here waits on a lost partner.
            outcome = await statement.ConfigureAwait(false);
            allWorkersEnded = await EndsInTimeAsync(Task.WhenAll(workers)).ConfigureAwait(false);
        }

        if (!allWorkersEnded)
        {
            Abort(
                new RunFailure(
                    RunFailureKind.Interface,
                    $"a device's thread did not end within {s_workerLimit.TotalSeconds:0} s of the statement"),
                Cause.Own);
        }

        if (outcome.IsSuccess && _request.Direction == RunDirection.Restore)
        {
            // The database is restored, whatever came after the engine had what it needed (T7).
            _failure = null;
        }
        else if (outcome.IsSuccess && _failure is null)
        {
            Publish();
        }

        _mayClose = allWorkersEnded;
        return Result();
    }

    // Close unmaps the buffers, so it must wait for the threads that hold them (B34). When one does not come back the set
    // stays as it is, aborted, until the process ends. What Close says changes nothing: the statement has decided (T7).
    public void Dispose()
    {
        if (_mayClose)
        {
            _set.Dispose();
        }
    }

    private SetConfiguration Wishes() => new()
    {
        DeviceCount = (uint)_request.Media.Count,
        // VDC_Complete is the better durability point where the engine has it; else it is each Flush (G7, K24).
        Features = (_request.IsDiskLike ? VdFeatures.LikeDisk : VdFeatures.LikePipe)
            | (_request.Direction == RunDirection.Backup ? VdFeatures.RequestComplete : 0),
    };

    private async Task<StatementOutcome> RunStatementAsync(string[] deviceNames, CancellationToken cancellationToken)
    {
        StatementOutcome outcome;
        try
        {
            outcome = await _request.Statement.RunAsync(deviceNames, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A statement that throws has failed; the run reports it as one that said so.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = StatementOutcome.Failure($"the statement could not be executed: {exception.Message}");
        }

        if (!outcome.IsSuccess)
        {
            // The engine may never have found the set: then only we can release the threads that wait for it.
            Abort(
                new RunFailure(
                    RunFailureKind.Statement, outcome.Message ?? "the statement failed without saying why", outcome.Hint),
                Cause.Statement);
        }

        return outcome;
    }

    private Task StartWorker(string[] deviceNames, int index)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            ServeDevice(deviceNames, index);
            ended.SetResult();
        })
        {
            // A thread that the storage holds must not keep the process.
            IsBackground = true,
            Name = $"vdi device {index}",
        };
        thread.Start();
        return ended.Task;
    }

    private void ServeDevice(string[] deviceNames, int index)
    {
        Medium medium = _request.Media[index];
        if (!TryGetConfiguration())
        {
            return;
        }

        VdResult opened = _set.OpenDevice(deviceNames[index], out ClientVirtualDevice? device);
        if (opened != VdResult.Ok)
        {
            AbortAfter(opened, $"device {index} could not be opened");
            return;
        }

        DeviceWorker worker = new(device!, medium, _request.IsDiskLike);
        lock (_gate)
        {
            _workers = [.. _workers, worker];
            _request.Progress.Attach(_workers);
        }

        VdResult end = worker.Run();
        if (worker.Failure is { } failure)
        {
            NoteMedium(failure);
        }

        if (end != VdResult.Closed)
        {
            AbortAfter(end, $"device {index} ended early");
        }
    }

    private bool TryGetConfiguration()
    {
        VdResult result = _set.GetConfiguration(Timeout.InfiniteTimeSpan, out SetConfiguration? configuration);
        if (result != VdResult.Ok)
        {
            AbortAfter(result, "the set was not configured");
            return false;
        }

        // The engine says which way the data goes (G6); one that means the other way must not touch the media.
        VdFeatures wanted = _request.Direction == RunDirection.Backup ? VdFeatures.WriteMedia : VdFeatures.ReadMedia;
        if ((configuration!.Features & wanted) == 0)
        {
            Abort(
                new RunFailure(
                    RunFailureKind.Interface,
                    $"the engine's configuration has the features 0x{(uint)configuration.Features:X}, expected {wanted} for a "
                    + (_request.Direction == RunDirection.Backup ? "backup" : "restore")),
                Cause.Own);
            return false;
        }

        lock (_gate)
        {
            _configuration = configuration;
        }

        return true;
    }

    private void Publish()
    {
        long start = Stopwatch.GetTimestamp();
        if (Publication.Publish(_request.Media) is { } failure)
        {
            NoteMedium(failure);
        }

        _publicationElapsed = Stopwatch.GetElapsedTime(start);
    }

    private static async Task<bool> EndsInTimeAsync(Task task)
    {
        try
        {
            await task.WaitAsync(s_workerLimit).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void Abort(RunFailure failure, Cause cause)
    {
        Note(failure, cause);
        _ = _set.SignalAbort(failure.Message);
        foreach (Medium medium in _request.Media)
        {
            medium.Interrupt();   // A thread may wait there for the other end of a pipe.
        }
    }

    // A call of the interface failed: by itself, or, with VD_E_ABORT, because of something that somebody else reports.
    private void AbortAfter(VdResult result, string message) => Abort(
        new RunFailure(RunFailureKind.Interface, $"{message}: {Words(result)}"),
        result == VdResult.Aborted ? Cause.Consequence : Cause.Own);

    private void Note(RunFailure failure, Cause cause)
    {
        lock (_gate)
        {
            if (_failure is null || cause < _cause)
            {
                _failure = failure;
                _cause = cause;
            }
        }
    }

    private void NoteMedium(MediumFailure failure) => Note(
        new RunFailure(failure.IsFull ? RunFailureKind.MediumFull : RunFailureKind.Medium, failure.Message, failure.Hint),
        Cause.Own);

    private string Words(VdResult result)
    {
        string? why = result == VdResult.Aborted ? _set.Abort?.Detail : _set.LastFailure?.Message;
        return why is null ? result.SpecName() : $"{result.SpecName()} ({why})";
    }

    private RunResult Result()
    {
        long first = long.MaxValue;
        long last = 0;
        foreach (DeviceWorker worker in _workers)
        {
            first = worker.FirstCommandStamp == 0 ? first : Math.Min(first, worker.FirstCommandStamp);
            last = Math.Max(last, worker.EndStamp);
        }

        return new RunResult
        {
            SetName = _name,
            Failure = _failure,
            Configuration = _configuration,
            BytesTransferred = _request.Progress.BytesTransferred,
            CommandCount = _request.Progress.CommandCount,
            Elapsed = Stopwatch.GetElapsedTime(_start),
            TransferElapsed = last > first ? Stopwatch.GetElapsedTime(first, last) : TimeSpan.Zero,
            PublicationElapsed = _publicationElapsed,
        };
    }
}
