using System.Numerics;

namespace OpenVdi.Simulation.Model;

/// <summary>A server object, by rows S1 to S15 and their notes, B1 to B11 and A1 to A7.</summary>
internal sealed class ModelServer(ModelNames names)
{
    /// <summary>A size that the twin's limit of memory refuses.</summary>
    public const uint TooLargeBytes = 64 << 20;

    private readonly List<ModelRun> _declared = [];
    private readonly List<ModelRun> _runs = [];
    private ServerSetState _reached;
    private bool _agentHasRun;

    public ModelSet? Set { get; private set; }

    public bool IsAgentRunning { get; private set; }

    public List<ModelBuffer> Buffers { get; } = [];

    public int RequestCount { get; private set; }

    /// <summary>What GetConfiguration shows: the wishes, or what BeginConfiguration made of them.</summary>
    public SetConfiguration? Shown { get; private set; }

    public ServerSetState State =>
        Set is null ? ServerSetState.DoesNotExist
        : Set.IsAborted ? ServerSetState.Aborted
        : _reached;

    /// <summary>S1, V12, V13.</summary>
    public VdResult Open(string name, VdResult argument)
    {
        if (State != ServerSetState.DoesNotExist)
        {
            return VdResult.ProtocolError;
        }

        ModelSet? set = names.Find(name);
        if (argument != VdResult.Ok || set is null)
        {
            return argument == VdResult.Ok ? VdResult.Invalid : argument;
        }

        if (set.WasOpened)
        {
            return VdResult.ProtocolError;
        }

        set.WasOpened = true;
        Set = set;
        Shown = set.Wishes;
        _reached = ServerSetState.Connected;
        (_agentHasRun, IsAgentRunning, RequestCount) = (false, false, 0);
        _declared.Clear();
        _runs.Clear();
        Buffers.Clear();
        return VdResult.Ok;
    }

    /// <summary>S2.</summary>
    public VdResult GetConfiguration() => State switch
    {
        ServerSetState.DoesNotExist => VdResult.ProtocolError,
        ServerSetState.Aborted => VdResult.Aborted,
        _ => VdResult.Ok,
    };

    /// <summary>S3, V6 to V11, G4, S-n1.</summary>
    public VdResult BeginConfiguration(VdFeatures features, uint block, uint alignment, uint transfer)
    {
        if (State != ServerSetState.Connected)
        {
            return VdResult.ProtocolError;
        }

        SetConfiguration wishes = Set!.Wishes;
        uint final = alignment == 0 ? block : alignment;
        bool isGood = block is >= 512 and <= 65536 && BitOperations.PopCount(block) == 1
            && final >= block && final <= 65536 && BitOperations.PopCount(final) == 1 && final >= wishes.AlignmentBytes
            && transfer != 0 && transfer % 65536 == 0
            && (features & ~(wishes.Features | VdFeatures.WriteMedia | VdFeatures.ReadMedia)) == 0;
        if (!isGood)
        {
            return VdResult.Invalid;
        }

        _reached = ServerSetState.Configurable;
        Shown = wishes with
        {
            Features = wishes.Features | features,
            AlignmentBytes = final,
            BlockSizeBytes = block,
            MaxTransferSizeBytes = transfer,
            MaxIODepth = 4,
        };
        return VdResult.Ok;
    }

    /// <summary>S4, B1, B2.</summary>
    public VdResult RequestBuffers(uint size, uint count)
    {
        if (State is not (ServerSetState.Configurable or ServerSetState.Initializing or ServerSetState.Active))
        {
            return VdResult.ProtocolError;
        }

        if (size == 0 || count == 0)
        {
            return VdResult.Invalid;
        }

        if (count > 4087)
        {
            return VdResult.OutOfMemory;
        }

        var run = new ModelRun(size, (int)count);
        RequestCount++;
        if (State == ServerSetState.Configurable)
        {
            _declared.Add(run);
            return VdResult.Ok;
        }

        if (size >= TooLargeBytes)
        {
            return VdResult.OutOfMemory;
        }

        _runs.Add(run);
        return VdResult.Ok;
    }

    /// <summary>S5, B7.</summary>
    public VdResult QueryAvailableBuffers(uint size, out uint count)
    {
        count = 0;
        if (State is not (ServerSetState.Configurable or ServerSetState.Initializing or ServerSetState.Active))
        {
            return VdResult.ProtocolError;
        }

        if (size == 0)
        {
            return VdResult.Invalid;
        }

        count = (uint)_declared.Concat(_runs).Where(run => run.SizeBytes >= size).Sum(static run => run.FreeCount);
        return VdResult.Ok;
    }

