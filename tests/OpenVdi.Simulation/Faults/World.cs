using OpenVdi.Transport;

namespace OpenVdi.Simulation.Faults;

/// <summary>Someone whose steps the scheduler interleaves with the others'.</summary>
internal abstract class Actor(World world, string name)
{
    public string Name => name;

    /// <summary>Has nothing left to do, and has given up all it had.</summary>
    public bool IsDone { get; protected set; }

    /// <summary>Its process was killed: it makes no further step.</summary>
    public bool IsDead { get; set; }

    protected World World => world;

    /// <summary>One step; never waits.</summary>
    public abstract void Step();

    /// <summary>For a stuck run.</summary>
    public override string ToString() => $"{name}: {(IsDead ? "dead" : IsDone ? "done" : "at work")}";

    /// <summary>Notes a code that the specification does not allow here.</summary>
    protected void Expect(string what, VdResult found, params ReadOnlySpan<VdResult> allowed)
    {
        if (!allowed.Contains(found))
        {
            world.Report($"{name}: {what}: {found.SpecName()} is not one of {string.Join(", ", allowed.ToArray())}");
        }
    }
}

/// <summary>One run: an engine, a primary and a secondary client, the channel between them, a fault, and a scheduler whose
/// every choice comes from the seed.</summary>
internal sealed class World
{
    /// <summary>No run needs a tenth of it; who has not ended by then never will.</summary>
    private const int StepLimit = 100_000;

    private readonly InProcessTransport _twin = new();
    private readonly List<string> _problems = [];
    private readonly List<Actor> _actors;
    private readonly int _seed;
    private int _stepsToRescue = -1;

    public World(int seed, FaultPlan plan)
    {
        _seed = seed;
        Random = new Random(seed);
        Plan = plan;
        plan.EndSet = EndSet;
        Transport = new FaultTransport(_twin, plan);
        DeviceCount = Random.Next(1, 5);
        IsBackup = Random.Next(2) == 0;
        PrefixZoneSizeBytes = Random.Next(2) == 0 ? 0u : 512u;
        Content = [.. Enumerable.Range(0, DeviceCount).Select(_ => NewContent())];
        Engine = new EngineActor(this);
        bool hasSecondary = DeviceCount > 1 && Random.Next(3) > 0;
        int primarysCount = hasSecondary ? Random.Next(0, DeviceCount) : DeviceCount;
        Primary = new ClientActor(this, "primary", isPrimary: true, [.. Enumerable.Range(0, primarysCount)]);
        Secondary = hasSecondary
            ? new ClientActor(this, "secondary", isPrimary: false, [.. Enumerable.Range(primarysCount, DeviceCount - primarysCount)])
            : null;
        _actors = Secondary is null ? [Engine, Primary] : [Engine, Primary, Secondary];
    }

    public Random Random { get; }

    public FaultPlan Plan { get; }

    public FaultTransport Transport { get; }

    public string SetName => "simulated";

    public int DeviceCount { get; }

    public bool IsBackup { get; }

    public uint PrefixZoneSizeBytes { get; }

    /// <summary>Each device's stream, as the engine has it (backup) or the client (restore).</summary>
    public byte[][] Content { get; }

    public EngineActor Engine { get; }

    public ClientActor Primary { get; }

    public ClientActor? Secondary { get; }

    /// <summary>The steps made.</summary>
    public int Steps { get; private set; }

    /// <summary>What is wrong with this run; nothing is right.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public static string DeviceName(int index) => index == 0 ? "simulated" : $"device {index}";

    public void Report(string problem) => _problems.Add(problem);

    /// <summary>Runs to the end and then looks at what is left.</summary>
    public World Run()
    {
        while (_actors.Exists(static actor => !actor.IsDone && !actor.IsDead))
        {
            List<Actor> able = _actors.FindAll(static actor => !actor.IsDone && !actor.IsDead);
            able[Random.Next(able.Count)].Step();
            BuryTheDead();
            if (++Steps == StepLimit)
            {
                Report($"stuck after {Steps} steps: {string.Join("; ", _actors)}");
                return this;
            }
        }

        Check();
        return this;
    }

