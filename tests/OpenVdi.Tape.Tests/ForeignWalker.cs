using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape.Tests;

/// <summary>
/// A reader of the format that knows nothing of ours: written from docs/spec/mtf.md, sections 2, 3 and 8, with none of the
/// library's code. It skips what it does not know, as the format tells it to, and takes the files out.
/// </summary>
internal sealed class ForeignWalker
{
    private readonly byte[] _medium;
    private int _physical;
    private int _at;
    private int _setStart;
    private uint _controlBlock;
    private readonly List<uint> _filemarks = [];

    public ForeignWalker(byte[] medium)
    {
        _medium = medium;
        while (_at < medium.Length)
        {
            Block();
        }
    }

    public List<string> Blocks { get; } = [];

    public List<string> Streams { get; } = [];

    public string Software { get; private set; } = "";

    /// <summary>Path and bytes of each file: all its STAN streams joined.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    private string _folder = "";

    private ReadOnlySpan<byte> Here => _medium.AsSpan(_at);

    private void Block()
    {
        int start = _at;
        string type = Encoding.ASCII.GetString(Here[..4]);
        Assert.Equal(0, Xor(Here[..52]));
        Assert.Equal(24, Here[10]);
        Assert.Equal(0, Here[11]);
        Assert.Equal(2, Here[48]);
        Blocks.Add(type);
        uint id = ReadUInt32LittleEndian(Here[36..]);
        long address = ReadInt64LittleEndian(Here[20..]);
        if (type == "SFMB")
        {
            Filemark(address, id);
            return;
        }

        if (type == "SSET")
        {
            (_setStart, _controlBlock) = (_at, 0);
            Assert.Equal(_at, ReadInt64LittleEndian(Here[80..]) * _physical);
        }

        Assert.Equal(0, (_at - _setStart) % 1024);
        bool counts = type is not ("TAPE" or "ESET");
        Assert.Equal((counts ? (_at - _setStart) / 1024 : 0, counts ? _controlBlock++ : 0), (address, id));
        if (type == "TAPE")
        {
            Assert.Equal(1, ReadInt32LittleEndian(Here[56..]));
            _physical = ReadUInt16LittleEndian(Here[64..]) * 512;
            Assert.Equal(1024, ReadUInt16LittleEndian(Here[84..]));
            Assert.NotEqual(0x1200, ReadUInt16LittleEndian(Here[86..]));
            Assert.Equal(1, Here[93]);
            Software = Text(80);
        }

        if (type == "DIRB")
        {
            string path = Text(80);
            Assert.EndsWith("\0", path, StringComparison.Ordinal);
            _folder = path.Replace('\0', '/');
        }

        string? file = type == "FILE" ? _folder + Text(84) : null;
        _at += ReadUInt16LittleEndian(Here[8..]);
        Assert.InRange(_at - start, 52, 1024);
        while (Stream(start, file))
        {
        }
    }

    private bool Stream(int block, string? file)
    {
        Assert.Equal(0, (_at - block) % 4);
        Assert.Equal(0, Xor(Here[..22]));
        string id = Encoding.ASCII.GetString(Here[..4]);
        int length = checked((int)ReadInt64LittleEndian(Here[8..]));
        Streams.Add(id);
        _at += 22;
        if (id == "STAN")
        {
            Files[file!] = [.. Files.GetValueOrDefault(file!) ?? [], .. Here[..length]];
        }

        bool isLast = id == "SPAD";
        if (isLast)
        {
            Assert.False(Here[..length].ContainsAnyExcept((byte)0));
        }

        _at += length;
        while (!isLast && (_at - block) % 4 != 0)
        {
            Assert.Equal(0, _medium[_at++]);
        }

        return !isLast;
    }

    private void Filemark(long address, uint id)
    {
        Assert.Equal(0, _at % _physical);
        Assert.Equal((_at / _physical, (uint)_filemarks.Count + 1), (address, id));
        Assert.Equal(_physical, ReadUInt16LittleEndian(Here[8..]));
        int entries = ReadInt32LittleEndian(Here[52..]);
        Assert.Equal((_physical - 60) / 4, entries);
        Assert.Equal(_filemarks.Count, ReadInt32LittleEndian(Here[56..]));
        for (int i = 0; i < entries; i++)
        {
            uint expected = i < _filemarks.Count ? _filemarks[^(i + 1)] : 0;
            Assert.Equal(expected, ReadUInt32LittleEndian(Here[(60 + (4 * i))..]));
        }

        _filemarks.Add((uint)address);
        _at += _physical;
    }

    private string Text(int at)
    {
        int size = ReadUInt16LittleEndian(Here[at..]), offset = ReadUInt16LittleEndian(Here[(at + 2)..]);
        return Encoding.Unicode.GetString(Here.Slice(offset, size));
    }

    private static int Xor(ReadOnlySpan<byte> bytes)
    {
        int sum = 0;
        for (int i = 0; i < bytes.Length; i += 2)
        {
            sum ^= ReadUInt16LittleEndian(bytes[i..]);
        }

        return sum;
    }
}
