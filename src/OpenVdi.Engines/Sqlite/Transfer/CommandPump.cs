using System.Diagnostics;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite.Transfer;

/// <summary>
/// Keeps commands going on all devices of a set: each completion is dealt with, and the next command sent, in the callback
/// on the agent's own thread. Ends when nothing is outstanding any more.
/// </summary>
/// <remarks>
/// <para>Threads: everything but <see cref="Run"/>, <see cref="Fail"/> and the first command of each device happens on the
/// agent's thread, one callback at a time; so the state of lanes and slots needs no lock. What the starting thread writes
/// before it sends is seen by the callback: a command passes through the set's queue.</para>
/// <para>After a failure nothing new is sent; what is outstanding still ends, each command with its one callback (A5).</para>
/// <para>Nothing is allocated per command: a command, its buffer and its callback exist once for each slot.</para>
/// </remarks>
internal abstract class CommandPump<TLane>
    where TLane : CommandLane
{
    private static readonly TimeSpan s_progressInterval = TimeSpan.FromMilliseconds(100);

    private readonly ServerSession _session;
    private readonly Action<OperationProgress>? _progress;
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _lastProgress;
    private int _outstandingCount;
    private CommandSlot<TLane>? _sendingSlot;
    private Exception? _failure;

    protected CommandPump(ServerSession session, Action<OperationProgress>? progress)
    {
        _session = session;
        _progress = progress;
        _lastProgress = _started;
    }

    /// <summary>Bytes of complete Read or Write commands.</summary>
    public long BytesTransferred { get; private set; }

    /// <summary>Commands complete.</summary>
    public long CommandCount { get; private set; }

    protected ServerSession Session => _session;

    /// <summary>The first failure; null while there is none.</summary>
    protected Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Bytes of the database done and in all, for progress.</summary>
    protected abstract (long Done, long Total) DatabaseBytes { get; }

    /// <summary>Starts, and waits until nothing is outstanding.</summary>
    /// <exception cref="SqliteEngineException">Any of the kinds of a running operation.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the set is aborted.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static pump => ((CommandPump<TLane>)pump!).Cancel(), this))
        {
            SendFirst();
            _session.Ended.Wait(CancellationToken.None); // Cancelling aborts the set, which ends everything outstanding.
        }

        if (Failure is null && _session.AgentException is { } thrown)
        {
            Fail(thrown);
        }

        if (Failure is null && !IsComplete)
        {
            // The agent left, or the set was aborted, while this thread was still sending.
            Fail(_session.AbortFailure());
        }

        if (Failure is { } failure)
        {
            // T8 would close the devices; a client that looks at VD_E_CLOSE alone would take that for success. An abort
            // cannot be taken for it, and carries the reason to the client's log (Y11).
            _session.SignalAbort(failure.Message);
            if (failure is OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            throw failure;
        }

        Report();
    }

    /// <summary>Whether every lane has come to its end.</summary>
    protected abstract bool IsComplete { get; }

    /// <summary>The lanes.</summary>
    protected abstract IReadOnlyList<TLane> Lanes { get; }

    /// <summary>Prepares each lane's first command; nothing is sent while this runs.</summary>
    protected abstract CommandSlot<TLane> PrepareFirst(TLane lane);

    /// <summary>A command has ended, and there is no failure yet. Throws to fail the operation.</summary>
    protected abstract void OnEnded(CommandSlot<TLane> slot);

    /// <summary>A slot for commands of this pump.</summary>
    protected CommandSlot<TLane> CreateSlot(DeviceBuffer buffer)
    {
        var slot = new CommandSlot<TLane> { Buffer = buffer };
        slot.Command.CompletionContext = slot;
        slot.Command.CompletionRoutine = OnCompletion;
        return slot;
    }

    /// <summary>Sends a slot's command on a lane, from within <see cref="OnEnded"/>.</summary>
    protected void Send(CommandSlot<TLane> slot, TLane lane, CommandCode code, int sizeBytes)
    {
        Prepare(slot, lane, code, sizeBytes);
        Interlocked.Increment(ref _outstandingCount);
        _sendingSlot = slot;
        VdResult result = lane.Device.SendCommand(slot.Command);
        _sendingSlot = null;
        if (result != VdResult.Ok)
        {
            // The refused command's callback has come and gone (7.5): OnCompletion passed over it.
            lane.OutstandingCount--;
            Interlocked.Decrement(ref _outstandingCount); // Never the last: the command that is being dealt with counts.
            Fail(_session.Failure(result, $"SendCommand({code}) on device '{lane.Device.Name}'"));
        }
    }

    /// <summary>Fills a slot in.</summary>
    protected static void Prepare(CommandSlot<TLane> slot, TLane lane, CommandCode code, int sizeBytes)
    {
        slot.Lane = lane;
        slot.Command.Code = code;
        slot.Command.SizeBytes = (uint)sizeBytes;
        slot.Command.Buffer = slot.Buffer.IsEmpty ? default : slot.Buffer.Slice(sizeBytes);
        lane.OutstandingCount++;
    }

    /// <summary>Fails the operation; the first reason stays. Any thread.</summary>
    protected void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    /// <summary>The failure that a command's completion means.</summary>
    protected static SqliteEngineException DeviceFailure(CommandSlot<TLane> slot)
    {
        ServerCommand command = slot.Command;
        string transferred = command.Code is CommandCode.Read or CommandCode.Write
            ? $" of {command.SizeBytes} bytes ended with {command.BytesTransferred} bytes and"
            : " ended with";
        return new SqliteEngineException(
            SqliteFailureKind.DeviceFailed,
            $"device '{slot.Lane!.Device.Name}': {command.Code}{transferred} code {(int)command.CompletionCode} "
                + $"({command.CompletionCode}), expected success",
            command.CompletionCode is CompletionCode.DiskFull or CompletionCode.HandleDiskFull
                or CompletionCode.EomOverflow or CompletionCode.EndOfMedia
                ? "make room on the backup program's medium."
                : "the backup program's own log says why.")
        {
            CompletionCode = command.CompletionCode,
        };
    }

    private void SendFirst()
    {
        var first = new CommandSlot<TLane>[Lanes.Count];
        for (int i = 0; i < first.Length; i++)
        {
            first[i] = PrepareFirst(Lanes[i]);
        }

        // All at once, before the first of them can end: so the count does not reach 0 between two of them.
        Volatile.Write(ref _outstandingCount, first.Length);
        foreach (CommandSlot<TLane> slot in first)
        {
            VdResult result = Failure is null ? slot.Lane!.Device.SendCommand(slot.Command) : VdResult.Aborted;
            if (result != VdResult.Ok)
            {
                Fail(_session.Failure(result, $"SendCommand({slot.Command.Code}) on device '{slot.Lane!.Device.Name}'"));
                Settle();
            }
        }
    }

    private void OnCompletion(ServerCommand command)
    {
        var slot = (CommandSlot<TLane>)command.CompletionContext!;
        if (Environment.CurrentManagedThreadId != _session.AgentThreadId || ReferenceEquals(slot, _sendingSlot))
        {
            // A refusal calls back on the sender's thread, before SendCommand returns (7.5): the sender deals with it.
            return;
        }

        slot.Lane!.OutstandingCount--;
        try
        {
            if (Failure is null)
            {
                CommandCount++;
                if (command.CompletionCode == CompletionCode.OperationAborted && _session.Abort is not null)
                {
                    throw _session.AbortFailure();
                }

                BytesTransferred += command.BytesTransferred;
                OnEnded(slot);
                ReportNowAndThen();
            }
        }
#pragma warning disable CA1031 // Whatever it is, it is the reason for which the operation fails; Run throws it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }

        Settle();
    }

    private void Settle()
    {
        if (Interlocked.Decrement(ref _outstandingCount) == 0)
        {
            _session.Ended.Set();
        }
    }

    private void Cancel()
    {
        Fail(new OperationCanceledException("the operation was cancelled"));
        _session.SignalAbort("the operation was cancelled");
    }

    private void ReportNowAndThen()
    {
        if (_progress is not null && Stopwatch.GetElapsedTime(_lastProgress) >= s_progressInterval)
        {
            _lastProgress = Stopwatch.GetTimestamp();
            Report();
        }
    }

    private void Report()
    {
        (long done, long total) = DatabaseBytes;
        _progress?.Invoke(new OperationProgress(
            BytesTransferred, done, total, CommandCount, Stopwatch.GetElapsedTime(_started)));
    }
}
