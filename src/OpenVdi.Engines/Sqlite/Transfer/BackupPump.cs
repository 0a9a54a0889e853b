using OpenVdi.Engines.Sqlite.Snapshots;
using OpenVdi.Engines.Sqlite.Stripes;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite.Transfer;

/// <summary>What a device is at in a backup.</summary>
internal enum BackupPhase
{
    /// <summary>Its header is on the way.</summary>
    Header,

    /// <summary>It takes data.</summary>
    Data,

    /// <summary>Its trailer is on the way, maybe behind data.</summary>
    Trailer,

    /// <summary>Its Flush is on the way.</summary>
    Flush,

    /// <summary>It is flushed; others may not be.</summary>
    Flushed,

    /// <summary>Its Complete is on the way.</summary>
    Complete,

    /// <summary>It is done.</summary>
    Done,
}

/// <summary>A device of a backup.</summary>
internal sealed class BackupLane(ServerVirtualDevice device, StripeWriter writer, CommandSlot<BackupLane> control)
    : CommandLane(device)
{
    /// <summary>The slot of its commands without transfer.</summary>
    public CommandSlot<BackupLane> Control { get; } = control;

    /// <summary>Makes its blocks.</summary>
    public StripeWriter Writer { get; } = writer;

    /// <summary>What it is at.</summary>
    public BackupPhase Phase { get; set; }
}

/// <summary>
/// Feeds the devices of a backup: each gets the next part of the database when it is free, so that a slow one does not stop
/// a fast one; then its trailer, Flush, and, when all are flushed, Complete.
/// </summary>
internal sealed class BackupPump : CommandPump<BackupLane>
{
    private readonly SqliteSnapshot _snapshot;
    private readonly BackupLane[] _lanes;

    // Last in, first out: the buffer that was just freed is the warmest in the cache.
    private readonly Stack<CommandSlot<BackupLane>> _free = new();
    private readonly long _chunkCount;
    private readonly long _chunkBytes;
    private readonly int _laneLimit;
    private long _nextChunk;
    private int _nextLane;
    private int _flushedCount;
    private int _doneCount;

    public BackupPump(
        ServerSession session,
        SqliteSnapshot snapshot,
        StripeHeader header,
        Action<OperationProgress>? progress)
        : base(session, progress)
    {
        _snapshot = snapshot;
        _chunkCount = header.ChunkCount;
        _chunkBytes = header.ChunkBytes;
        _lanes = [.. session.Devices.Select(
            (device, index) =>
                new BackupLane(device, new StripeWriter(header with { StripeIndex = index }), CreateSlot(default)))];
        foreach (DeviceBuffer buffer in session.Buffers)
        {
            _free.Push(CreateSlot(buffer));
        }

        // So that a slow device cannot collect all buffers; two where there are enough, so that none is ever idle.
        _laneLimit = Math.Max(1, _free.Count / _lanes.Length);
    }

    protected override bool IsComplete => _doneCount == _lanes.Length;

    protected override IReadOnlyList<BackupLane> Lanes => _lanes;

    protected override (long Done, long Total) DatabaseBytes =>
        (Math.Min(_nextChunk * _chunkBytes, _snapshot.ImageBytes), _snapshot.ImageBytes);

    protected override CommandSlot<BackupLane> PrepareFirst(BackupLane lane)
    {
        CommandSlot<BackupLane> slot = _free.Pop();
        Prepare(slot, lane, CommandCode.Write, lane.Writer.WriteHeader(slot.Buffer.Span));
        return slot;
    }

    protected override void OnEnded(CommandSlot<BackupLane> slot)
    {
        ServerCommand command = slot.Command;
        BackupLane lane = slot.Lane!;
        Reaction reaction = CompletionReaction.Of(
            command.Code, command.CompletionCode, command.SizeBytes, command.BytesTransferred);
        if (reaction != Reaction.Continue)
        {
            // A medium that is nearly full (K9) included: this engine sends no Load.
            throw DeviceFailure(slot);
        }

        if (!slot.Buffer.IsEmpty)
        {
            _free.Push(slot);
        }

        if (lane.Phase == BackupPhase.Header)
        {
            lane.Phase = BackupPhase.Data;
        }

        SendData(lane);
        if (_nextChunk == _chunkCount)
        {
            SendTrailers();
        }

        Advance(lane);
    }

    private void SendData(BackupLane preferred)
    {
        while (_nextChunk < _chunkCount && _free.Count > 0 && Failure is null)
        {
            BackupLane? lane = CanTakeData(preferred) ? preferred : FindFreeLane();
            if (lane is null)
            {
                return;
            }

            CommandSlot<BackupLane> slot = _free.Pop();
            int size = lane.Writer.WriteData(_snapshot, _nextChunk, slot.Buffer.Span);
            _nextChunk++;
            Send(slot, lane, CommandCode.Write, size);
        }
    }

    private bool CanTakeData(BackupLane lane) => lane.Phase == BackupPhase.Data && lane.OutstandingCount < _laneLimit;

    private BackupLane? FindFreeLane()
    {
        // From where the last search ended: otherwise the first devices would get more than the others.
        for (int i = 0; i < _lanes.Length; i++)
        {
            BackupLane lane = _lanes[(_nextLane + i) % _lanes.Length];
            if (CanTakeData(lane))
            {
                _nextLane = (_nextLane + i + 1) % _lanes.Length;
                return lane;
            }
        }

        return null;
    }

    private void SendTrailers()
    {
        foreach (BackupLane lane in _lanes)
        {
            if (lane.Phase == BackupPhase.Data && _free.Count > 0 && Failure is null)
            {
                CommandSlot<BackupLane> slot = _free.Pop();
                lane.Phase = BackupPhase.Trailer;
                Send(slot, lane, CommandCode.Write, lane.Writer.WriteTrailer(slot.Buffer.Span));
            }
        }
    }

    private void Advance(BackupLane lane)
    {
        if (lane.OutstandingCount > 0 || Failure is not null)
        {
            return;
        }

        switch (lane.Phase)
        {
            case BackupPhase.Trailer:
                lane.Phase = BackupPhase.Flush;
                SendControl(lane, CommandCode.Flush);
                break;
            case BackupPhase.Flush:
                lane.Phase = BackupPhase.Flushed;
                if (++_flushedCount == _lanes.Length)
                {
                    EndAll();
                }

                break;
            case BackupPhase.Complete:
                lane.Phase = BackupPhase.Done;
                _doneCount++;
                break;
            default:
                break;
        }
    }

    // The last Flush of the last device is answered: the whole backup is durable. Where granted, each client is told so that
    // it can close its medium: Complete is the last message of a device's stream, and each device has a stream (K24).
    private void EndAll()
    {
        foreach (BackupLane lane in _lanes)
        {
            if (Session.IsCompleteEnabled)
            {
                lane.Phase = BackupPhase.Complete;
                SendControl(lane, CommandCode.Complete);
            }
            else
            {
                lane.Phase = BackupPhase.Done;
                _doneCount++;
            }
        }
    }

    private void SendControl(BackupLane lane, CommandCode code) => Send(lane.Control, lane, code, 0);
}
