using System.Diagnostics.CodeAnalysis;
using OpenVdi.Diagnostics;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Streaming;

/// <summary>One device in an engine's hands: an ordered stream of bytes to, or from, the backup program.</summary>
/// <remarks>
/// <para>Writes are handed over: a write returns when the command is queued, up to the device's buffers ahead of the client.
/// A write that the client failed is thrown by the next call, at the latest by <see cref="FlushAsync"/> or
/// <see cref="CloseAsync"/>; nothing is lost in silence. Reads are sent ahead in the same way.</para>
/// <para>One call at a time, but for <see cref="ReturnBuffer"/>. No call blocks its thread. A cancelled wait leaves the
/// device usable.</para>
/// <para>Failures are <see cref="VirtualDeviceException"/>: VD_E_IO_ERROR with the client's
/// <see cref="VirtualDeviceException.CompletionCode"/> for a command that failed; else the code of the refused call.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification =
    "The session owns the device's end; its semaphore has no handle to give back.")]
public sealed partial class EngineDevice
{
    private readonly EngineSession _session;
    private readonly ServerVirtualDevice _device;
    private readonly EngineBufferPool _pool;
    private readonly int _blockSizeBytes;
    private readonly int _maxTransferSizeBytes;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly Stack<EngineCommand> _spare = new();
    private int _outstandingCount;
    private TaskCompletionSource? _drained;
    private VirtualDeviceException? _failure;
    private bool _isClosed;

    internal EngineDevice(
        EngineSession session, ServerVirtualDevice device, DeviceBuffer[] buffers, int blockSizeBytes, int maxTransferSizeBytes)
    {
        _session = session;
        _device = device;
        _pool = new EngineBufferPool(buffers);
        _blockSizeBytes = blockSizeBytes;
        _maxTransferSizeBytes = maxTransferSizeBytes;
    }

    /// <summary>The device's name.</summary>
    public string Name => _device.Name;

    /// <summary>Whether <see cref="CloseAsync"/> has closed the device.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Rents a shared buffer of the largest transfer's size; waits while all are on their way.</summary>
    /// <returns>The buffer, the caller's until it is handed to <see cref="SendAsync"/> or
    /// <see cref="ReturnBuffer"/>.</returns>
    public ValueTask<DeviceBuffer> RentBufferAsync(CancellationToken cancellationToken = default) =>
        _pool.RentAsync(cancellationToken);

    /// <summary>Gives back a buffer that was rented or received. Any thread.</summary>
    /// <exception cref="ArgumentException">It is none of this device's, or was given back already.</exception>
    public void ReturnBuffer(DeviceBuffer buffer)
    {
        if (!_pool.TryReturn(buffer))
        {
            throw new ArgumentException($"device '{Name}': the buffer is not rented from this device", nameof(buffer));
        }
    }

    /// <summary>Hands the first bytes of a rented buffer to the client as the next bytes of the stream (VDC_Write). No copy.
    /// The buffer is not the caller's any more, also when this throws (but for an <see cref="ArgumentException"/>): it goes
    /// back to the pool by itself.</summary>
    /// <param name="buffer">From <see cref="RentBufferAsync"/>.</param>
    /// <param name="sizeBytes">A multiple of the block size (M4).</param>
    /// <param name="cancellationToken">Asked before the sending; what is queued cannot be called back.</param>
    /// <returns>Done when the command is queued.</returns>
    public ValueTask SendAsync(DeviceBuffer buffer, int sizeBytes, CancellationToken cancellationToken = default)
    {
        CheckSize(sizeBytes, buffer.SizeBytes, nameof(sizeBytes));
        if (!_pool.IsRented(buffer))
        {
            throw new ArgumentException($"device '{Name}': the buffer is not rented from this device", nameof(buffer));
        }

        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfFailed();
        }
        catch
        {
            _pool.TryReturn(buffer);
            throw;
        }

