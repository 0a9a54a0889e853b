using System.Diagnostics;
using OpenVdi.Backup.Media;
using OpenVdi.Client;

namespace OpenVdi.Backup;

/// <summary>
/// Serves one device from one medium: the GetCommand and CompleteCommand loop of the backup program. Every command gets
/// exactly one answer (M1); whatever a medium does becomes a completion code and words, never an exception.
/// </summary>
/// <remarks>Spec: 6.1 to 6.4, 7.2, 7.3. The buffer that the engine filled goes to the medium, and the other way round,
/// without a copy. The loop belongs to one thread; the counters may be read by any.</remarks>
public sealed class DeviceWorker
{
    private readonly ClientVirtualDevice _device;
    private readonly Medium _medium;
    private readonly bool _isDiskLike;
    private long _positionBytes;
    private long _bytesTransferred;
    private long _commandCount;
    private long _firstCommandStamp;
    private long _endStamp;

    /// <summary>Prepares a loop.</summary>
    /// <param name="device">The device, open.</param>
    /// <param name="medium">Where its stream is kept.</param>
    /// <param name="isDiskLike">Whether commands carry positions that must be honoured.</param>
    public DeviceWorker(ClientVirtualDevice device, Medium medium, bool isDiskLike = false)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(medium);
        _device = device;
        _medium = medium;
        _isDiskLike = isDiskLike;
    }

    /// <summary>The device's name.</summary>
    public string DeviceName => _device.Name;

    /// <summary>Bytes stored or delivered so far.</summary>
    public long BytesTransferred => Volatile.Read(ref _bytesTransferred);   // Pairs with Count, on the loop's thread.

    /// <summary>Commands answered so far.</summary>
    public long CommandCount => Volatile.Read(ref _commandCount);   // Pairs with Count, on the loop's thread.

    /// <summary>The first failure of the medium; null when there was none. Read it after the loop.</summary>
    public MediumFailure? Failure { get; private set; }

    /// <summary>When the first command came, as a <see cref="Stopwatch"/> stamp; 0 when none did.</summary>
    internal long FirstCommandStamp => _firstCommandStamp;

    /// <summary>When the loop ended.</summary>
    internal long EndStamp => _endStamp;

    /// <summary>Answers commands until the device is closed or the set aborted. Blocks as long as the engine is silent;
    /// SignalAbort of the set ends it.</summary>
    /// <returns>VD_E_CLOSE after the engine closed the device; VD_E_ABORT after an abort; another code when the interface
    /// itself failed.</returns>
    public VdResult Run()
    {
        VdResult result = Loop();
        _endStamp = Stopwatch.GetTimestamp();
        return result;
    }

    private VdResult Loop()
    {
        while (true)
        {
            VdResult result = _device.GetCommand(Timeout.InfiniteTimeSpan, out ClientCommand command);
            if (result == VdResult.TimedOut)
            {
                continue;
            }

            if (result != VdResult.Ok)
            {
                return result;
            }

            if (_firstCommandStamp == 0)
            {
                _firstCommandStamp = Stopwatch.GetTimestamp();
            }

            Answer answer = Serve(command);
            result = _device.CompleteCommand(command, answer.Code, answer.Bytes, answer.Position);
            if (result is VdResult.Ok)
            {
                Count(answer.Bytes);
            }
            else if (result != VdResult.ProtocolError)
            {
                // A command that the engine's CloseDevice has overtaken is refused with VD_E_PROTOCOL: GetCommand then
                // tells what became of the device (D23). Everything else ends the loop.
                return result;
            }
        }
    }

    private Answer Serve(in ClientCommand command)
    {
        try
        {
            return command.Code switch
            {
                CommandCode.Write => Write(command),
                CommandCode.Read => Read(command),
                CommandCode.Flush or CommandCode.Complete => Judge(_medium.Flush()),
                CommandCode.ClearError => Answer.Success,
                CommandCode.GetPosition when _isDiskLike => Answer.At(_positionBytes),
                CommandCode.SetPosition when _isDiskLike => SetPosition(command),
                // Tape, snapshot, and numbers without a name (M7).
                _ => new Answer(CompletionCode.NotSupported),
            };
        }
        catch (ObjectDisposedException)
        {
            return new Answer(CompletionCode.OperationAborted);   // The set was closed under us: nobody will read this.
        }
#pragma warning disable CA1031 // The promise of this type: a defect of a medium ends the backup, not the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Judge(new MediumFailure(
                CompletionCode.IODevice, $"{_medium.Name}: {command.Code} failed unexpectedly: {exception}"));
        }
    }

    private Answer Write(in ClientCommand command)
    {
        if (!TryPlace(command, out long position, out Answer refusal))
        {
            return refusal;
        }

        TransferOutcome outcome = _medium.Write(command.Buffer.Span, position);
        return Transferred(position, outcome, CompletionCode.Success);
    }

    private Answer Read(in ClientCommand command)
    {
        if (!TryPlace(command, out long position, out Answer refusal))
        {
            return refusal;
        }

        TransferOutcome outcome = _medium.Read(command.Buffer.Span, position);
        bool isEnd = outcome.Failure is null && outcome.BytesTransferred < command.Buffer.SizeBytes;
        return Transferred(position, outcome, isEnd ? CompletionCode.HandleEof : CompletionCode.Success);   // K1, K3
    }

    // Pipe-like devices are strictly sequential; disk-like ones say where (4.3).
    private bool TryPlace(in ClientCommand command, out long position, out Answer refusal)
    {
        position = _isDiskLike ? unchecked((long)command.Position) : _positionBytes;
        refusal = default;
        if (position >= 0 && position <= long.MaxValue - command.SizeBytes)
        {
            return true;
        }

        refusal = Judge(new MediumFailure(
            CompletionCode.IODevice, $"{_medium.Name}: {command.Code} at {command.Position}, beyond what a file can hold"));
        return false;
    }

    private Answer Transferred(long position, TransferOutcome outcome, CompletionCode code)
    {
        _positionBytes = position + outcome.BytesTransferred;
        return outcome.Failure is null
            ? new Answer(code, (uint)outcome.BytesTransferred)
            : Judge(outcome.Failure) with { Bytes = (uint)outcome.BytesTransferred };
    }

    // K18: the origin is in the size field: 0 beginning, 1 current, 2 end (M8).
    private Answer SetPosition(in ClientCommand command)
    {
        long origin = command.SizeBytes switch
        {
            0 => 0,
            1 => _positionBytes,
            2 => _medium.LengthBytes,
            _ => -1,
        };
        long position = unchecked(origin + (long)command.Position);
        if (origin < 0 || position < 0)
        {
            return Judge(new MediumFailure(
                CompletionCode.IODevice,
                $"{_medium.Name}: SetPosition to {unchecked((long)command.Position)} from origin {command.SizeBytes} "
                + "is before the beginning"));
        }

        _positionBytes = position;
        return Answer.At(position);
    }

    private Answer Judge(MediumFailure? failure)
    {
        if (failure is null)
        {
            return Answer.Success;
        }

        if (failure.Code != CompletionCode.OperationAborted)
        {
            Failure ??= failure;   // What was interrupted did not fail by itself: whoever interrupted it knows why.
        }

        return new Answer(failure.Code);
    }

    private void Count(uint bytes)
    {
        // Only this thread writes the counters; a reader of another thread sees whole values, perhaps a little old.
        Volatile.Write(ref _bytesTransferred, _bytesTransferred + bytes);
        Volatile.Write(ref _commandCount, _commandCount + 1);
    }

    private readonly record struct Answer(CompletionCode Code, uint Bytes = 0, ulong Position = 0)
    {
        public static Answer Success => new(CompletionCode.Success);

        public static Answer At(long positionBytes) => new(CompletionCode.Success, 0, (ulong)positionBytes);
    }
}
