using System.Diagnostics.CodeAnalysis;
using OpenVdi.Client;

namespace OpenVdi.Streaming;

/// <summary>One device in a backup program's hands, with a thread of its own that waits for commands. Made by
/// <see cref="BackupSession.OpenDeviceAsync"/>; ends with its session.</summary>
/// <remarks>
/// <para>Use it in one of three ways: give it a handler (<see cref="RunAsync"/>, the fastest: the handler runs on the
/// device's thread, nothing is allocated per command); take commands one by one (<see cref="TakeAsync"/>,
/// <see cref="Complete"/>); or see it as a stream (<see cref="OpenBackupStream"/>, <see cref="OpenRestoreStream"/>). In
/// all three the buffers are the shared memory itself.</para>
/// <para>One run or one take at a time; <see cref="Complete"/> may be called from any thread, also for several commands in
/// any order (Q2).</para>
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification =
    "The session owns the pump's end; its semaphores have no handle to give back.")]
public sealed partial class DevicePump
{
    // Limit of commands taken and not completed is the queue's own: the faithful class keeps it.
    private readonly List<ClientCommand> _taken = [];

    // Guards all below. Taken alone, or around calls of the device that cannot wait.
    private readonly Lock _gate = new();
    private readonly BackupSession _session;
    private readonly ClientVirtualDeviceSet _set;
    private readonly CancellationToken _sessionEnd;
    private readonly bool _abortOnCancellation;
    private readonly SemaphoreSlim _work = new(0);
    private readonly SemaphoreSlim _answered = new(0, 1);
    private readonly Action _onAnswered;
    private readonly TakeSource _take = new();
    private readonly TaskCompletionSource<DevicePump> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClientVirtualDevice? _device;
    private bool _isTaking;      // A promise of TakeAsync is open.
    private bool _isTakingHere;  // Take waits on its caller's thread.
    private DeviceRun? _run;     // A run is open.
    private bool _isFetching;    // The thread waits for a command, or is about to.
    private ClientCommand? _kept; // A command that came when nobody waited any more.
    private VdResult? _end;      // VD_E_CLOSE, VD_E_ABORT, ...: no command will come any more.
    private int _useCount;       // Streams that read or write a buffer just now.
    private bool _isThreadGone;

    internal DevicePump(
        BackupSession session,
        ClientVirtualDeviceSet set,
        string name,
        int index,
        bool abortOnCancellation,
        CancellationToken sessionEnd)
    {
        _session = session;
        _set = set;
        _sessionEnd = sessionEnd;
        _abortOnCancellation = abortOnCancellation;
        _onAnswered = () => _answered.Release();
        Name = name;
        Index = index;
        new Thread(Main) { Name = $"OpenVdi device {name}", IsBackground = true }.Start();
    }

    /// <summary>The device's name.</summary>
    public string Name { get; }

    /// <summary>Its place among <see cref="BackupSession.DeviceNames"/>, from 0; -1 for a name that is not among them.</summary>
    public int Index { get; }

