namespace OpenVdi.Diagnostics;

/// <summary>Standard error, past the console's own writer: one line is one write.</summary>
internal sealed class StandardErrorSink : ITraceSink
{
    private readonly Lock _lock = new();
    private readonly Stream _error = Console.OpenStandardError();

    public void Write(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            try
            {
                _error.Write(line);
            }
            catch (IOException)
            {
                // Whoever read it has gone; the host goes on.
            }
        }
    }
}
