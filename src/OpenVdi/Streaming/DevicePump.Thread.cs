using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using OpenVdi.Client;

namespace OpenVdi.Streaming;

/// <content>What the device's thread does: it opens the device, parks until somebody wants a command, waits for one, and
/// hands it to the take that waits, or to the handler of the run.</content>
public sealed partial class DevicePump
{
    /// <summary>Gives every command to a handler until the engine closes the device.</summary>
    /// <param name="handler">Called on the device's thread.</param>
    /// <param name="cancellationToken">Ends the run and nothing else: a wait at once, a handler when it answers. A handler
    /// that throws <see cref="OperationCanceledException"/> for it has not answered: the next run or take gets the command
    /// again. With <see cref="BackupSessionOptions.AbortOnCancellation"/> the set is aborted as well.</param>
    /// <exception cref="VirtualDeviceException">VD_E_ABORT: the set was aborted.</exception>
    /// <exception cref="InvalidOperationException">Another take or run is in progress.</exception>
    /// <remarks>What the handler throws is thrown here, when the engine has closed the device. Until then this and all later
    /// commands are answered with a failing code that fits the exception.</remarks>
    public async Task RunAsync(IDeviceHandler handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        cancellationToken.ThrowIfCancellationRequested();
        using CancellationTokenSource? either = cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _sessionEnd)
            : null;
        DeviceRun run = new(this, handler, cancellationToken, either?.Token ?? _sessionEnd);
        lock (_gate)
        {
            ThrowIfBusy();
            if (_end is { } end && _kept is null)
            {
                if (end == VdResult.Closed)
                {
                    return;
                }

                throw Refuse(end, "GetCommand");
            }

            _run = run;
            Demand();
        }