        Send(Take(EngineCommandUse.HandedOver, CommandCode.Write, buffer, (uint)sizeBytes, 0));
        return default;
    }

    /// <summary>Writes bytes, copied into shared buffers.</summary>
    /// <param name="data">A multiple of the block size long (M4).</param>
    /// <param name="cancellationToken">Gives up while waiting for a buffer; what was queued before stays.</param>
    /// <returns>Done when all is queued.</returns>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        CheckSize(data.Length, int.MaxValue, nameof(data));
        while (!data.IsEmpty)
        {
            DeviceBuffer buffer = await RentBufferAsync(cancellationToken).ConfigureAwait(false);
            int count = Math.Min(data.Length, buffer.SizeBytes);
            data.Span[..count].CopyTo(buffer.Span);
            await SendAsync(buffer, count, cancellationToken).ConfigureAwait(false);
            data = data[count..];
        }
    }

    /// <summary>Has the client make everything written so far durable (VDC_Flush), and waits for its word.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default) =>
        await ExecuteOrThrowAsync(CommandCode.Flush, cancellationToken).ConfigureAwait(false);

    /// <summary>Tells the client that this was the last message (VDC_Complete), and waits for its word (K24). Only when the
    /// client asked for it: <see cref="EngineSession.IsCompleteGranted"/>.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default) =>
        await ExecuteOrThrowAsync(CommandCode.Complete, cancellationToken).ConfigureAwait(false);

    /// <summary>Sends any command and waits for its completion, which is a value, whatever its code.</summary>
    /// <param name="code">The command.</param>
    /// <param name="buffer">For Read and Write: a rented buffer. It stays the caller's, but for a wait that is cancelled: then
    /// it goes back to the pool when the client has answered.</param>
    /// <param name="sizeBytes">Size of a transfer; count of a skip; origin of SetPosition (M8).</param>
    /// <param name="position">The position that the command carries.</param>
    /// <param name="cancellationToken">Gives up the wait; the command stays sent.</param>
    /// <exception cref="VirtualDeviceException">The interface refused the command: VD_E_IO_ERROR (only ClearError helps),
    /// VD_E_QUEUE_FULL, VD_E_PROTOCOL, VD_E_ABORT.</exception>
    public async ValueTask<EngineCompletion> ExecuteAsync(
        CommandCode code,
        DeviceBuffer buffer = default,
        uint sizeBytes = 0,
        ulong position = 0,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        EngineCommand command = Take(EngineCommandUse.Awaited, code, buffer, sizeBytes, position);
        Send(command);
        EngineCompletion completion;
        using (cancellationToken.UnsafeRegister(static (state, token) => ((EngineCommand)state!).Abandon(token), command))
        {
            completion = await command.WaitAsync().ConfigureAwait(false);
        }

        Keep(command);
        if (code == CommandCode.ClearError && completion.Code == CompletionCode.Success)
        {
            lock (_gate)
            {
                _failure = null;
            }
        }

        return completion;
    }

    /// <summary>Waits until the client has answered everything, then closes the device: the client sees VD_E_CLOSE (T1, T2).</summary>
    /// <exception cref="VirtualDeviceException">A write had failed; the device is closed all the same. VD_E_ABORT.</exception>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        await DrainAsync(cancellationToken).ConfigureAwait(false);
        VdResult result = _device.CloseDevice();
        if (result is not (VdResult.Ok or VdResult.Closed))
        {
            throw _session.Refuse(result, $"device '{Name}': CloseDevice");
        }

        lock (_gate)
        {
            _isClosed = true;
        }

        ThrowIfFailed();
    }

    /// <summary>Called by each command's callback, exactly once: on the agent's thread, or on the sender's when it was
    /// refused.</summary>
    internal void OnAnswered(EngineCommand command, EngineCommandUse use, bool isAbandoned)
    {
        if (use == EngineCommandUse.HandedOver || isAbandoned)
        {
            NoteFailure(command);
            _pool.TryReturn(command.Buffer);
        }

        TaskCompletionSource? drained = null;
        lock (_gate)
        {
            if (use == EngineCommandUse.HandedOver)
            {
                _spare.Push(command);
            }

            if (--_outstandingCount == 0)
            {
                (drained, _drained) = (_drained, null);
            }
        }

        drained?.TrySetResult();
        if (use == EngineCommandUse.ReadAhead && _readAnswered.CurrentCount == 0)
        {
            // One is enough: whoever waits looks again after it.
            _readAnswered.Release();
        }
    }

    private void NoteFailure(EngineCommand command)
    {
        EngineCompletion completion = command.Completion;
        Reaction reaction = CompletionReaction.Of(
            command.Code, completion.Code, command.SizeBytes, (uint)completion.BytesTransferred);
        if (reaction is not (Reaction.Continue or Reaction.UseBytes))
        {
            VirtualDeviceException failure = FailureOf(command.Code, completion, reaction);
            lock (_gate)
            {
                // The first is the cause; those behind it were swept away by it (D5).
                _failure ??= failure;
            }
        }
    }

    private VirtualDeviceException FailureOf(CommandCode code, EngineCompletion completion, Reaction reaction)
    {
        if (reaction == Reaction.Aborted)
        {
            return _session.Refuse(VdResult.Aborted, $"device '{Name}': {SpecNames.Of(code)}");
        }

        return new VirtualDeviceException(new VdFailure(
            VdResult.IOError,
            $"device '{Name}': the client completed {SpecNames.Of(code)} with {SpecNames.Of(completion.Code)} ({(int)completion.Code}), "
            + $"{completion.BytesTransferred} bytes"))
        {
            CompletionCode = completion.Code,
        };
    }

    private async ValueTask ExecuteOrThrowAsync(CommandCode code, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        EngineCompletion completion;
        try
        {
            completion = await ExecuteAsync(code, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (VirtualDeviceException refusal) when (refusal.Result == VdResult.IOError)
        {
            // A write failed meanwhile: its own code says more than "device in error".
            await DrainAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfFailed();
            throw;
        }

        // The client may answer in any order (Q2): what was written before counts as well.
        await DrainAsync(cancellationToken).ConfigureAwait(false);
        ThrowIfFailed();
        Reaction reaction = CompletionReaction.Of(code, completion.Code, 0, 0);
        if (reaction != Reaction.Continue)
        {
            throw FailureOf(code, completion, reaction);
        }
    }

    private EngineCommand Take(EngineCommandUse use, CommandCode code, DeviceBuffer buffer, uint sizeBytes, ulong position)
    {
        EngineCommand? command;
        lock (_gate)
        {
            _spare.TryPop(out command);
            _outstandingCount++;
        }

        command ??= new EngineCommand(this);
        command.Prepare(use, code, buffer, sizeBytes, position);
        return command;
    }

    private void Keep(EngineCommand command)
    {
        lock (_gate)
        {
            _spare.Push(command);
        }
    }

    private void Send(EngineCommand command)
    {
        VdResult result;
        try
        {
            result = command.Send(_device);
        }
        catch (ArgumentException)
        {
            // Nothing has happened and no callback will come.
            lock (_gate)
            {
                _outstandingCount--;
            }

            throw;
        }

        if (result != VdResult.Ok)
        {
            // The callback has run on this thread and has noted what it could.
            VirtualDeviceException? cause;
            lock (_gate)
            {
                cause = result == VdResult.IOError ? _failure : null;
            }

            throw cause is { Result: VdResult.IOError, CompletionCode: not CompletionCode.IODevice }
                ? cause
                : _session.Refuse(result, $"device '{Name}': {SpecNames.Of(command.Code)}");
        }
    }

    private Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_outstandingCount == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task.WaitAsync(cancellationToken);
        }
    }

    private void ThrowIfFailed()
    {
        VirtualDeviceException? failure;
        lock (_gate)
        {
            failure = _failure;
        }

        if (failure is not null)
        {
            throw new VirtualDeviceException(failure.Failure, failure) { CompletionCode = failure.CompletionCode };
        }
    }

    private void CheckSize(int sizeBytes, int most, string parameter)
    {
        if (sizeBytes < 0 || sizeBytes > most || sizeBytes % _blockSizeBytes != 0)
        {
            throw new ArgumentException(
                $"device '{Name}': {sizeBytes} bytes: expected a multiple of the block size {_blockSizeBytes}, at most {most}",
                parameter);
        }
    }
}
