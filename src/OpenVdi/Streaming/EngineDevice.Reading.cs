using OpenVdi.Transport;

namespace OpenVdi.Streaming;

/// <content>Reading: commands are sent ahead for every free buffer and come back in order.</content>
public sealed partial class EngineDevice
{
    // A client may answer a read with success and no bytes (K2). This many in a row are no stream any more.
    private const int MaxEmptyReads = 16;

    private readonly Queue<EngineCommand> _reads = new();       // Sent, in order; the caller's thread only.
    private readonly SemaphoreSlim _readAnswered = new(0);      // At least one of them was answered since.
    private DeviceBuffer _received;                             // What the current read brought,
    private int _receivedOffset;                                // and how much of it is given out.
    private bool _isEndOfData;

    /// <summary>Reads the next bytes of the stream, copied out of shared buffers.</summary>
    /// <returns>How many, at least one; 0 at the end of the data.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        if (destination.IsEmpty || !await ReceiveNextAsync(cancellationToken).ConfigureAwait(false))
        {
            return 0;
        }

        int count = Math.Min(destination.Length, _received.SizeBytes - _receivedOffset);
        _received.Span.Slice(_receivedOffset, count).CopyTo(destination.Span);
        _receivedOffset += count;
        if (_receivedOffset == _received.SizeBytes)
        {
            ReturnBuffer(_received);
            _received = default;
        }

        return count;
    }

    /// <summary>Reads exactly as many bytes as asked for.</summary>
    /// <exception cref="EndOfStreamException">The data ended before.</exception>
    public async ValueTask ReadExactlyAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        while (!destination.IsEmpty)
        {
            int count = await ReadAsync(destination, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                throw new EndOfStreamException(
                    $"device '{Name}': the data ended, expected at least {destination.Length} bytes more");
            }

            destination = destination[count..];
        }
    }

    /// <summary>Receives the next bytes of the stream in the shared buffer that the client has filled. No copy.</summary>
    /// <returns>The bytes, the caller's until <see cref="ReturnBuffer"/>; empty at the end of the data.</returns>
    /// <exception cref="InvalidOperationException">A <see cref="ReadAsync"/> has used a part of the next buffer.</exception>
    public async ValueTask<DeviceBuffer> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        if (_receivedOffset != 0 && !_received.IsEmpty)
        {
            throw new InvalidOperationException($"device '{Name}': read the rest of the current buffer first");
        }

        await ReceiveNextAsync(cancellationToken).ConfigureAwait(false);
        DeviceBuffer received = _received;
        _received = default;
        return received;
    }

    /// <summary>Sees to it that the current read has bytes left.</summary>
    /// <returns>False at the end of the data.</returns>
    private async ValueTask<bool> ReceiveNextAsync(CancellationToken cancellationToken)
    {
        for (int emptyCount = 0; _received.IsEmpty; emptyCount++)
        {
            if (_isEndOfData)
            {
                return false;
            }

            ThrowIfFailed();
            if (emptyCount == MaxEmptyReads)
            {
                throw new VirtualDeviceException(new VdFailure(
                    VdResult.IOError, $"device '{Name}': the client answered {MaxEmptyReads} reads without a byte"));
            }

            await ReadAheadAsync(cancellationToken).ConfigureAwait(false);
            while (!_reads.Peek().IsCompleted)
            {
                await _readAnswered.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            Accept(_reads.Dequeue());
        }

        return true;
    }

    /// <summary>Sends reads for all buffers that are free; at least one is on its way afterwards.</summary>
    private async ValueTask ReadAheadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!_pool.TryRent(out DeviceBuffer buffer))
            {
                if (_reads.Count > 0)
                {
                    return;
                }

                buffer = await RentBufferAsync(cancellationToken).ConfigureAwait(false);
            }

            EngineCommand command = Take(
                EngineCommandUse.ReadAhead, CommandCode.Read, buffer, (uint)_maxTransferSizeBytes, 0);
            VdResult result = command.Send(_device);
            if (result == VdResult.IOError && _reads.Count > 0)
            {
                // A read ahead has found the end, or failed: what it brought comes first.
                _pool.TryReturn(buffer);
                return;
            }

            if (result != VdResult.Ok)
            {
                _pool.TryReturn(buffer);
                throw _session.Refuse(result, $"device '{Name}': VDC_Read");
            }

            _reads.Enqueue(command);
        }
    }

    private void Accept(EngineCommand read)
    {
        EngineCompletion completion = read.Completion;
        Reaction reaction = CompletionReaction.Of(
            CommandCode.Read, completion.Code, read.SizeBytes, (uint)completion.BytesTransferred);
        bool isUsable = reaction is Reaction.Continue or Reaction.UseBytes or Reaction.UseBytesThenEnd;
        _isEndOfData = reaction == Reaction.UseBytesThenEnd;
        if (isUsable && completion.BytesTransferred > 0)
        {
            (_received, _receivedOffset) = (read.Buffer.Slice(completion.BytesTransferred), 0);
        }
        else
        {
            _pool.TryReturn(read.Buffer);
        }

        Keep(read);
        if (!isUsable)
        {
            VirtualDeviceException failure = FailureOf(CommandCode.Read, completion, reaction);
            lock (_gate)
            {
                _failure ??= failure;
            }

            throw failure;
        }
    }
}
