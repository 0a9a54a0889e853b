using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>A medium that a test builds part by part, written from the description of the format.</summary>
internal sealed class Medium
{
    private readonly List<byte> _bytes = [];
    private readonly List<long> _marks = [];
    private readonly List<long> _markOffsets = [];
    private readonly List<(Part Part, long Pba)> _sets = [];
    private long _setStart;
    private int _nextId;
    private bool _isInSet;
    private long _lastEnd;

    public int FlbBytes { get; init; } = 1024;

    public int PhysicalBytes { get; init; } = 512;

    /// <summary>The size of a soft filemark; null: the physical block.</summary>
    public int? MarkBytes { get; init; }

    /// <summary>Whether filemarks are blocks; else the device has them.</summary>
    public bool IsSoft { get; init; } = true;

    public bool HasSetMap { get; init; } = true;

    /// <summary>What precedes the first block of a continued set.</summary>
    public (uint Id, ulong Fla) GoesOnFrom { get; init; }

    public List<Part> Parts { get; } = [];

    /// <summary>The last change of the bytes.</summary>
    public Func<byte[], byte[]> Finish { get; set; } = static bytes => bytes;

    /// <summary>The last change of the options.</summary>
    public Func<MtfCheckOptions, MtfCheckOptions> Options { get; set; } = static options => options;

    public Part Add(string type)
    {
        var part = new Part(type);
        Parts.Add(part);
        return part;
    }

    /// <summary>The parts of one type, in order.</summary>
    public Part this[string type, int index = 0] => Parts.Where(part => part.Type == type).ElementAt(index);

    public void Remove(string type, int index = 0) => Parts.Remove(this[type, index]);

    public Part InsertBehind(Part place, string type)
    {
        var part = new Part(type);
        Parts.Insert(Parts.IndexOf(place) + 1, part);
        return part;
    }

    /// <summary>Builds the bytes, and the options that say what they do not.</summary>
    public (byte[] Bytes, MtfCheckOptions Options) Build()
    {
        for (int i = 0; i < Parts.Count; i++)
        {
            if (Parts[i].IsMark)
            {
                AddMark(Parts[i]);
            }
            else
            {
                AddBlock(i, i + 1 < Parts.Count && Parts[i + 1].IsMark);
            }
        }

        var options = new MtfCheckOptions { PhysicalBlockBytes = MarkBytes is null ? null : PhysicalBytes };
        if (!IsSoft)
        {
            options = new MtfCheckOptions { PhysicalBlockBytes = PhysicalBytes, FilemarkOffsetsBytes = _markOffsets };
        }

        return (Finish([.. _bytes]), Options(options));
    }

    public MtfReport Check()
    {
        (byte[] bytes, MtfCheckOptions options) = Build();
        using var stream = new MemoryStream(bytes);
        return MtfChecker.Check(stream, options);
    }

    private void AddMark(Part part)
    {
        long pba = _bytes.Count / PhysicalBytes;
        if (IsSoft)
        {
            _bytes.AddRange(part.MarkImage(MarkBytes ?? PhysicalBytes, pba, _marks));
        }
        else
        {
            _markOffsets.Add(_bytes.Count);
        }

        _marks.Add(pba);
        _isInSet = false;
    }

    private void AddBlock(int index, bool isBeforeMark)
    {
        Part part = Parts[index];
        long start = _bytes.Count;
        _bytes.AddRange(part.Image(Derive(part, start)));
        if (part.Type == "ESET")
        {
            _lastEnd = start / PhysicalBytes;
            AddSetMap(part);
        }

        foreach (StreamPart stream in part.Streams)
        {
            AddStream(stream, start);
        }

        if (part.HasPadding)
        {
            AddPadding(part, isBeforeMark, part.Type is "TAPE" ? 0 : _setStart);
        }
    }

    private IEnumerable<(int At, byte[] Bytes)> Derive(Part part, long start)
    {
        if (part.Type == "SSET")
        {
            (_setStart, _isInSet) = (start, true);
            _nextId = _sets.Count == 0 ? (int)GoesOnFrom.Id : 0;
            _sets.Add((part, start / PhysicalBytes));
            yield return (80, BitConverter.GetBytes((ulong)(start / PhysicalBytes)));
            yield return (62, BitConverter.GetBytes((ushort)_sets.Count));
        }

        if (part.Type == "EOTM")
        {
            yield return (52, BitConverter.GetBytes((ulong)_lastEnd));
        }

        if (part.Type == "ESET")
        {
            yield return (78, BitConverter.GetBytes((ushort)_sets.Count));
        }

        if (part.Type == "TAPE")
        {
            yield return (84, BitConverter.GetBytes((ushort)FlbBytes));
            yield return (64, BitConverter.GetBytes((ushort)(IsSoft ? (MarkBytes ?? PhysicalBytes) / 512 : 0)));
            yield return (56, BitConverter.GetBytes(IsSoft ? 1u : 0u));
            yield return (66, BitConverter.GetBytes((ushort)(HasSetMap ? 1 : 0)));
            yield return (4, BitConverter.GetBytes(HasSetMap ? 1u << 16 : 0u));
        }
        else if (_isInSet)
        {
            ulong fla = (ulong)((start - _setStart) / FlbBytes);
            yield return (20, BitConverter.GetBytes(fla + (_sets.Count <= 1 ? GoesOnFrom.Fla : 0)));
            yield return (36, BitConverter.GetBytes(_nextId++));
        }
    }

    private void AddSetMap(Part eset)
    {
        if (!HasSetMap)
        {
            return;
        }

        var map = new SetMapImage();
        map.Begin(this["TAPE"].Field(52, 4), _sets.Count);
        foreach ((Part sset, long pba) in _sets)
        {
            List<Part> blocks = [.. Parts.SkipWhile(part => part != sset).TakeWhile(part => !part.IsMark)];
            int Count(string type) => blocks.Count(part => part.Type == type);
            map.AddSet(sset, BitConverter.GetBytes(pba), [1, 0], Count("DIRB"), Count("FILE"), Count("CFIL"), Count("VOLB"));
            blocks.FindAll(part => part.Type == "VOLB").ForEach(map.AddVolume);
            map.Set(map.EntryStarts[^1] + 30, BitConverter.GetBytes((ushort)map.EntryStarts.Count));
        }

        eset.MapChange?.Invoke(map);
        eset.Streams.Insert(0, new StreamPart("TSMP", [.. map.Bytes]));
    }

    private void AddStream(StreamPart stream, long blockStart)
    {
        _bytes.AddRange(stream.Header());
        _bytes.AddRange(stream.Data);
        while ((_bytes.Count - blockStart) % 4 != 0)
        {
            _bytes.Add(stream.Fill);
        }
    }

    private void AddPadding(Part part, bool isBeforeMark, long origin)
    {
        int unit = isBeforeMark ? PhysicalBytes : FlbBytes;
        long begin = _bytes.Count + 22 - (isBeforeMark ? 0 : origin);
        int length = (int)((unit - (begin % unit)) % unit) + part.PaddingExtraBytes;
        if (part.Padding.Data.Length != length)
        {
            byte[] data = new byte[length];
            part.Padding.Data.AsSpan(0, Math.Min(length, part.Padding.Data.Length)).CopyTo(data);
            part.Padding.Data = data;
        }

        _bytes.AddRange(part.Padding.Header());
        _bytes.AddRange(part.Padding.Data);
    }
}
