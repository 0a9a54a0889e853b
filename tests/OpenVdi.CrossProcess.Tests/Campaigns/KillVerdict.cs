namespace OpenVdi.CrossProcess.Tests;

/// <summary>What a round showed.</summary>
internal sealed class KillVerdict(KillRole role, KillPhase phase, string what)
{
    private readonly List<string> _violations = [];
    private readonly SortedSet<string> _notes = new(StringComparer.Ordinal);

    public KillRole Role { get; } = role;

    public KillPhase Phase { get; } = phase;

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>How the survivors' runs ended.</summary>
    public IEnumerable<string> Notes => _notes;

    public long MaxLatencyMicroseconds { get; private set; }

    public int PublishedCount { get; private set; }

    /// <summary>What the survivor that noticed last had to say.</summary>
    public string Latest { get; private set; } = string.Empty;

    /// <summary>How long after the death, or the abort, a survivor's run had ended. Negative: it ended before.</summary>
    public void Latency(long microseconds, string who = "")
    {
        if (microseconds > MaxLatencyMicroseconds)
        {
            MaxLatencyMicroseconds = microseconds;
            Latest = $"{microseconds} us, {what}: {who}";
        }

        long limit = Notice.LimitMicroseconds;
        if (microseconds > limit)
        {
            Violate($"a survivor's run ended {microseconds} us after the death, expected at most {limit}");
        }
    }

    public void Note(string note) => _notes.Add(note);

    public void Published(int count) => PublishedCount += count;

    public void Violate(string violation) => _violations.Add($"{what}: {violation}");
}
