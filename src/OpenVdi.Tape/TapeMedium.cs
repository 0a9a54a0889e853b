namespace OpenVdi.Tape;

/// <summary>A medium at the end of one of its data sets: all that a writer needs to put another set behind it.</summary>
public sealed class TapeMedium
{
    private readonly SoftFilemarkBlock _filemarks;

    internal TapeMedium(TapeBlock header, MediaFamily family)
    {
        Header = header;
        Family = family;
        _filemarks = new SoftFilemarkBlock(family.Geometry);
    }

    private TapeMedium(TapeMedium other)
    {
        Header = other.Header;
        Family = other.Family;
        EndBytes = other.EndBytes;
        DataSetCount = other.DataSetCount;
        _filemarks = other._filemarks.Clone();
    }

    /// <summary>What TAPE says.</summary>
    public TapeBlock Header { get; }

    /// <summary>The media set, and which of its stripes this is.</summary>
    public MediaFamily Family { get; }

    /// <summary>Bytes of the medium up to here: the next set begins there.</summary>
    public long EndBytes { get; private set; }

    /// <summary>How many data sets there are up to here.</summary>
    public int DataSetCount { get; private set; }

    internal TapeGeometry Geometry => Family.Geometry;

    /// <summary>A copy that does not change when the reader or writer goes on.</summary>
    public TapeMedium Clone() => new(this);

    internal void FillFilemark(long offsetBytes, int at, Span<byte> bytes) => _filemarks.Fill(offsetBytes, at, bytes);

    internal void AddFilemark(long offsetBytes) => _filemarks.Add(offsetBytes);

    internal void EndHeader(long endBytes) => EndBytes = endBytes;

    internal void EndSet(long endBytes)
    {
        EndBytes = endBytes;
        DataSetCount++;
    }
}
