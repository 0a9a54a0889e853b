using OpenVdi.Client;

namespace OpenVdi.Simulation.Faults;

/// <summary>A backup program: makes or joins the set, opens its devices, stores or gives bytes by position, and closes.</summary>
#pragma warning disable CA1001 // Its last step closes the set; a process that dies closes nothing.
internal sealed class ClientActor : Actor
#pragma warning restore CA1001
{
    private readonly ClientVirtualDeviceSet _set;
    private readonly bool _isPrimary;
    private readonly int[] _devices;
    private readonly List<Worker> _workers = [];
    private int _stage;

    public ClientActor(World world, string name, bool isPrimary, int[] devices)
        : base(world, name)
    {
        _set = new ClientVirtualDeviceSet(world.Transport);
        _isPrimary = isPrimary;
        _devices = devices;
    }

    public bool IsBuried { get; set; }

    /// <summary>The configuration is known: secondaries can be started (P2).</summary>
    public bool IsConfigured { get; private set; }

    /// <summary>What was stored of a device; null when it was another client's.</summary>
    public byte[]? Storage(int device) => _workers.Find(worker => worker.Index == device)?.Stored;

    /// <summary>What the program learns outside of the interface: a secondary has died (X7), the statement has ended.</summary>
    public void AbortFromOutside(string reason)
    {
        if (!IsDone && !IsDead)
        {
            _set.SignalAbort(reason);
        }
    }

    public override string ToString() =>
        $"{base.ToString()}, stage {_stage}, {_set.State}, {string.Join(" ", _workers.Select(static worker => worker.Held.Count))} held";

    public override void Step()
    {
        switch (_stage)
        {
            case 0:
                Enter();
                break;
            case 1:
                Configure();
                break;
            case 2:
                OpenNext();
                break;
            case 3:
                Work();
                break;
            default:
                Close();
                break;
        }
    }

    private void Enter()
    {
        if (_isPrimary)
        {
            var wishes = new SetConfiguration
            {
                DeviceCount = (uint)World.DeviceCount,
                Features = VdFeatures.LikeDisk,
                PrefixZoneSizeBytes = World.PrefixZoneSizeBytes,
            };
            Expect("CreateEx", _set.CreateEx(null, World.SetName, wishes), VdResult.Ok);
            _stage = 1;
        }
        else if (World.Primary.IsConfigured || World.Primary.IsDone || World.Primary.IsDead)
        {
            VdResult result = _set.OpenInSecondaryEx(null, World.SetName);
            Expect("OpenInSecondaryEx", result, VdResult.Ok, VdResult.Aborted, VdResult.ProtocolError);
            IsDone = result != VdResult.Ok;
            _stage = 2;
        }
    }

    private void Configure()
    {
        VdResult result = _set.GetConfiguration(TimeSpan.Zero, out SetConfiguration? configuration);
        Expect("GetConfiguration", result, VdResult.Ok, VdResult.TimedOut, VdResult.Aborted);
        _stage = result switch { VdResult.Ok => 2, VdResult.TimedOut => 1, _ => 4 };
        IsConfigured |= configuration is not null;
    }

    private void OpenNext()
    {
        if (_workers.Count == _devices.Length)
        {
            _stage = 3;
            return;
        }

        int index = _devices[_workers.Count];
        if (index > 0 && !World.Engine.HasNamedAll && _set.State != ClientSetState.Aborted)
        {
            return;   // It would wait for the name.
        }

        VdResult result = _set.OpenDevice(World.DeviceName(index), out ClientVirtualDevice? device);
        Expect("OpenDevice", result, VdResult.Ok, VdResult.Aborted);
        if (device is null)
        {
            _stage = 4;
            return;
        }

        _workers.Add(new Worker(index, device, new byte[World.Content[index].Length]));
    }

    private void Work()
    {
        if (_devices.Length == 0)
        {
            // P11: a primary without a device of its own waits for the others.
            bool isOver = _set.State is ClientSetState.NormallyTerminated or ClientSetState.Aborted;
            _stage = isOver ? 4 : 3;
            return;
        }

        Worker worker = _workers[World.Random.Next(_workers.Count)];
        if (!worker.IsOver && worker.Held.Count < 5 && World.Random.Next(3) > 0)
        {
            Fetch(worker);
        }
        else if (!worker.IsOver && worker.Held.Count > 0)
        {
            Answer(worker, World.Random.Next(worker.Held.Count));
        }

        if (_workers.TrueForAll(static each => each.IsOver))
        {
            // The primary supervises: it closes when the secondaries' devices are closed as well (P9).
            bool othersAreOver = !_isPrimary || _set.State is ClientSetState.NormallyTerminated or ClientSetState.Aborted;
            _stage = othersAreOver ? 4 : 3;
        }
    }

    private void Fetch(Worker worker)
    {
        VdResult result = worker.Device.GetCommand(TimeSpan.Zero, out ClientCommand command);
        Expect("GetCommand", result, VdResult.Ok, VdResult.TimedOut, VdResult.Closed, VdResult.Aborted);
        if (result == VdResult.Ok)
        {
            byte[] atFetch = command.Code == CommandCode.Write ? command.Buffer.Span.ToArray() : [];
            command.Buffer.PrefixZone.Fill((byte)worker.Index);
            worker.Held.Add((command, atFetch));
        }

        worker.IsOver = result is VdResult.Closed or VdResult.Aborted;
    }

    private void Answer(Worker worker, int which)
    {
        (ClientCommand command, byte[] atFetch) = worker.Held[which];
        worker.Held.RemoveAt(which);
        CompletionCode code = World.Random.Next(30) == 0 ? CompletionCode.DiskFull : CompletionCode.Success;
        uint bytes = 0;
        if (code == CompletionCode.Success && command.Code is CommandCode.Read or CommandCode.Write)
        {
            bytes = command.SizeBytes;
            Transfer(worker, command, atFetch);
        }

        VdResult result = worker.Device.CompleteCommand(command, code, bytes);
        Expect("CompleteCommand", result, VdResult.Ok, VdResult.Aborted);
        worker.IsOver = result == VdResult.Aborted;
    }

    private void Transfer(Worker worker, in ClientCommand command, byte[] atFetch)
    {
        Span<byte> ours = (World.IsBackup ? worker.Stored : World.Content[worker.Index])
            .AsSpan((int)command.Position, (int)command.SizeBytes);
        if (command.Code == CommandCode.Write)
        {
            // B30: from SendCommand to its completion the server does not touch the buffer.
            if (!command.Buffer.Span.SequenceEqual(atFetch))
            {
                World.Report($"{Name}: the server changed a buffer that the client had");
            }

            command.Buffer.Span.CopyTo(ours);
            if (World.Plan.Strikes(FaultKind.ByteFlipped))
            {
                ours[0] ^= 1;
            }
        }
        else
        {
            ours.CopyTo(command.Buffer.Span);
        }
    }

    private void Close()
    {
        bool wasAborted = _set.State == ClientSetState.Aborted;
        VdResult result = _set.Close();
        if (!wasAborted && World.Plan.HasFired && result == VdResult.DevicesOpen)
        {
            // The abort that made it leave was not yet told to everyone.
            World.Report($"{Name}: Close: VD_E_OPEN though it left because of an abort");
        }

        Expect("Close", result, VdResult.Ok);
        IsDone = true;
    }

    private sealed record Worker(int Index, ClientVirtualDevice Device, byte[] Stored)
    {
        public List<(ClientCommand Command, byte[] AtFetch)> Held { get; } = [];

        public bool IsOver { get; set; }
    }
}
