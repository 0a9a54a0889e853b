using System.Runtime.CompilerServices;
using OpenVdi.Client;

namespace OpenVdi.Streaming;

/// <summary>A device as a stream: on a backup readable, what the engine writes; on a restore writable, what the engine
/// reads. Made by a <see cref="DevicePump"/>.</summary>
/// <remarks>
/// <para>One call at a time. <see cref="Stream.CopyToAsync(Stream, CancellationToken)"/> and <see cref="CopyFromAsync"/>
/// hand the shared buffers themselves to the other stream; <see cref="GetBufferAsync"/> and <see cref="Advance"/> give
/// them to the caller; only Read and Write copy.</para>
/// <para>For devices like a pipe: a device with positions or file marks needs a handler of its own. Commands that a stream
/// cannot express are answered with ERROR_NOT_SUPPORTED.</para>
/// <para>Disposal ends the view, not the device. What was not read or written stays the engine's to wait for, until another
/// consumer goes on, <see cref="DevicePump.RefuseAsync"/> tells it of a failure, or the session ends.</para>
/// </remarks>
public sealed class VirtualDeviceStream : Stream
{
    private readonly DevicePump _pump;
    private readonly Func<CancellationToken, ValueTask>? _makeDurable;
    private ClientCommand _command;   // The transfer in hand, when there is one.
    private int _offset;              // How much of it is read or filled.
    private bool _hasTransfer;
    private ClientCommand? _flush;    // A Flush or Complete whose durability was asked for and not yet reached.
    private bool _isClosed;           // The engine has closed the device.
    private bool _isDisposed;

    internal VirtualDeviceStream(DevicePump pump, Func<CancellationToken, ValueTask>? makeDurable)
    {
        _pump = pump;
        _makeDurable = makeDurable;
    }

    /// <summary>Bytes that have passed so far.</summary>
    public long BytesTransferred { get; private set; }

    /// <summary>Whether this is a backup: the engine writes, the program reads.</summary>
    public bool IsBackup => _makeDurable is not null;

    /// <inheritdoc/>
    public override bool CanRead => IsBackup && !_isDisposed;

