namespace OpenVdi.Simulation.Model;

/// <summary>One life of a set, as all its parties share it.</summary>
internal sealed class ModelSet
{
    public ModelSet(string name, SetConfiguration wishes)
    {
        Name = name;
        Wishes = wishes;
        Devices = [.. Enumerable.Range(0, (int)wishes.DeviceCount).Select(index => new ModelDevice(this, index))];
    }

    public string Name { get; }

    public SetConfiguration Wishes { get; }

    /// <summary>What the server made of the wishes, from EndConfiguration on.</summary>
    public SetConfiguration? Final { get; set; }

    public ModelDevice[] Devices { get; }

    /// <summary>The names that the server has given, in order.</summary>
    public List<string> DeviceNames { get; } = [];

    /// <summary>V13: a set is opened by one server, once.</summary>
    public bool WasOpened { get; set; }

    /// <summary>P4: the primary's GetConfiguration has returned.</summary>
    public bool IsKnownToPrimary { get; set; }

    public AbortReason Reason { get; private set; }

    public bool IsAborted => Reason != AbortReason.None;

    /// <summary>Q3: how many commands a device holds; a place of a power of two is the close mark's.</summary>
    public int QueueLimit { get; set; }

    public bool AllReportedClosed => Devices.All(static device => device.IsReportedClosed);

    public bool AllClosedByServer => Devices.All(static device => device.IsClosedByServer);

    public bool AllClaimed => Devices.All(static device => device.IsClaimed);

    /// <summary>The first reason stays (Y1, Y11).</summary>
    public void Abort(AbortReason reason) => Reason = IsAborted ? Reason : reason;
}

/// <summary>The names of the machine.</summary>
internal sealed class ModelNames
{
    private readonly Dictionary<string, ModelSet> _sets = new(StringComparer.Ordinal);

    public bool TryAdd(ModelSet set) => _sets.TryAdd(set.Name, set);

    public ModelSet? Find(string name) => _sets.GetValueOrDefault(name);

    public void Remove(ModelSet set) => _sets.Remove(set.Name);
}