    public override string ToString() =>
        $"seed {_seed}, fault {Plan.Kind}{(Plan.HasFired ? "" : " (did not strike)")}, {(IsBackup ? "backup" : "restore")}, "
        + $"{DeviceCount} devices, secondary {(Secondary is null ? "no" : "yes")}, {Steps} steps";

    private byte[] NewContent()
    {
        byte[] content = new byte[Random.Next(0, 30) * EngineActor.PieceBytes];
        Random.NextBytes(content);
        return content;
    }

    private void EndSet(FaultKind kind)
    {
        switch (kind)
        {
            case FaultKind.AbortByServer:
                Transport.Server?.SignalAbort(AbortReason.ServerSignalled, "the plan");
                break;
            case FaultKind.AbortByPrimary:
                Transport.Clients.FirstOrDefault()?.SignalAbort(AbortReason.ClientSignalled, "the plan");
                break;
            case FaultKind.AbortBySecondary:
                Transport.Clients.LastOrDefault()?.SignalAbort(AbortReason.ClientSignalled, "the plan");
                break;
            case FaultKind.ServerDies:
                Engine.IsDead = true;
                break;
            case FaultKind.PrimaryDies:
                Primary.IsDead = true;
                break;
            default:
                if (Secondary is not null)
                {
                    Secondary.IsDead = true;
                }

                break;
        }
    }

    /// <summary>What the kernel does for a process that was killed: its ends are closed, and the peers are told so (X5, X6). A
    /// secondary's death is not told; the primary finds out by its own means and aborts (X7).</summary>
    private void BuryTheDead()
    {
        if (Engine is { IsDead: true, IsBuried: false })
        {
            Engine.IsBuried = true;
            Transport.Server?.SignalAbort(AbortReason.ServerDied, "the server's process ended");
            Transport.Server?.Dispose();
            if (Transport.Server is null)
            {
                // It never opened the set: only the statement's connection tells the client (9.3).
                Primary.AbortFromOutside("the connection of the statement is lost");
            }
        }

        if (Primary is { IsDead: true, IsBuried: false })
        {
            Primary.IsBuried = true;
            IClientChannel? channel = Transport.Clients.FirstOrDefault();
            channel?.SignalAbort(AbortReason.ClientDied, "the primary's process ended");
            channel?.Dispose();
        }

        if (Secondary is { IsDead: true, IsBuried: false })
        {
            Secondary.IsBuried = true;
            _stepsToRescue = 300;
        }

        if (_stepsToRescue > 0 && --_stepsToRescue == 0)
        {
            Primary.AbortFromOutside("a secondary client has died");
        }
    }

    private void Check()
    {
        if (!Engine.IsDead)
        {
            Engine.CheckCallbacks();
        }

        foreach (SetStatus left in _twin.ListSets())
        {
            Report($"set '{left.Name}' still has its name, in state {left.State}");
        }

        bool everyoneLives = !Engine.IsDead && !Primary.IsDead && Secondary is not { IsDead: true };
        if (Engine.HasSucceeded)
        {
            CheckContent();
        }
        else if (everyoneLives && FaultPlan.IsHarmless(Plan.Kind))
        {
            Report($"the engine failed though nothing was wrong: {Engine.Outcome}");
        }

        if (FaultPlan.IsViolation(Plan.Kind) && Engine.Abort is { } abort && abort.Reason != AbortReason.PeerViolation)
        {
            Report($"aborted because of {abort}, not of the violation");
        }

        CheckNameIsFree();
    }

    private void CheckContent()
    {
        for (int device = 0; device < DeviceCount; device++)
        {
            byte[] arrived = IsBackup
                ? (Primary.Storage(device) ?? Secondary?.Storage(device) ?? [])
                : Engine.Restored(device);
            if (!arrived.AsSpan(0, Math.Min(arrived.Length, Content[device].Length)).SequenceEqual(Content[device]))
            {
                Report($"device {device}: the bytes differ, and the engine believes in success");
            }
        }
    }

    private void CheckNameIsFree()
    {
        using var next = new Client.ClientVirtualDeviceSet(_twin);
        VdResult result = next.CreateEx(null, SetName, new SetConfiguration());
        if (result != VdResult.Ok)
        {
            Report($"the next Create of the name: {result.SpecName()}");
        }
    }
}
