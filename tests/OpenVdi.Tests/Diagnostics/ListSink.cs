using System.Text;
using OpenVdi.Diagnostics;

namespace OpenVdi.Tests.Diagnostics;

/// <summary>Keeps the lines of a trace.</summary>
internal sealed class ListSink : ITraceSink
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public void Write(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            _lines.Add(Encoding.UTF8.GetString(line));
        }
    }
}
