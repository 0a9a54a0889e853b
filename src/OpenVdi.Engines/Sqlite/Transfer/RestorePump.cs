using OpenVdi.Engines.Sqlite.Stripes;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite.Transfer;

/// <summary>A device of a restore.</summary>
internal sealed class RestoreLane(ServerVirtualDevice device, StripeReader reader) : CommandLane(device)
{
    /// <summary>Takes its bytes.</summary>
    public StripeReader Reader { get; } = reader;

    /// <summary>Its reads in the order in which they were sent, which is the order of their bytes.</summary>
    public Queue<CommandSlot<RestoreLane>> Reads { get; } = new();

    /// <summary>Whether a completion without success has come: no further read is possible.</summary>
    public bool HasError { get; set; }

    /// <summary>Whether the end of the data was reached, in the order of the bytes.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Reads in a row that gave nothing.</summary>
    public int EmptyReadCount { get; set; }
}

/// <summary>
/// Reads the devices of a restore, several reads ahead on each, and gives the bytes to the stripes' readers in their order,
/// which need not be the order of the completions (Q2).
/// </summary>
internal sealed class RestorePump : CommandPump<RestoreLane>
{
    /// <summary>A short read is legal (K2), also an empty one; without end they would be a hang.</summary>
    private const int MaxEmptyReads = 1000;

    private readonly RestoredImage _image;
    private readonly RestoreLane[] _lanes;
    private readonly Stack<CommandSlot<RestoreLane>> _free = new();
    private readonly int _readBytes;
    private readonly int _laneLimit;
    private int _endedCount;

    public RestorePump(
        ServerSession session,
        RestoredImage image,
        int readBytes,
        Action<OperationProgress>? progress)
        : base(session, progress)
    {
        _image = image;
        _readBytes = readBytes;
        _lanes = [.. session.Devices.Select(device => new RestoreLane(device, new StripeReader(device.Name, image)))];
        foreach (DeviceBuffer buffer in session.Buffers)
        {
            _free.Push(CreateSlot(buffer));
        }

        _laneLimit = Math.Max(1, _free.Count / _lanes.Length);
    }

    protected override bool IsComplete => _endedCount == _lanes.Length;

    protected override IReadOnlyList<RestoreLane> Lanes => _lanes;

    protected override (long Done, long Total) DatabaseBytes => (_image.DoneBytes, _image.Bytes);

    protected override CommandSlot<RestoreLane> PrepareFirst(RestoreLane lane)
    {
        CommandSlot<RestoreLane> slot = _free.Pop();
        Prepare(slot, lane, CommandCode.Read, _readBytes);
        lane.Reads.Enqueue(slot);
        return slot;
    }

    protected override void OnEnded(CommandSlot<RestoreLane> slot)
    {
        RestoreLane lane = slot.Lane!;
        slot.HasEnded = true;
        lane.HasError |= slot.Command.CompletionCode != CompletionCode.Success;
        while (lane.Reads.TryPeek(out CommandSlot<RestoreLane>? head) && head.HasEnded)
        {
            lane.Reads.Dequeue();
            head.HasEnded = false;
            Consume(lane, head);
            _free.Push(head);
        }

        while (!lane.HasError && lane.OutstandingCount < _laneLimit && Failure is null && _free.Count > 0)
        {
            CommandSlot<RestoreLane> next = _free.Pop();
            lane.Reads.Enqueue(next);
            Send(next, lane, CommandCode.Read, _readBytes);
        }
    }

    private void Consume(RestoreLane lane, CommandSlot<RestoreLane> slot)
    {
        ServerCommand command = slot.Command;
        Reaction reaction = CompletionReaction.Of(
            command.Code, command.CompletionCode, command.SizeBytes, command.BytesTransferred);
        bool isEnd = reaction == Reaction.UseBytesThenEnd;
        if (lane.HasEnded)
        {
            // Reads behind the end: never seen by the client (1117, D5), or answered with the end once more.
            if (command.BytesTransferred > 0 || reaction is Reaction.Continue)
            {
                throw new SqliteEngineException(
                    SqliteFailureKind.MediaDamaged,
                    $"device '{lane.Device.Name}': expected nothing behind the end of data, found {command.BytesTransferred} bytes");
            }

            return;
        }

        if (!isEnd && reaction is not (Reaction.Continue or Reaction.UseBytes))
        {
            throw DeviceFailure(slot);
        }

        lane.EmptyReadCount = command.BytesTransferred == 0 ? lane.EmptyReadCount + 1 : 0;
        if (lane.EmptyReadCount > MaxEmptyReads)
        {
            throw new SqliteEngineException(
                SqliteFailureKind.DeviceFailed,
                $"device '{lane.Device.Name}': expected data or its end, found {lane.EmptyReadCount} empty reads in a row");
        }

        lane.Reader.Push(slot.Buffer.Span[..(int)command.BytesTransferred]);
        if (isEnd)
        {
            lane.Reader.End();
            lane.HasEnded = true;
            _endedCount++;
        }
    }
}
