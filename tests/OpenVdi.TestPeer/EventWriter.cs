using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OpenVdi.TestPeer;

/// <summary>Prints what a peer saw: one JSON object a line, each with the moment it was seen. Thread-safe.</summary>
internal sealed class EventWriter(Stream output)
{
    private readonly Lock _lock = new();

    /// <summary>Microseconds of the machine's monotonic clock: the same clock in every process.</summary>
    public static long Now => (long)(Stopwatch.GetTimestamp() * (1_000_000.0 / Stopwatch.Frequency));

    /// <summary>Prints one event. A pipe that nobody reads any more ends the peer: its test is gone.</summary>
    public void Write(string name, string run, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var line = new StringBuilder(160);
        line.Append("{\"event\":\"").Append(name).Append("\",\"run\":");
        AppendText(line, run);
        line.Append(",\"at\":").Append(Now.ToString(CultureInfo.InvariantCulture));
        foreach ((string key, object? value) in values)
        {
            line.Append(",\"").Append(key).Append("\":");
            AppendValue(line, value);
        }

        byte[] bytes = Encoding.UTF8.GetBytes(line.Append("}\n").ToString());
        lock (_lock)
        {
            try
            {
                output.Write(bytes);
                output.Flush();
            }
            catch (IOException)
            {
                Environment.Exit(3);
            }
        }
    }

    private static void AppendValue(StringBuilder line, object? value)
    {
        switch (value)
        {
            case null:
                line.Append("null");
                break;
            case bool flag:
                line.Append(flag ? "true" : "false");
                break;
            case int or uint or long:
                line.Append(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
            case VdResult result:
                AppendText(line, result.SpecName());
                break;
            default:
                AppendText(line, Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty);
                break;
        }
    }

    private static void AppendText(StringBuilder line, string text)
    {
        line.Append('"');
        foreach (char c in text)
        {
            if (c is '"' or '\\')
            {
                line.Append('\\').Append(c);
            }
            else if (c < ' ' || c > '~')
            {
                line.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                line.Append(c);
            }
        }

        line.Append('"');
    }
}
