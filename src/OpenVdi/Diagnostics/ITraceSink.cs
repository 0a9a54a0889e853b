namespace OpenVdi.Diagnostics;

/// <summary>Where lines of the trace go. Any thread; a line is written as one piece; nothing is thrown.</summary>
internal interface ITraceSink
{
    void Write(ReadOnlySpan<byte> line);
}
