namespace OpenVdi.TestPeer;

/// <summary>A line, then the lines of another reader.</summary>
internal sealed class PrependedReader(string first, TextReader rest) : TextReader
{
    private string? _first = first;

    public override string? ReadLine()
    {
        string? line = _first;
        _first = null;
        return line ?? rest.ReadLine();
    }
}
