namespace OpenVdi.Simulation.Model;

/// <summary>A client object, by rows C1 to C9 and their notes.</summary>
internal sealed class ModelClient(ModelNames names)
{
    private readonly List<ModelDevice> _opened = [];
    private bool _isPrimary;
    private bool _hasOpened;
    private bool _knowsConfiguration;

    public ModelSet? Set { get; private set; }

    /// <summary>How many sets this object has entered; one set may be entered twice.</summary>
    public int EntryCount { get; private set; }

    public ClientSetState State =>
        Set is null ? ClientSetState.DoesNotExist
        : Set.IsAborted ? ClientSetState.Aborted
        : !_knowsConfiguration ? ClientSetState.Configurable
        : Set.AllReportedClosed ? ClientSetState.NormallyTerminated
        : _hasOpened ? ClientSetState.Active
        : ClientSetState.Initializing;

    /// <summary>C1, C1n, C1n2. The caller has made at most one argument wrong, and says what that must give.</summary>
    public VdResult Create(string name, SetConfiguration wishes, VdResult argument)
    {
        if (State != ClientSetState.DoesNotExist)
        {
            return VdResult.ProtocolError;
        }

        if (argument != VdResult.Ok)
        {
            return argument;
        }

        var set = new ModelSet(name, wishes);
        if (!names.TryAdd(set))
        {
            return VdResult.ProtocolError;
        }

        Enter(set, isPrimary: true);
        return VdResult.Ok;
    }

    /// <summary>C2, C2n, P4.</summary>
    public VdResult Join(string name, VdResult argument)
    {
        if (State != ClientSetState.DoesNotExist)
        {
            return VdResult.ProtocolError;
        }

        if (argument != VdResult.Ok)
        {
            return argument;
        }

        ModelSet? set = names.Find(name);
        if (set is { IsAborted: true })
        {
            return VdResult.Aborted;
        }

        if (set is not { IsKnownToPrimary: true })
        {
            return VdResult.ProtocolError;
        }

        Enter(set, isPrimary: false);
        return VdResult.Ok;
    }

    /// <summary>C3, C3n.</summary>
    public VdResult GetConfiguration()
    {
        switch (State)
        {
            case ClientSetState.DoesNotExist:
                return VdResult.ProtocolError;
            case ClientSetState.Aborted:
                return VdResult.Aborted;
            case ClientSetState.Configurable when Set!.Final is null:
                return VdResult.TimedOut;
            default:
                _knowsConfiguration = true;
                Set!.IsKnownToPrimary |= _isPrimary;
                return VdResult.Ok;
        }
    }

    /// <summary>Whether OpenDevice would wait for a name that the server has not given yet (3.6).</summary>
    public bool OpenDeviceWaits(string name) =>
        State is ClientSetState.Initializing or ClientSetState.Active && !Set!.AllClaimed && name != Set.Name
        && !Set.DeviceNames.Contains(name) && Set.DeviceNames.Count < Set.Devices.Length;

    /// <summary>C4, C4n, 3.6, P5.</summary>
    public VdResult OpenDevice(string name, out ModelDevice? device)
    {
        device = null;
        switch (State)
        {
            case ClientSetState.Aborted:
                return VdResult.Aborted;
            case not (ClientSetState.Initializing or ClientSetState.Active):
                return VdResult.ProtocolError;
        }

        if (Set!.AllClaimed)
        {
            return VdResult.DevicesOpen;
        }

        int index = name == Set.Name ? 0 : Set.DeviceNames.IndexOf(name);
        if (index < 0)
        {
            return VdResult.Invalid;
        }

        if (Set.Devices[index].IsClaimed)
        {
            return VdResult.ProtocolError;
        }

        device = Set.Devices[index];
        device.IsClaimed = true;
        _opened.Add(device);
        _hasOpened = true;
        return VdResult.Ok;
    }

    /// <summary>C7. Whether the handle or address is a good one is the caller's to say.</summary>
    public VdResult UseHandle(bool isGood) => State switch
    {
        ClientSetState.DoesNotExist or ClientSetState.Configurable => VdResult.ProtocolError,
        _ => isGood ? VdResult.Ok : VdResult.Invalid,
    };

    /// <summary>C8.</summary>
    public VdResult SignalAbort()
    {
        Set?.Abort(AbortReason.ClientSignalled);
        return Set is null ? VdResult.ProtocolError : VdResult.Ok;
    }

    /// <summary>C9, C9n, X3, X10, P7, P9.</summary>
    public VdResult Close()
    {
        if (Set is null)
        {
            return VdResult.ProtocolError;
        }

        IEnumerable<ModelDevice> answersFor = _isPrimary ? Set.Devices.Where(static device => device.IsClaimed) : _opened;
        bool isEarly = !Set.IsAborted && answersFor.Any(static device => !device.IsReportedClosed);
        if (isEarly || (_isPrimary && !Set.AllReportedClosed))
        {
            Set.Abort(AbortReason.ClientClosed);
        }

        if (_isPrimary)
        {
            names.Remove(Set);
        }

        Set = null;
        return isEarly ? VdResult.DevicesOpen : VdResult.Ok;
    }

    private void Enter(ModelSet set, bool isPrimary)
    {
        Set = set;
        EntryCount++;
        _isPrimary = isPrimary;
        _knowsConfiguration = !isPrimary;
        _hasOpened = false;
        _opened.Clear();
    }
}