        using (cancellationToken.UnsafeRegister(static (state, _) => CancelRun((DeviceRun)state!), run))
        {
            await run.Task.ConfigureAwait(false);
        }
    }

    private static void CancelRun(DeviceRun run)
    {
        DevicePump pump = run.Pump;
        bool isDetached;
        lock (pump._gate)
        {
            // Only a wait is under way: its command will be kept. A handler at work is waited for.
            isDetached = pump._isFetching && ReferenceEquals(pump._run, run);
            if (isDetached)
            {
                pump._run = null;
            }
        }

        if (pump._abortOnCancellation)
        {
            pump._set.SignalAbort($"device '{pump.Name}': the run was cancelled");
        }

        if (isDetached)
        {
            pump.FinishCancelled(run);
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification =
        "Whatever ends the thread must reach those who wait for it.")]
    private void Main()
    {
        try
        {
            VdResult result = _set.OpenDevice(Name, out _device);
            if (result != VdResult.Ok)
            {
                lock (_gate)
                {
                    _end = result;
                }

                _opened.TrySetException(Refusal.Of(result, _set.LastFailure, _set.Abort, $"device '{Name}': OpenDevice"));
                return;
            }

            _opened.TrySetResult(this);
            do
            {
                _work.Wait();
            }
            while (Serve());
        }
        catch (Exception failure)
        {
            FailWaiters(failure);
        }
        finally
        {
            lock (_gate)
            {
                _isThreadGone = true;
                EndIfIdle();
            }
        }
    }

    /// <summary>Fetches for as long as somebody wants commands.</summary>
    /// <returns>False when none will come any more.</returns>
    private bool Serve()
    {
        while (true)
        {
            if (!TryFetch(out ClientCommand command, out VdResult result))
            {
                return result == VdResult.Ok;
            }

            DeviceRun? run;
            bool isTaken;
            lock (_gate)
            {
                _isFetching = false;
                run = _run;
                isTaken = _isTaking;
                if (result != VdResult.Ok)
                {
                    End(result);
                    (_isTaking, _run) = (false, null);
                }
                else if (isTaken)
                {
                    _isTaking = false;
                    _taken.Add(command);
                }
                else if (run is null)
                {
                    // Whoever wanted it has been cancelled: the next one gets it.
                    _kept = command;
                }
            }

            if (isTaken)
            {
                HandOver(result, command);
                return result == VdResult.Ok;
            }

            if (result != VdResult.Ok)
            {
                Finish(run, result);
                return false;
            }

            if (run is null || !Handle(run, command))
            {
                return true;
            }
        }
    }

    /// <summary>The next command: the kept one, or what the device gives after any wait.</summary>
    private bool TryFetch(out ClientCommand command, out VdResult result)
    {
        lock (_gate)
        {
            bool isWanted = _run is not null || _isTaking;
            command = _kept.GetValueOrDefault();
            result = _end ?? VdResult.Ok;
            if (_kept is not null)
            {
                // Nobody wants it any more: it stays, and nothing else is fetched before it.
                _isFetching &= isWanted;
                _kept = isWanted ? null : _kept;
                result = isWanted ? VdResult.Ok : result;
                return isWanted;
            }

            if (_end is not null)
            {
                return isWanted;
            }

            if (!_isFetching)
            {
                return false;
            }
        }

        result = _device!.GetCommand(Timeout.InfiniteTimeSpan, out command);
        return true;
    }

    /// <summary>Has a command handled and answered.</summary>
    /// <returns>Whether the run goes on.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification =
        "What a handler throws is the run's result, and the engine's answer.")]
    private bool Handle(DeviceRun run, in ClientCommand command)
    {
        DeviceAnswer answer;
        try
        {
            answer = run.Failure is { } earlier
                ? DeviceAnswer.Failed(MediaFailure.CodeOf(earlier))
                : Wait(run.Handler.HandleAsync(command, run.HandlerToken));
        }
        catch (OperationCanceledException) when (run.HandlerToken.IsCancellationRequested)
        {
            lock (_gate)
            {
                _kept = command;
                _run = null;
            }

            FinishCancelled(run);
            return false;
        }
        catch (Exception failure)
        {
            run.Failure = failure;
            answer = DeviceAnswer.Failed(MediaFailure.CodeOf(failure));
        }

        VdResult result = _device!.CompleteCommand(command, answer.Code, answer.BytesTransferred, answer.Position);
        if (result == VdResult.Invalid)
        {
            // More bytes than asked for: the handler's mistake, and the engine must not wait for ever.
            run.Failure ??= new InvalidOperationException(
                $"device '{Name}': the handler answered {command.Code} of {command.SizeBytes} bytes with {answer.BytesTransferred}");
            _device.CompleteCommand(command, CompletionCode.IODevice, 0);
        }

        lock (_gate)
        {
            if (!run.HandlerToken.IsCancellationRequested)
            {
                _isFetching = true;
                return true;
            }

            _run = null;
        }

        FinishCancelled(run);
        return false;
    }

    /// <summary>Waits for a handler's answer on the device's own thread, which has nothing else to do.</summary>
    private DeviceAnswer Wait(ValueTask<DeviceAnswer> pending)
    {
        if (!pending.IsCompleted)
        {
            ConfiguredValueTaskAwaitable<DeviceAnswer>.ConfiguredValueTaskAwaiter awaiter =
                pending.ConfigureAwait(false).GetAwaiter();
            awaiter.UnsafeOnCompleted(_onAnswered);
            _answered.Wait();
            return awaiter.GetResult();
        }

        return pending.GetAwaiter().GetResult();
    }

    private void HandOver(VdResult result, in ClientCommand command)
    {
        if (result is VdResult.Ok or VdResult.Closed)
        {
            _take.Complete(result == VdResult.Ok ? command : null);
        }
        else
        {
            _take.Fail(Refuse(result, "GetCommand"));
        }
    }

    private void Finish(DeviceRun? run, VdResult result)
    {
        if (run?.Failure is { } failure)
        {
            run.Fail(failure);
        }
        else if (result == VdResult.Closed)
        {
            run?.Complete();
        }
        else
        {
            run?.Fail(Refuse(result, "GetCommand"));
        }
    }

    private void FinishCancelled(DeviceRun run)
    {
        if (run.Failure is { } failure)
        {
            run.Fail(failure);
        }
        else if (run.CallerToken.IsCancellationRequested)
        {
            run.Cancel();
        }
        else
        {
            run.Fail(Refuse(VdResult.Aborted, "GetCommand"));
        }
    }

    /// <summary>Has the thread fetch, when it does not already. Under the lock.</summary>
    private void Demand()
    {
        if (!_isFetching)
        {
            _isFetching = true;
            _work.Release();
        }
    }

    /// <summary>Notes that no command will come any more; the parked thread may go. Under the lock.</summary>
    private void End(VdResult result)
    {
        _end ??= result;
        _work.Release();
    }

    private void EndIfIdle()
    {
        if (_isThreadGone && _useCount == 0 && (_end != null || _opened.Task.IsFaulted))
        {
            _ended.TrySetResult();
        }
    }

    private void FailWaiters(Exception failure)
    {
        DeviceRun? run;
        bool isTaken;
        lock (_gate)
        {
            (run, isTaken) = (_run, _isTaking);
            (_run, _isTaking, _isFetching) = (null, false, false);
            _end ??= VdResult.Unexpected;
        }

        _opened.TrySetException(failure);
        run?.Fail(failure);
        if (isTaken)
        {
            _take.Fail(failure);
        }
    }
}