    /// <summary>Whether the engine has closed the device. That says that no command will come any more, not that the
    /// backup succeeded: only the engine's own result says that (T7).</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _end == VdResult.Closed;
            }
        }
    }

    /// <summary>Done when the device is open; fails with the refusal.</summary>
    internal Task<DevicePump> Opened => _opened.Task;

    /// <summary>Done when the thread has gone and no stream touches a buffer any more.</summary>
    internal Task Ended => _ended.Task;

    /// <summary>Whether the device is open here and the engine may still send.</summary>
    internal bool IsServing
    {
        get
        {
            lock (_gate)
            {
                return _end is null;
            }
        }
    }

    /// <summary>Waits for the next command. Comes back at once, on the caller's thread, when one is there.</summary>
    /// <param name="cancellationToken">Gives up the wait and nothing else: the next take goes on where this one was (unless
    /// the session was made with <see cref="BackupSessionOptions.AbortOnCancellation"/>).</param>
    /// <returns>The command, to be answered with <see cref="Complete"/>; null when the engine has closed the device.</returns>
    /// <exception cref="VirtualDeviceException">VD_E_ABORT: the set was aborted.</exception>
    /// <exception cref="InvalidOperationException">Another take or run is in progress.</exception>
    public ValueTask<ClientCommand?> TakeAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ClientCommand?>(cancellationToken);
        }

        ValueTask<ClientCommand?> promise;
        try
        {
            lock (_gate)
            {
                ThrowIfBusy();
                if (TryTakeNow(out ClientCommand? command))
                {
                    return new(command);
                }

                _isTaking = true;
                promise = _take.Begin();
                Demand();
            }
        }
        catch (VirtualDeviceException refusal)
        {
            return ValueTask.FromException<ClientCommand?>(refusal);
        }

        if (cancellationToken.CanBeCanceled)
        {
            _take.Keep(cancellationToken.UnsafeRegister(
                static (pump, token) => ((DevicePump)pump!).CancelTake(token), this));
        }

        return promise;
    }

    /// <summary>Waits on the calling thread for the next command, for callers that cannot await.</summary>
    /// <returns>As <see cref="TakeAsync"/>.</returns>
    internal ClientCommand? Take()
    {
        lock (_gate)
        {
            ThrowIfBusy();
            if (TryTakeNow(out ClientCommand? command))
            {
                return command;
            }

            if (_isFetching)
            {
                throw new InvalidOperationException(
                    $"device '{Name}': a cancelled asynchronous wait is still pending; go on with asynchronous reads and writes");
            }

            _isTakingHere = true;
            _useCount++;
        }

        VdResult result = _device!.GetCommand(Timeout.InfiniteTimeSpan, out ClientCommand taken);
        lock (_gate)
        {
            _isTakingHere = false;
            _useCount--;
            try
            {
                return Deliver(result, taken);
            }
            finally
            {
                EndIfIdle();
            }
        }
    }

    /// <summary>Answers a command that was taken.</summary>
    /// <param name="command">From <see cref="TakeAsync"/>.</param>
    /// <param name="answer">The answer.</param>
    /// <exception cref="VirtualDeviceException">VD_E_INVALID: it is no active command of this device; VD_E_ABORT;
    /// VD_E_PROTOCOL: the device is closed.</exception>
    public void Complete(in ClientCommand command, DeviceAnswer answer)
    {
        VdResult result = Answer(command, answer);
        if (result != VdResult.Ok)
        {
            throw Refuse(result, "CompleteCommand");
        }
    }

    /// <summary>The device of a backup as a readable stream of what the engine writes. Ends when the engine closes the
    /// device.</summary>
    /// <param name="makeDurable">Called for each VDC_Flush and VDC_Complete, when everything before it has been read: returns
    /// when all of that is durable (K11, K24). Only then does the engine get its answer.</param>
    /// <returns>The stream. Its disposal leaves the device as it is.</returns>
    /// <exception cref="InvalidOperationException">The set is a restore, or its devices are not like a pipe.</exception>
    public VirtualDeviceStream OpenBackupStream(Func<CancellationToken, ValueTask> makeDurable)
    {
        ArgumentNullException.ThrowIfNull(makeDurable);
        ThrowUnlessStream(isBackup: true);
        return new VirtualDeviceStream(this, makeDurable);
    }

    /// <summary>The device of a restore as a writable stream that feeds the engine's reads. Say
    /// <see cref="VirtualDeviceStream.CompleteAsync"/> when all is written.</summary>
    /// <returns>The stream. Its disposal leaves the device as it is: the end of the data must be said, not guessed.</returns>
    /// <exception cref="InvalidOperationException">The set is a backup, or its devices are not like a pipe.</exception>
    public VirtualDeviceStream OpenRestoreStream()
    {
        ThrowUnlessStream(isBackup: false);
        return new(this, null);
    }

    /// <summary>Answers what was taken and everything that follows with a failing code, until the engine closes the device:
    /// so it learns what went wrong, which an abort would not tell it.</summary>
    /// <exception cref="VirtualDeviceException">VD_E_ABORT: the set was aborted.</exception>
    public async Task RefuseAsync(CompletionCode code, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((uint)code, (uint)CompletionCode.Success, nameof(code));
        while (TryForgetTaken(out ClientCommand command))
        {
            _device!.CompleteCommand(command, code, 0);
        }

        await RunAsync(new RefusingHandler(code), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the thread go. The caller has aborted the set, unless the device is closed.</summary>
    internal void Stop()
    {
        lock (_gate)
        {
            _end ??= VdResult.Aborted;
            _work.Release();
        }
    }

    /// <summary>Begins to touch a taken buffer from within this library. False when the session is being disposed.</summary>
    internal bool TryBeginUse()
    {
        lock (_gate)
        {
            if (_sessionEnd.IsCancellationRequested)
            {
                return false;
            }

            _useCount++;
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryBeginUse"/> began.</summary>
    internal void EndUse()
    {
        lock (_gate)
        {
            _useCount--;
            EndIfIdle();
        }
    }

    private void ThrowUnlessStream(bool isBackup)
    {
        // A secondary client may serve a device without ever having asked for the configuration (P3).
        if (_session.KnownConfiguration is not { } configuration)
        {
            return;
        }

        VdFeatures features = configuration.Features;
        if (features.HasFlag(VdFeatures.WriteMedia) != isBackup)
        {
            throw new InvalidOperationException(
                $"device '{Name}': the set is a {(isBackup ? "restore" : "backup")}; ask BackupSession.IsBackup first");
        }

        if ((features & (VdFeatures.RandomAccess | VdFeatures.FileMarks)) != 0)
        {
            throw new InvalidOperationException(
                $"device '{Name}': its set has positions or file marks, which a stream cannot express; use a handler");
        }
    }

    private VdResult Answer(in ClientCommand command, DeviceAnswer answer)
    {
        VdResult result = _device!.CompleteCommand(command, answer.Code, answer.BytesTransferred, answer.Position);
        lock (_gate)
        {
            for (int i = _taken.Count - 1; i >= 0; i--)
            {
                if (_taken[i].Serial == command.Serial)
                {
                    _taken.RemoveAt(i);
                    break;
                }
            }
        }

        return result;
    }

    private bool TryForgetTaken(out ClientCommand command)
    {
        lock (_gate)
        {
            bool any = _taken.Count > 0;
            command = any ? _taken[0] : default;
            if (any)
            {
                _taken.RemoveAt(0);
            }

            return any;
        }
    }

    /// <summary>What can be had without waiting: a kept command, the end, or what a look finds. Under the lock.</summary>
    private bool TryTakeNow(out ClientCommand? command)
    {
        command = null;
        if (_kept is { } kept)
        {
            _kept = null;
            command = Deliver(VdResult.Ok, kept);
            return true;
        }

        if (_isFetching && _end is null)
        {
            return false;
        }

        ClientCommand found = default;
        VdResult result = _end ?? _device!.GetCommand(TimeSpan.Zero, out found);
        if (result == VdResult.TimedOut)
        {
            return false;
        }

        command = Deliver(result, found);
        return true;
    }

    /// <summary>Hands a result to whoever takes: the command, null for the end, or the refusal. Under the lock.</summary>
    private ClientCommand? Deliver(VdResult result, in ClientCommand command)
    {
        if (result == VdResult.Ok)
        {
            _taken.Add(command);
            return command;
        }

        End(result);
        return result == VdResult.Closed ? null : throw Refuse(result, "GetCommand");
    }

    private void CancelTake(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_isTaking)
            {
                return;
            }

            _isTaking = false;
        }

        if (_abortOnCancellation)
        {
            _set.SignalAbort($"device '{Name}': the wait for a command was cancelled");
        }

        _take.Fail(new OperationCanceledException(token));
    }

    private void ThrowIfBusy()
    {
        ObjectDisposedException.ThrowIf(_sessionEnd.IsCancellationRequested, this);
        if (_isTaking || _isTakingHere || _run is not null)
        {
            throw new InvalidOperationException($"device '{Name}': a take or run is in progress; there can be one at a time");
        }
    }

    private VirtualDeviceException Refuse(VdResult result, string function) =>
        Refusal.Of(result, _set.LastFailure, _set.Abort, $"device '{Name}': {function}");

    private sealed class RefusingHandler(CompletionCode code) : IDeviceHandler
    {
        public ValueTask<DeviceAnswer> HandleAsync(ClientCommand command, CancellationToken cancellationToken) =>
            new(DeviceAnswer.Failed(code));
    }
}
