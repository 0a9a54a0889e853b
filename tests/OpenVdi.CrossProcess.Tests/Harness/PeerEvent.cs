using System.Text.Json;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>What a peer printed: a name, the run that it is about, the moment, and named values.</summary>
internal sealed class PeerEvent
{
    private readonly JsonElement _values;
    private readonly string _line;

    public PeerEvent(string line)
    {
        _line = line;
        using JsonDocument document = JsonDocument.Parse(line);
        _values = document.RootElement.Clone();
        Name = Text("event");
        Run = Text("run");
        At = Number("at");
    }

    public string Name { get; }

    public string Run { get; }

    /// <summary>Microseconds of the machine's monotonic clock.</summary>
    public long At { get; }

    /// <summary>The result code, by its name in the specification.</summary>
    public string Code => Text("code");

    public string Text(string name) =>
        _values.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : string.Empty;

    public long Number(string name) => _values.GetProperty(name).GetInt64();

    public bool Flag(string name) => _values.GetProperty(name).GetBoolean();

    public long[] Numbers(string name) =>
        [.. Text(name).Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(static word => long.Parse(word, System.Globalization.CultureInfo.InvariantCulture))];

    public override string ToString() => _line;
}
