namespace OpenVdi.Tape.Tests;

/// <summary>Keeps what a reader finds, as text for comparing, and the files that come out of it.</summary>
internal sealed class Kept : ITapeSink
{
    private readonly Dictionary<string, byte[]> _files = [];
    private string _file = "";
    private StreamId _stream;
    private long _fileOffset;

    /// <summary>Everything that was told, in order; data as their length and place, joined where they touch.</summary>
    public List<string> Events { get; } = [];

    public MediaFamily Family { get; private set; }

    public TapeBlock? Header { get; private set; }

    public List<(StartOfSetBlock Set, BackupRecord Record)> Sets { get; } = [];

    public List<(EndOfSetBlock Set, SetTotals Totals)> SetEnds { get; } = [];

    public VolumeBlock? Volume { get; private set; }

    public DirectoryBlock? Directory { get; private set; }

    public List<FileBlock> Files { get; } = [];

    public long VerifiedBytes { get; private set; }

    /// <summary>A file's bytes, put together from its pieces; what no piece brought is zero.</summary>
    public byte[] BytesOf(string name) => _files[name];

    public void OnMediaHeader(TapeBlock header, MediaFamily family)
    {
        (Header, Family) = (header, family);
        Events.Add("TAPE");
    }

    public void OnFilemark(long physicalBlock) => Events.Add($"filemark {physicalBlock}");

    public void OnSetStart(StartOfSetBlock set, BackupRecord record)
    {
        Sets.Add((set, record));
        Events.Add($"SSET {set.DataSetNumber}");
    }

    public void OnVolume(VolumeBlock volume)
    {
        Volume = volume;
        Events.Add("VOLB");
    }

    public void OnDirectory(DirectoryBlock directory)
    {
        Directory = directory;
        Events.Add("DIRB");
    }

    public void OnFile(FileBlock file)
    {
        Files.Add(file);
        Events.Add($"FILE {file.Name}");
        _file = file.Name;
        _files[_file] = [];
    }

    public void OnStreamBegin(StreamHeader stream, long fileOffsetBytes)
    {
        (_stream, _fileOffset) = (stream.Id, fileOffsetBytes);
        Events.Add($"{FourLetters.Show(stream.Id)} {stream.LengthBytes} at {fileOffsetBytes}");
    }

    public void OnData(ReadOnlySpan<byte> bytes)
    {
        Assert.False(bytes.IsEmpty);
        if (_stream != StreamId.FileData)
        {
            return;
        }

        byte[] file = _files[_file];
        if (file.Length < _fileOffset + bytes.Length)
        {
            Array.Resize(ref file, checked((int)(_fileOffset + bytes.Length)));
            _files[_file] = file;
        }

        bytes.CopyTo(file.AsSpan((int)_fileOffset));
        _fileOffset += bytes.Length;
    }

    public void OnStreamEnd() => Events.Add("end");

    public void OnVerified(long offsetBytes)
    {
        Assert.True(offsetBytes > VerifiedBytes);
        VerifiedBytes = offsetBytes;
    }

    public void OnSetEnd(EndOfSetBlock set, SetTotals totals)
    {
        SetEnds.Add((set, totals));
        Events.Add($"ESET {set.DataSetNumber}{(set.IsAborted ? " aborted" : "")}");
    }
}
