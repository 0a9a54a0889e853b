using System.Security.Cryptography;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.TestPeer;

/// <summary>The engine's end of one device: keeps its commands in flight, refills a buffer in the callback of the command
/// that used it, and closes the device behind the last one.</summary>
internal sealed class DeviceFeed
{
    // Held over SendCommand, whose refusals call back on the same thread: it is re-entrant, as a Lock is.
    private readonly Lock _lock = new();
    private readonly ServeJob _job;
    private readonly ServerVirtualDevice _device;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly int _index;
    private Stage _stage = Stage.Data;
    private int _outstandingCount;
    private bool _isClosed;
    private long _nextOffset;
    private long _completedCount;
    private long _notifyAt = long.MaxValue;

    public DeviceFeed(ServeJob job, ServerVirtualDevice device, int index)
    {
        _job = job;
        _device = device;
        _index = index;
    }

    private enum Stage
    {
        Data,
        Flush,
        Complete,
        Closed,
        Failed,
    }

    /// <summary>Whether everything was sent, confirmed, and made durable or verified.</summary>
    public bool IsGood => _stage == Stage.Closed;

    public long CompletedCount => Volatile.Read(ref _completedCount);

    public long SentBytes => Volatile.Read(ref _nextOffset);

    public CompletionCode Failure { get; private set; }

    public string Hash => Convert.ToHexString(_hash.GetCurrentHash());

    /// <summary>Puts one more buffer into circulation.</summary>
    public void Start(DeviceBuffer buffer)
    {
        var slot = new Slot($"device {_index} slot {buffer.OffsetBytes}", buffer);
        lock (_lock)
        {
            _outstandingCount++;
            Continue(slot);
        }
    }

    /// <summary>Closes the device although commands are outstanding: they are still the client's to complete (T2).</summary>
    public void CloseEarly()
    {
        lock (_lock)
        {
            _stage = Stage.Failed;
            Close();
        }
    }

    /// <summary>Says so once this many more commands have been completed.</summary>
    public void NotifyAfter(long count)
    {
        lock (_lock)
        {
            _notifyAt = _completedCount + count;
        }
    }

    /// <summary>What to do with a slot whose command has ended well, or which is new. The caller holds the lock.</summary>
    private void Continue(Slot slot)
    {
        if (_stage == Stage.Data && !_job.IsAtEnd(_nextOffset))
        {
            slot.Offset = _nextOffset;
            slot.SizeBytes = (int)_job.NextSize(_index, _nextOffset);
            _nextOffset += slot.SizeBytes;
            if (_job.IsBackup)
            {
                Span<byte> data = slot.Buffer.Span[..slot.SizeBytes];
                StreamPattern.Fill(data, _job.Seed, _index, slot.Offset);
                if (_job.IsHashing)
                {
                    _hash.AppendData(data);
                }
            }

            Send(slot, _job.IsBackup ? CommandCode.Write : CommandCode.Read);
            return;
        }

        _outstandingCount--;
        if (_outstandingCount > 0)
        {
            return;
        }

        switch (_stage)
        {
            case Stage.Data when _job.IsBackup:
                SendLast(slot, Stage.Flush, CommandCode.Flush);
                break;
            case Stage.Flush when _job.IsCompleting:
                SendLast(slot, Stage.Complete, CommandCode.Complete);
                break;
            case Stage.Data or Stage.Flush or Stage.Complete:
                _stage = Stage.Closed;
                Close();
                break;
            default:
                Close();
                break;
        }
    }

    private void SendLast(Slot slot, Stage stage, CommandCode code)
    {
        _stage = stage;
        _outstandingCount++;
        slot.SizeBytes = 0;
        Send(slot, code);
    }

    private void Close()
    {
        // A buffer that came into circulation after the end finds the device closed.
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        VdResult result = _device.CloseDevice();
        if (result is not (VdResult.Ok or VdResult.Aborted))
        {
            _job.Ledger.Report($"device {_index}: CloseDevice: expected NOERROR or VD_E_ABORT, found {result.SpecName()}");
        }
    }

    private void Send(Slot slot, CommandCode code)
    {
        ServerCommand command = slot.Command;
        command.Code = code;
        command.SizeBytes = (uint)slot.SizeBytes;
        command.Buffer = slot.SizeBytes == 0 ? default : slot.Buffer;
        command.CompletionRoutine = OnCompleted;
        command.CompletionContext = slot;
        _job.Ledger.Sending(slot);
        _ = _device.SendCommand(command);
    }

    private void OnCompleted(ServerCommand command)
    {
        var slot = (Slot)command.CompletionContext!;
        CompletionCode code = command.CompletionCode;
        uint bytes = command.BytesTransferred;
        _job.Ledger.Called(slot, code, bytes + _job.PlantedError(slot), command.SizeBytes);
        lock (_lock)
        {
            bool isTransfer = command.Code is CommandCode.Read or CommandCode.Write;
            if (code != CompletionCode.Success || (isTransfer && bytes != command.SizeBytes))
            {
                Fail(code == CompletionCode.Success ? CompletionCode.IODevice : code);
            }
            else if (command.Code == CommandCode.Read)
            {
                Verify(slot);
            }

            long count = Interlocked.Increment(ref _completedCount);
            if (count == _notifyAt)
            {
                _job.Reached(_index, count);
            }

            if (code == CompletionCode.OperationAborted)
            {
                _outstandingCount--;
                return;
            }

            Continue(slot);
        }
    }

    private void Fail(CompletionCode code)
    {
        if (_stage != Stage.Failed)
        {
            _stage = Stage.Failed;
            Failure = code;
        }
    }

    private void Verify(Slot slot)
    {
        Span<byte> data = slot.Buffer.Span[..slot.SizeBytes];
        long mismatch = StreamPattern.Mismatch(data, _job.Seed, _index, slot.Offset);
        if (mismatch >= 0)
        {
            _job.Mislead($"device {_index}: the byte at {mismatch} is not the stream's");
            Fail(CompletionCode.PartitionFailure);
        }

        // A client may complete in another order; the hash is only of use where it does not.
        if (_job.IsHashing)
        {
            _hash.AppendData(data);
        }

    }


    /// <summary>A buffer and the command that uses it.</summary>
    internal sealed class Slot(string name, DeviceBuffer buffer) : CallbackLedger.Entry(name)
    {
        public DeviceBuffer Buffer { get; } = buffer;

        public ServerCommand Command { get; } = new();

        public long Offset { get; set; }

        public int SizeBytes { get; set; }
    }
}
