using System.Globalization;
using System.Text;

namespace OpenVdi.TestPeer;

/// <summary>One line that a test sends to a peer: a verb and named values. Text, because a peer must start fast.</summary>
/// <remarks><c>verb name=value name=value</c>; names are words, values are percent-encoded.</remarks>
internal sealed class Request
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Request(string verb) => Verb = verb;

    public string Verb { get; }

    public string this[string name] =>
        _values.TryGetValue(name, out string? value)
            ? value
            : throw new ArgumentException($"request '{this}': expected a value '{name}', found none");

    public static Request Parse(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var request = new Request(words[0]);
        foreach (string word in words.AsSpan(1))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            request._values[word[..equals]] = Uri.UnescapeDataString(word[(equals + 1)..]);
        }

        return request;
    }

    public Request With(string name, object value)
    {
        _values[name] = Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
        return this;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name, string fallback) => _values.TryGetValue(name, out string? value) ? value : fallback;

    public long Number(string name, long fallback) =>
        _values.TryGetValue(name, out string? value) ? long.Parse(value, CultureInfo.InvariantCulture) : fallback;

    public ulong Seed(string name) => ulong.Parse(this[name], CultureInfo.InvariantCulture);

    /// <summary>A list of numbers: <c>0,2,5</c>; empty for none.</summary>
    public int[] Numbers(string name) =>
        [.. Text(name, string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(static word => int.Parse(word, CultureInfo.InvariantCulture))];

    /// <summary>A time in milliseconds; negative waits for ever.</summary>
    public TimeSpan Timeout(string name)
    {
        long milliseconds = Number(name, -1);
        return milliseconds < 0 ? System.Threading.Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds);
    }

    public override string ToString()
    {
        var line = new StringBuilder(Verb);
        foreach ((string name, string value) in _values)
        {
            line.Append(' ').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return line.ToString();
    }
}
