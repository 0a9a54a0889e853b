namespace OpenVdi.CrossProcess.Tests;

/// <summary>What became of a set whose control area was overwritten.</summary>
internal sealed class ScribbleVerdict(string kind, string what)
{
    private readonly List<string> _violations = [];

    public string Kind { get; } = kind;

    /// <summary>How the survivor's run ended.</summary>
    public string Outcome { get; set; } = "not at all";

    public long MaxLatencyMicroseconds { get; private set; }

    public IReadOnlyList<string> Violations => _violations;

    public void Latency(long microseconds) => MaxLatencyMicroseconds = Math.Max(MaxLatencyMicroseconds, microseconds);

    public void Violate(string violation) => _violations.Add($"{what}: {violation}");
}
