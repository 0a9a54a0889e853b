namespace OpenVdi.Server;

/// <summary>What will lie in one buffer area, before it exists.</summary>
internal sealed class AreaPlan
{
    // Each run starts at a multiple of it: the base that B23 assumes.
    private const long RunBaseBytes = 65536;

    private readonly List<(BufferRequirement Requirement, BufferLayout Layout, long StartBytes)> _runs = [];

    /// <summary>The runs: what, how laid out, from which offset.</summary>
    public IReadOnlyList<(BufferRequirement Requirement, BufferLayout Layout, long StartBytes)> Runs => _runs;

    /// <summary>Bytes of the area so far.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>How many buffers of a layout still fit.</summary>
    public uint Fit(BufferLayout layout, uint wanted)
    {
        long room = BufferHandle.MaxAreaBytes - BufferLayout.RoundUp(SizeBytes, RunBaseBytes) - layout.FirstDataOffsetBytes;
        return room <= 0 ? 0 : (uint)Math.Min(wanted, room / layout.StrideBytes);
    }

    /// <summary>Puts a run behind the others.</summary>
    public void Add(BufferRequirement requirement, BufferLayout layout)
    {
        long start = BufferLayout.RoundUp(SizeBytes, RunBaseBytes);
        _runs.Add((requirement, layout, start));
        SizeBytes = start + layout.TotalBytes(requirement.Count);
    }
}
