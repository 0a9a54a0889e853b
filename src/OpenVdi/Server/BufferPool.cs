using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <summary>The set's common pool of buffers (B24): which are declared, where they lie, which are free. Not thread-safe;
/// its set locks. The last buffer freed is the next one given: it is the warmest in the cache.</summary>
internal sealed class BufferPool
{
    private readonly uint _prefixZoneSizeBytes;
    private readonly List<BufferRequirement> _declared = [];
    private readonly List<BufferRun> _runs = [];

    // Replaced, never changed: SendCommand asks without the set's lock whose a buffer is.
    private volatile BufferArea[] _areas = [];

    public BufferPool(uint prefixZoneSizeBytes) => _prefixZoneSizeBytes = prefixZoneSizeBytes;

    /// <summary>Buffers declared and not yet placed.</summary>
    public IReadOnlyList<BufferRequirement> Declared => _declared;

    /// <summary>Bytes of all areas.</summary>
    public long AreaBytes => _areas.Sum(static area => (long)area.SizeBytes);

    /// <summary>Adds a requirement (B1).</summary>
    public void Declare(BufferRequirement requirement) => _declared.Add(requirement);

    /// <summary>Forgets what was declared: after VD_E_MEMORY the server restates it (B6).</summary>
    public void DiscardDeclared() => _declared.Clear();

    /// <summary>Divides the requirements into areas of at most <see cref="BufferHandle.MaxAreaBytes"/>.</summary>
    /// <returns>For each area its runs; null when a single buffer is larger than an area can be.</returns>
    public List<AreaPlan>? Plan(IEnumerable<BufferRequirement> requirements)
    {
        List<AreaPlan> plans = [];
        AreaPlan plan = new();
        foreach (BufferRequirement requirement in requirements)
        {
            BufferLayout layout = BufferLayout.For(requirement.SizeBytes, requirement.AlignmentBytes, _prefixZoneSizeBytes);
            if (layout.TotalBytes(1) > BufferHandle.MaxAreaBytes)
            {
                return null;
            }

            uint left = requirement.Count;
            while (left > 0)
            {
                uint fitting = plan.Fit(layout, left);
                if (fitting == 0)
                {
                    plans.Add(plan);
                    plan = new AreaPlan();
                    continue;
                }

                plan.Add(requirement with { Count = fitting }, layout);
                left -= fitting;
            }
        }

        if (plan.SizeBytes > 0)
        {
            plans.Add(plan);
        }

        return plans;
    }

    /// <summary>Takes an area into use, cut up as planned.</summary>
    public void Place(BufferArea area, AreaPlan plan)
    {
        _areas = [.. _areas, area];
        foreach ((BufferRequirement requirement, BufferLayout layout, long startBytes) in plan.Runs)
        {
            _runs.Add(new BufferRun(area, requirement, layout, startBytes));
        }
    }

    /// <summary>Takes a free buffer: of exactly that size first, then of the next larger one (B8, B9).</summary>
    public bool TryAllocate(uint sizeBytes, uint alignmentBytes, out DeviceBuffer buffer)
    {
        BufferRun? best = null;
        foreach (BufferRun run in _runs)
        {
            if (run.CanGive(sizeBytes, alignmentBytes) && (best is null || run.SizeBytes < best.SizeBytes))
            {
                best = run;
                if (run.SizeBytes == sizeBytes)
                {
                    break;
                }
            }
        }

        buffer = default;
        return best is not null && best.TryTake(sizeBytes, alignmentBytes, out buffer);
    }

    /// <summary>Gives a buffer back. False for an unknown address, another size, or a buffer that is free (B10).</summary>
    public bool TryFree(nint address, uint sizeBytes)
    {
        foreach (BufferRun run in _runs)
        {
            if (run.TryIndex(address, out int index))
            {
                return run.TryFree(index, sizeBytes);
            }
        }

        return false;
    }

    /// <summary>How many such buffers could be had now: free ones, or before EndConfiguration declared ones (B7).</summary>
    public uint CountAvailable(uint sizeBytes, uint alignmentBytes)
    {
        long count = 0;
        foreach (BufferRun run in _runs)
        {
            count += run.CountAvailable(sizeBytes, alignmentBytes);
        }

        foreach (BufferRequirement requirement in _declared)
        {
            count += requirement.SizeBytes >= sizeBytes && requirement.AlignmentBytes >= alignmentBytes ? requirement.Count : 0;
        }

        return (uint)Math.Min(count, uint.MaxValue);
    }

    /// <summary>Whether an address lies in a buffer area (B11).</summary>
    public bool Contains(nint address)
    {
        foreach (BufferArea area in _areas)
        {
            if (area.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a buffer lies in one of this pool's areas. Thread-safe.</summary>
    public bool Owns(in DeviceBuffer buffer)
    {
        foreach (BufferArea area in _areas)
        {
            if (ReferenceEquals(area, buffer.Area))
            {
                return true;
            }
        }

        return false;
    }
}