    /// <inheritdoc/>
    public override bool CanWrite => !IsBackup && !_isDisposed;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException("the length of a device's stream is known at its end only");

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException("a device's stream has no position; see BytesTransferred");
        set => throw new NotSupportedException("a device's stream cannot seek");
    }

    /// <summary>The piece of shared memory at hand: on a backup the engine's data not yet read, on a restore the room not yet
    /// filled. Say with <see cref="Advance"/> how much of it is done; do not use it after the next call of this stream.</summary>
    /// <param name="cancellationToken">Gives up the wait; the stream goes on with the next call.</param>
    /// <returns>The piece; empty when the engine has closed the device.</returns>
    /// <exception cref="VirtualDeviceException">VD_E_ABORT: the set was aborted.</exception>
    public ValueTask<Memory<byte>> GetBufferAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _hasTransfer || _isClosed ? new(Rest()) : NextBufferAsync(cancellationToken);
    }

    /// <summary>Says that the first bytes of the piece at hand are read, or filled. When the piece is used up, the engine has
    /// its answer.</summary>
    /// <param name="byteCount">At most the piece's length.</param>
    public void Advance(int byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteCount, _hasTransfer ? (int)_command.SizeBytes - _offset : 0);
        _offset += byteCount;
        BytesTransferred += byteCount;
        if (_hasTransfer && _offset == _command.SizeBytes)
        {
            Answer(DeviceAnswer.Transferred(_offset));
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowUnless(CanRead, "a restore's stream can be written only");
        if (buffer.IsEmpty)
        {
            return 0;
        }

        Memory<byte> data = await GetBufferAsync(cancellationToken).ConfigureAwait(false);
        return CopyOut(data, buffer.Span);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Reads on the calling thread, which waits for the engine.</summary>
    /// <exception cref="InvalidOperationException">The durability callback did not finish at once: use ReadAsync.</exception>
    public override int Read(Span<byte> buffer)
    {
        ThrowUnless(CanRead, "a restore's stream can be written only");
        return buffer.IsEmpty ? 0 : CopyOut(NextBuffer(), buffer);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <summary>Writes into the buffers of the engine's reads. Comes back when the last byte lies in one; the engine gets a
    /// buffer when it is full, or with <see cref="CompleteAsync"/>.</summary>
    /// <exception cref="VirtualDeviceException">VD_E_CLOSE: the engine has closed the device and wants no more; VD_E_ABORT.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowUnless(CanWrite, "a backup's stream can be read only");
        while (!buffer.IsEmpty)
        {
            Memory<byte> room = await GetBufferAsync(cancellationToken).ConfigureAwait(false);
            buffer = buffer[CopyIn(buffer.Span, room)..];
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Writes on the calling thread, which waits for the engine.</summary>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ThrowUnless(CanWrite, "a backup's stream can be read only");
        while (!buffer.IsEmpty)
        {
            buffer = buffer[CopyIn(buffer, NextBuffer())..];
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <summary>Copies what the engine writes into another stream until it closes the device, out of the shared buffers
    /// themselves.</summary>
    /// <param name="destination">Where it goes. Flushing it is the durability callback's business.</param>
    /// <param name="bufferSize">Of no account: the engine's transfers are the pieces.</param>
    /// <param name="cancellationToken">Gives up; the transfer at hand stays unanswered and is written anew, from its
    /// beginning, by the next call.</param>
    /// <remarks>A write that fails is answered to the engine with a code that fits, then thrown.</remarks>
    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ThrowUnless(CanRead, "a restore's stream can be written only");
        while (await GetBufferAsync(cancellationToken).ConfigureAwait(false) is { IsEmpty: false } data)
        {
            BeginUse();
            try
            {
                await destination.WriteAsync(data, cancellationToken).ConfigureAwait(false);
                Advance(data.Length);
            }
            catch (Exception failure) when (IsMediumFailure(failure, cancellationToken))
            {
                Fail(failure);
                throw;
            }
            finally
            {
                _pump.EndUse();
            }
        }
    }

    /// <summary>Fills the buffers of the engine's reads from another stream until that ends or the engine closes the device.
    /// Does not say that the data ends: <see cref="CompleteAsync"/> does.</summary>
    /// <param name="source">Reads straight into the shared buffers.</param>
    /// <param name="cancellationToken">Gives up; the next call goes on.</param>
    /// <returns>Bytes copied.</returns>
    /// <remarks>A read that fails is answered to the engine with a code that fits, then thrown.</remarks>
    public async Task<long> CopyFromAsync(Stream source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ThrowUnless(CanWrite, "a backup's stream can be read only");
        long before = BytesTransferred;
        while (await GetBufferAsync(cancellationToken).ConfigureAwait(false) is { IsEmpty: false } room)
        {
            BeginUse();
            try
            {
                int count = await source.ReadAsync(room, cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }

                Advance(count);
            }
            catch (Exception failure) when (IsMediumFailure(failure, cancellationToken))
            {
                Fail(failure);
                throw;
            }
            finally
            {
                _pump.EndUse();
            }
        }

        return BytesTransferred - before;
    }

    /// <summary>Says that all data is written, then answers the engine's reads with ERROR_HANDLE_EOF (K3) until it closes the
    /// device.</summary>
    /// <exception cref="VirtualDeviceException">VD_E_ABORT: the set was aborted.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        ThrowUnless(CanWrite, "a backup's stream can be read only");
        while (!_isClosed)
        {
            if (_hasTransfer)
            {
                Answer(DeviceAnswer.EndOfData(_offset));
            }

            await NextBufferAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Does nothing: a buffer goes to the engine when it is full, or with <see cref="CompleteAsync"/>.</summary>
    public override void Flush()
    {
    }

    /// <summary>Does nothing, as <see cref="Flush"/>.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("a device's stream cannot seek");

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException("a device's stream cannot be cut");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Memory<byte>> NextBufferAsync(CancellationToken cancellationToken)
    {
        while (!_hasTransfer && !_isClosed)
        {
            ClientCommand? taken = _flush ?? await _pump.TakeAsync(cancellationToken).ConfigureAwait(false);
            if (!Accept(taken))
            {
                try
                {
                    await _makeDurable!(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception failure) when (IsMediumFailure(failure, cancellationToken))
                {
                    FailFlush(failure);
                    throw;
                }

                AnswerFlush();
            }
        }

        return Rest();
    }

    private Memory<byte> NextBuffer()
    {
        while (!_hasTransfer && !_isClosed)
        {
            if (!Accept(_flush ?? _pump.Take()))
            {
                MakeDurableNow();
                AnswerFlush();
            }
        }

        return Rest();
    }

    private void MakeDurableNow()
    {
        try
        {
            ValueTask pending = _makeDurable!(CancellationToken.None);
            if (!pending.IsCompleted)
            {
                throw new InvalidOperationException(
                    $"device '{_pump.Name}': the durability callback did not finish at once. HINT: read with ReadAsync, or "
                    + "make the data durable synchronously.");
            }

            pending.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            FailFlush(failure);
            throw;
        }
    }

    /// <summary>Takes a command in. False for one that waits for durability.</summary>
    private bool Accept(ClientCommand? taken)
    {
        if (taken is not { } command)
        {
            _isClosed = true;
            return true;
        }

        switch (command.Code)
        {
            case CommandCode.Write when IsBackup:
            case CommandCode.Read when !IsBackup:
                (_command, _offset, _hasTransfer) = (command, 0, true);
                if (command.SizeBytes == 0)
                {
                    Answer(DeviceAnswer.Done);
                }

                return true;
            case CommandCode.Flush or CommandCode.Complete when IsBackup:
                _flush = command;
                return false;
            case CommandCode.Flush or CommandCode.Complete or CommandCode.ClearError:
                _pump.Complete(command, DeviceAnswer.Done);
                return true;
            default:
                _pump.Complete(command, DeviceAnswer.NotSupported);
                return true;
        }
    }

    private Memory<byte> Rest() => _hasTransfer ? _command.Buffer.Memory[_offset..] : default;

    private int CopyOut(Memory<byte> data, Span<byte> destination)
    {
        int count = Math.Min(data.Length, destination.Length);
        if (count > 0)
        {
            BeginUse();
            try
            {
                data.Span[..count].CopyTo(destination);
                Advance(count);
            }
            finally
            {
                _pump.EndUse();
            }
        }

        return count;
    }

    private int CopyIn(ReadOnlySpan<byte> source, Memory<byte> room)
    {
        if (room.IsEmpty)
        {
            throw new VirtualDeviceException(new VdFailure(
                VdResult.Closed, $"device '{_pump.Name}': the engine has closed it and reads no more"));
        }

        int count = Math.Min(source.Length, room.Length);
        BeginUse();
        try
        {
            source[..count].CopyTo(room.Span);
            Advance(count);
        }
        finally
        {
            _pump.EndUse();
        }

        return count;
    }

    private void Answer(DeviceAnswer answer)
    {
        _hasTransfer = false;
        _pump.Complete(_command, answer);
    }

    private void AnswerFlush()
    {
        ClientCommand flush = _flush.GetValueOrDefault();
        _flush = null;
        _pump.Complete(flush, DeviceAnswer.Done);
    }

    private void Fail(Exception failure)
    {
        if (_hasTransfer)
        {
            _hasTransfer = false;
            AnswerQuietly(_command, failure);
        }
    }

    private void FailFlush(Exception failure)
    {
        ClientCommand flush = _flush.GetValueOrDefault();
        _flush = null;
        AnswerQuietly(flush, failure);
    }

    private void AnswerQuietly(in ClientCommand command, Exception failure)
    {
        try
        {
            _pump.Complete(command, DeviceAnswer.Failed(MediaFailure.CodeOf(failure)));
        }
        catch (VirtualDeviceException)
        {
            // The set is aborted: nobody is left to tell. The medium's own failure is thrown.
        }
    }

    // A wish to stop is not a failure of the medium, and what the interface refuses the engine knows already.
    private static bool IsMediumFailure(Exception failure, CancellationToken cancellationToken) =>
        failure is not VirtualDeviceException
        && !(failure is OperationCanceledException && cancellationToken.IsCancellationRequested);

    private void BeginUse() => ObjectDisposedException.ThrowIf(!_pump.TryBeginUse(), _pump);

    private void ThrowUnless(bool possible, string message)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!possible)
        {
            throw new NotSupportedException(message);
        }
    }
}
