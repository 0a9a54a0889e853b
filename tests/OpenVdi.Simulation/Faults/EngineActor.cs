using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Simulation.Faults;

/// <summary>An engine: configures, sends each device's stream in pieces, sends what failed again after ClearError, flushes,
/// closes. It refills a buffer and sends the next command inside the callback, as the fast ones do.</summary>
#pragma warning disable CA1001 // Its last step closes the set; a process that dies closes nothing.
internal sealed class EngineActor(World world) : Actor(world, "engine")
#pragma warning restore CA1001
{
    public const int PieceBytes = 1024;

    private readonly ServerVirtualDeviceSet _set = new(world.Transport);
    private readonly List<Lane> _lanes = [];
    private readonly Dictionary<ServerCommand, int> _awaited = new(ReferenceEqualityComparer.Instance);
    private int _stage;
    private int _memoryRefusals;
    private int _sentCount;
    private int _calledBackCount;
    private VdResult _agentResult = VdResult.Unexpected;

    public bool IsBuried { get; set; }

    public bool HasNamedAll => _lanes.Count == World.DeviceCount;

    public bool HasSucceeded { get; private set; }

    /// <summary>In words, for a run that should have succeeded.</summary>
    public string Outcome { get; private set; } = "not ended";

    public AbortNotice? Abort => _set.Abort;

    public byte[] Restored(int device) => _lanes[device].Restored;

    public void CheckCallbacks()
    {
        if (_sentCount != _calledBackCount || _awaited.Count != 0)
        {
            World.Report($"{_sentCount} commands sent, {_calledBackCount} callbacks, {_awaited.Count} without (A5)");
        }
    }

    public override string ToString() =>
        $"{base.ToString()}, stage {_stage}, {_set.State}, outstanding "
        + string.Join(" ", _lanes.Select(static lane => lane.Device.OutstandingCount));

    public override void Step()
    {
        switch (_stage)
        {
            case 0:
                Open();
                break;
            case 1:
                Configure();
                break;
            case 2:
                OpenNext();
                break;
            case 3:
                Transfer();
                break;
            default:
                Close();
                break;
        }
    }

    private void Open()
    {
        VdResult result = _set.Open(null, World.SetName);
        Expect("Open", result, VdResult.Ok, VdResult.Invalid);
        IsDone = result != VdResult.Ok && (World.Primary.IsDone || World.Primary.IsDead);
        _stage = result == VdResult.Ok ? 1 : 0;
        Outcome = IsDone ? "there was no set any more" : Outcome;
    }

    private void Configure()
    {
        VdFeatures features = World.IsBackup ? VdFeatures.WriteMedia : VdFeatures.ReadMedia;
        VdResult result = _memoryRefusals > 0
            ? VdResult.Ok
            : _set.BeginConfiguration(features, 512, 0, 65536, TimeSpan.Zero);
        Expect("BeginConfiguration", result, VdResult.Ok, VdResult.ProtocolError);
        if (result == VdResult.Ok)
        {
            result = _set.RequestBuffers(PieceBytes, 0, _memoryRefusals > 0 ? 2u : 6u);
            Expect("RequestBuffers", result, VdResult.Ok, VdResult.ProtocolError);
        }

        if (result == VdResult.Ok)
        {
            result = _set.EndConfiguration();
            Expect("EndConfiguration", result, VdResult.Ok, VdResult.OutOfMemory, VdResult.Aborted, VdResult.ProtocolError);
        }

        // S-n1: a call begun after an abort gets the table's VD_E_PROTOCOL.
        if (result == VdResult.ProtocolError && _set.State != ServerSetState.Aborted)
        {
            World.Report($"{Name}: VD_E_PROTOCOL in state {_set.State}");
        }

        _memoryRefusals += result == VdResult.OutOfMemory ? 1 : 0;
        _stage = result switch { VdResult.Ok => 2, VdResult.OutOfMemory => 1, _ => 4 };
    }

    private void OpenNext()
    {
        int index = _lanes.Count;
        VdResult result = _set.OpenDevice(World.DeviceName(index), out ServerVirtualDevice? device);
        Expect("OpenDevice", result, VdResult.Ok, VdResult.Aborted);
        if (device is null)
        {
            _stage = 4;
            return;
        }

        _lanes.Add(new Lane(index, device, World.Content[index].Length));
        if (HasNamedAll)
        {
            // The agent runs before the first command (A2).
            bool isOver = _set.RunAgentOnce(out _agentResult);
            _stage = isOver ? 4 : 3;
        }
    }

    private void Transfer()
    {
        if (World.Random.Next(2) == 0)
        {
            RunAgent();
            return;
        }

        Lane lane = _lanes[World.Random.Next(_lanes.Count)];
        if (lane.IsClosed)
        {
            return;
        }

        if (lane.HasFailed)
        {
            Recover(lane);
        }
        else if (lane.Pending.Count > 0)
        {
            if (_set.AllocateBuffer(out DeviceBuffer buffer, PieceBytes, 0) == VdResult.Ok)
            {
                SendPiece(lane, buffer);
            }
        }
        else if (lane.Device.OutstandingCount == 0)
        {
            if (lane.IsFlushed)
            {
                VdResult result = lane.Device.CloseDevice();
                Expect("CloseDevice", result, VdResult.Ok, VdResult.Aborted);
                lane.IsClosed = result == VdResult.Ok;
            }
            else
            {
                Send(lane, new ServerCommand { Code = CommandCode.Flush });
            }
        }
    }

    private void Recover(Lane lane)
    {
        if (World.Random.Next(8) == 0)
        {
            // D7: refused at once, called back on this thread.
            Send(lane, new ServerCommand { Code = CommandCode.Flush });
        }
        else if (!lane.IsClearing && (lane.Device.OutstandingCount == 0 || World.Random.Next(2) == 0))
        {
            lane.IsClearing = true;
            Send(lane, new ServerCommand { Code = CommandCode.ClearError });
        }
    }

    private void SendPiece(Lane lane, DeviceBuffer buffer)
    {
        int piece = lane.Pending.Min;
        lane.Pending.Remove(piece);
        int position = piece * PieceBytes;
        if (World.IsBackup)
        {
            World.Content[lane.Index].AsSpan(position, PieceBytes).CopyTo(buffer.Span);
        }

        Send(lane, new ServerCommand
        {
            Code = World.IsBackup ? CommandCode.Write : CommandCode.Read,
            SizeBytes = PieceBytes,
            InPosition = (ulong)position,
            Buffer = buffer,
        });
    }

    private void Send(Lane lane, ServerCommand command)
    {
        command.CompletionRoutine = OnCompleted;
        command.CompletionContext = lane;
        _awaited.Add(command, 1);
        _sentCount++;
        lane.IsSending = true;
        VdResult result = lane.Device.SendCommand(command);
        lane.IsSending = false;
        Expect(
            $"SendCommand({command.Code})", result,
            VdResult.Ok, VdResult.Aborted, VdResult.IOError, VdResult.QueueFull);
        if (result != VdResult.Ok && _awaited.ContainsKey(command))
        {
            World.Report($"{Name}: SendCommand gave {result.SpecName()} before the callback (7.5)");
        }
    }

    private void OnCompleted(ServerCommand command)
    {
        _calledBackCount++;
        if (!_awaited.Remove(command))
        {
            World.Report($"{Name}: a second callback of {command.Code} (A5)");
            return;
        }

        var lane = (Lane)command.CompletionContext!;
        bool isGood = command.CompletionCode == CompletionCode.Success;
        switch (command.Code)
        {
            case CommandCode.Flush:
                lane.IsFlushed |= isGood;
                break;
            case CommandCode.ClearError:
                lane.IsClearing = false;
                lane.HasFailed &= !isGood;
                break;
            default:
                TakePiece(lane, command, isGood);
                break;
        }

        lane.HasFailed |= !isGood && command.CompletionCode != CompletionCode.NoSystemResources;
        if (command.Code is CommandCode.Read or CommandCode.Write)
        {
            Reuse(lane, command.Buffer);
        }
    }

    private void TakePiece(Lane lane, ServerCommand command, bool isGood)
    {
        if (!isGood)
        {
            lane.Pending.Add((int)command.InPosition / PieceBytes);
        }
        else if (command.BytesTransferred != PieceBytes)
        {
            World.Report($"{Name}: success of {command.BytesTransferred} bytes");
        }
        else if (!World.IsBackup)
        {
            command.Buffer.Span.CopyTo(lane.Restored.AsSpan((int)command.InPosition));
        }
    }

    private void Reuse(Lane lane, DeviceBuffer buffer)
    {
        // Inside a callback that SendCommand itself makes, nothing more is sent: it would be refused again.
        if (!lane.IsSending && !lane.HasFailed && !lane.IsClosed && lane.Pending.Count > 0 && World.Random.Next(2) == 0)
        {
            SendPiece(lane, buffer);
        }
        else
        {
            Expect("FreeBuffer", _set.FreeBuffer(buffer), VdResult.Ok);
        }
    }

    private void RunAgent()
    {
        if (_set.RunAgentOnce(out VdResult result))
        {
            _agentResult = result;
            Expect("ExecuteCompletionAgent", result, VdResult.Ok, VdResult.Aborted);
            _stage = 4;
        }
    }

    private void Close()
    {
        bool wasDone = HasNamedAll && _lanes.TrueForAll(static lane => lane.IsClosed && lane.IsFlushed);
        bool wasAborted = _set.State == ServerSetState.Aborted;
        VdResult result = _set.Close();
        Expect("Close", result, VdResult.Ok);
        HasSucceeded = wasDone && !wasAborted && _agentResult == VdResult.Ok && result == VdResult.Ok;
        Outcome = $"agent {_agentResult.SpecName()}, abort {_set.Abort}";
        IsDone = true;
    }

    private sealed record Lane(int Index, ServerVirtualDevice Device, int SizeBytes)
    {
        public SortedSet<int> Pending { get; } = [.. Enumerable.Range(0, SizeBytes / PieceBytes)];

        public byte[] Restored { get; } = new byte[SizeBytes];

        public bool HasFailed { get; set; }

        public bool IsClearing { get; set; }

        public bool IsFlushed { get; set; }

        public bool IsClosed { get; set; }

        public bool IsSending { get; set; }
    }
}