    /// <summary>S6, B5, B6, G10.</summary>
    public VdResult EndConfiguration()
    {
        if (State != ServerSetState.Configurable)
        {
            return VdResult.ProtocolError;
        }

        bool isTooLarge = _declared.Exists(static run => run.SizeBytes >= TooLargeBytes);
        int count = _declared.Sum(static run => run.FreeCount);
        if (!isTooLarge)
        {
            _runs.AddRange(_declared);
            _reached = ServerSetState.Initializing;
            Set!.Final = Shown;
            Set.QueueLimit = Math.Max(128, (int)BitOperations.RoundUpToPowerOf2((uint)count + 9)) - 1;
        }

        _declared.Clear();
        return isTooLarge ? VdResult.OutOfMemory : VdResult.Ok;
    }

    /// <summary>S7, 3.6, N6.</summary>
    public VdResult OpenDevice(string? name, out ModelDevice? device)
    {
        device = null;
        switch (State)
        {
            case ServerSetState.Aborted:
                return VdResult.Aborted;
            case not (ServerSetState.Initializing or ServerSetState.Active):
                return VdResult.ProtocolError;
        }

        int index = Set!.DeviceNames.Count;
        if (index == Set.Devices.Length)
        {
            return VdResult.DevicesOpen;
        }

        if (string.IsNullOrEmpty(name) || Set.DeviceNames.Contains(name) || (index == 0 && name != Set.Name))
        {
            return VdResult.Invalid;
        }

        Set.DeviceNames.Add(name);
        device = Set.Devices[index];
        device.IsOpenedByServer = true;
        _reached = ServerSetState.Active;
        return VdResult.Ok;
    }

    /// <summary>S8: the answer to a call that does not run the agent; NOERROR when it would.</summary>
    public VdResult StartAgent() => State switch
    {
        ServerSetState.Aborted => VdResult.Aborted,
        ServerSetState.Initializing or ServerSetState.Active when !_agentHasRun => VdResult.Ok,
        _ => VdResult.ProtocolError,
    };

    /// <summary>S8, A3 to A7: the agent does what is due. True when it has returned, with its result.</summary>
    public bool RunAgent(List<ModelCallback> callbacks, out VdResult result)
    {
        if (!IsAgentRunning)
        {
            result = StartAgent();
            if (result != VdResult.Ok)
            {
                return true;
            }

            (IsAgentRunning, _agentHasRun, _reached) = (true, true, ServerSetState.Active);
        }

        result = VdResult.Ok;
        foreach (ModelDevice device in Set!.Devices)
        {
            if (Set.IsAborted)
            {
                device.AbortOutstanding(callbacks);
            }
            else
            {
                device.RunAgent(callbacks);
            }
        }

        bool isDone = Set.IsAborted || Set.Devices.All(static device => device.IsFinished);
        if (isDone)
        {
            IsAgentRunning = false;
            result = Set.IsAborted ? VdResult.Aborted : VdResult.Ok;
            _reached = ServerSetState.NormallyTerminated;
        }

        return isDone;
    }

    /// <summary>S9, B8, B9: the smallest free buffer that is large enough.</summary>
    public VdResult AllocateBuffer(uint size, out ModelRun? run)
    {
        run = null;
        switch (State)
        {
            case ServerSetState.Aborted:
                return VdResult.Aborted;
            case not (ServerSetState.Initializing or ServerSetState.Active):
                return VdResult.ProtocolError;
        }

        if (size == 0)
        {
            return VdResult.Invalid;
        }

        run = _runs.Where(candidate => candidate.FreeCount > 0 && candidate.SizeBytes >= size)
            .MinBy(static candidate => candidate.SizeBytes);
        if (run is null)
        {
            return VdResult.OutOfMemory;
        }

        run.FreeCount--;
        return VdResult.Ok;
    }

    /// <summary>S10, B10.</summary>
    public VdResult FreeBuffer(ModelBuffer? buffer)
    {
        if (State is ServerSetState.DoesNotExist or ServerSetState.Connected or ServerSetState.Configurable)
        {
            return VdResult.ProtocolError;
        }

        if (buffer is null || !Buffers.Remove(buffer))
        {
            return VdResult.Invalid;
        }

        buffer.Run.FreeCount++;
        return VdResult.Ok;
    }

    /// <summary>S14.</summary>
    public VdResult SignalAbort()
    {
        Set?.Abort(AbortReason.ServerSignalled);
        return Set is null ? VdResult.ProtocolError : VdResult.Ok;
    }

    /// <summary>S15, S-n4, X4, A6: the agent, if it runs, has ended with NOERROR when this is over.</summary>
    public VdResult Close(List<ModelCallback> callbacks)
    {
        if (Set is null)
        {
            return VdResult.ProtocolError;
        }

        bool isEarly = Array.Exists(
            Set.Devices, static device => device.ServerState is DeviceState.Active or DeviceState.IOError);
        if (!Set.AllClosedByServer)
        {
            Set.Abort(AbortReason.ServerClosed);
        }

        foreach (ModelDevice device in Set.Devices)
        {
            device.AbortOutstanding(callbacks);
        }

        Set = null;
        IsAgentRunning = false;
        return isEarly ? VdResult.ProtocolError : VdResult.Ok;
    }
}
