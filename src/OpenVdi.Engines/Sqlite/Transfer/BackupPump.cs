using OpenVdi.Engines.Sqlite.Stripes;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite.Transfer;

/// <summary>What a device is at in a backup.</summary>
internal enum BackupPhase
{
    /// <summary>The first part of its stripe is on the way; no other may overtake it.</summary>
    Start,

    /// <summary>It takes parts of its stripe.</summary>
    Data,

    /// <summary>The end of its stripe is on the way, maybe behind other parts.</summary>
    End,

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

    /// <summary>Makes its stripe.</summary>
    public StripeWriter Writer { get; } = writer;

    /// <summary>What it is at.</summary>
    public BackupPhase Phase { get; set; }
}

/// <summary>
/// Feeds the devices of a backup: each gets the next part of the database when it is free, so that a slow one does not stop
/// a fast one; then its stripe's end, Flush, and, when all are flushed, Complete.
/// </summary>
internal sealed class BackupPump : CommandPump<BackupLane>
{
    private readonly StripedImage _image;
    private readonly BackupLane[] _lanes;

    // Last in, first out: the buffer that was just freed is the warmest in the cache.
    private readonly Stack<CommandSlot<BackupLane>> _free = new();
    private readonly int _laneLimit;
    private int _nextLane;
    private int _flushedCount;
    private int _doneCount;

    public BackupPump(ServerSession session, StripedImage image, Action<OperationProgress>? progress)
        : base(session, progress)
    {
        _image = image;
        _lanes = [.. session.Devices.Select(
            (device, index) => new BackupLane(device, new StripeWriter(image, index + 1), CreateSlot(default)))];
        foreach (DeviceBuffer buffer in session.Buffers)
        {
            _free.Push(CreateSlot(buffer));
        }

        // So that a slow device cannot collect all buffers; two where there are enough, so that none is ever idle.
        _laneLimit = Math.Max(1, _free.Count / _lanes.Length);
    }

    protected override bool IsComplete => _doneCount == _lanes.Length;

    protected override IReadOnlyList<BackupLane> Lanes => _lanes;

    protected override (long Done, long Total) DatabaseBytes
    {
        get
        {
            long done = 0;
            foreach (BackupLane lane in _lanes)
            {
                done += lane.Writer.ImageBytes;
            }

            return (done, _image.Bytes);
        }
    }

    protected override CommandSlot<BackupLane> PrepareFirst(BackupLane lane)
    {
        CommandSlot<BackupLane> slot = _free.Pop();
        Prepare(slot, lane, CommandCode.Write, lane.Writer.Fill(slot.Buffer.Span));
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

        if (lane.Phase == BackupPhase.Start)
        {
            lane.Phase = lane.Writer.IsAtEnd ? BackupPhase.End : BackupPhase.Data;
        }

        SendData(lane);
        Advance(lane);
    }

    private void SendData(BackupLane preferred)
    {
        while (_free.Count > 0 && Failure is null)
        {
            BackupLane? lane = CanTakeData(preferred) ? preferred : FindFreeLane();
            if (lane is null)
            {
                return;
            }

            CommandSlot<BackupLane> slot = _free.Pop();
            int size = lane.Writer.Fill(slot.Buffer.Span);
            if (lane.Writer.IsAtEnd)
            {
                lane.Phase = BackupPhase.End;
            }

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

    private void Advance(BackupLane lane)
    {
        if (lane.OutstandingCount > 0 || Failure is not null)
        {
            return;
        }

        switch (lane.Phase)
        {
            case BackupPhase.End:
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
