using System.Buffers.Binary;
using System.Text;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>
/// A block or a filemark of a medium that a test builds. What follows from its place is filled in at the building; what is
/// set here wins over that, so that a test can set one field wrong and nothing else.
/// </summary>
internal sealed class Part(string type)
{
    private static readonly Dictionary<string, int> s_bodies = new(StringComparer.Ordinal)
    {
        ["TAPE"] = 94,
        ["SSET"] = 98,
        ["VOLB"] = 73,
        ["DIRB"] = 84,
        ["FILE"] = 88,
        ["CFIL"] = 74,
        ["EOTM"] = 60,
        ["ESET"] = 85,
    };

    private readonly List<(int At, byte[] Bytes)> _fields = [];
    private readonly List<(int AddressAt, byte[] Bytes)> _texts = [];

    public string Type { get; set; } = type;

    public bool IsMark => Type == "SFMB";

    public List<StreamPart> Streams { get; } = [];

    public StreamPart Padding { get; } = new("SPAD", []);

    public bool HasPadding { get; set; } = true;

    /// <summary>Bytes more, or fewer, than the padding should have.</summary>
    public int PaddingExtraBytes { get; set; }

    public bool BreaksChecksum { get; set; }

    /// <summary>SFMB: how many entries its array has room for; null: as many as fit.</summary>
    public int? Capacity { get; set; }

    /// <summary>ESET: changes the set map before it is written.</summary>
    public Action<SetMapImage>? MapChange { get; set; }

    public Part Set8(int at, int value) => Set(at, [(byte)value]);

    public Part Set16(int at, int value) => Set(at, BitConverter.GetBytes((ushort)value));

    public Part Set32(int at, uint value) => Set(at, BitConverter.GetBytes(value));

    public Part Set64(int at, ulong value) => Set(at, BitConverter.GetBytes(value));

    public Part Set(int at, byte[] bytes)
    {
        _fields.Add((at, bytes));
        return this;
    }

    public Part Text(int addressAt, string text) => Text(addressAt, Encoding.Unicode.GetBytes(text));

    public Part Text(int addressAt, byte[] bytes)
    {
        _texts.RemoveAll(old => old.AddressAt == addressAt);
        _texts.Add((addressAt, bytes));
        return this;
    }

    public Part NoText(int addressAt)
    {
        _texts.RemoveAll(old => old.AddressAt == addressAt);
        return this;
    }

    public byte[] TextAt(int addressAt) => [.. _texts.Where(text => text.AddressAt == addressAt).SelectMany(text => text.Bytes)];

    public Part Stream(string id, byte[] data, int media = 0)
    {
        Streams.Add(new StreamPart(id, data) { Media = media });
        return this;
    }

    /// <summary>A stream in pieces, and its CSUM if the pieces say so.</summary>
    public Part Pieces(string id, int media, params byte[][] pieces)
    {
        for (int i = 0; i < pieces.Length; i++)
        {
            bool several = pieces.Length > 1;
            Stream(id, pieces[i], media | (several ? 2 : 0) | (several && i == pieces.Length - 1 ? 4 : 0));
        }

        return (media & 32) == 0 ? this : Stream("CSUM", Sum([.. pieces.SelectMany(piece => piece)]));
    }

    /// <summary>The value of a field as it stands: what was set last.</summary>
    public byte[] Field(int at, int count)
    {
        byte[] image = new byte[1024];
        foreach ((int fieldAt, byte[] bytes) in _fields)
        {
            bytes.CopyTo(image, fieldAt);
        }

        return image[at..(at + count)];
    }

    /// <summary>The block up to its first stream.</summary>
    /// <param name="derived">What follows from the block's place.</param>
    public byte[] Image(IEnumerable<(int At, byte[] Bytes)> derived)
    {
        int body = s_bodies.GetValueOrDefault(Type, 52);
        var image = new List<byte>(new byte[body]);
        var addresses = new List<(int At, byte[] Bytes)>();
        foreach ((int at, byte[] bytes) in _texts)
        {
            addresses.Add((at, [.. BitConverter.GetBytes((ushort)bytes.Length), .. BitConverter.GetBytes((ushort)image.Count)]));
            image.AddRange(bytes);
        }

        while (image.Count % 4 != 0)
        {
            image.Add(0);
        }

        return Seal(image.ToArray(), [.. derived, .. addresses]);
    }

    /// <summary>A soft filemark.</summary>
    public byte[] MarkImage(int sizeBytes, long pba, IReadOnlyList<long> earlier)
    {
        byte[] image = new byte[sizeBytes];
        int capacity = Capacity ?? (sizeBytes - 60) / 4, used = Math.Min(capacity, earlier.Count);
        for (int i = 0; i < used; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(60 + (4 * i)), (uint)earlier[earlier.Count - 1 - i]);
        }

        return Seal(image,
        [
            (20, BitConverter.GetBytes((ulong)pba)),
            (36, BitConverter.GetBytes((uint)earlier.Count + 1)),
            (52, BitConverter.GetBytes((uint)capacity)),
            (56, BitConverter.GetBytes((uint)used)),
        ]);
    }

    public static byte[] Sum(byte[] data)
    {
        byte[] sum = new byte[4];
        for (int i = 0; i < data.Length; i++)
        {
            sum[i % 4] ^= data[i];
        }

        return sum;
    }

    public static byte[] Xor16(ReadOnlySpan<byte> bytes)
    {
        byte[] xor = new byte[2];
        for (int i = 0; i < bytes.Length; i++)
        {
            xor[i % 2] ^= bytes[i];
        }

        return xor;
    }

    private byte[] Seal(byte[] image, IEnumerable<(int At, byte[] Bytes)> derived)
    {
        Encoding.ASCII.GetBytes(Type).CopyTo(image, 0);
        BitConverter.GetBytes((ushort)image.Length).CopyTo(image, 8);
        (image[10], image[11], image[48]) = (14, 1, (byte)(IsMark ? 0 : 2));
        foreach ((int at, byte[] bytes) in derived.Concat(_fields))
        {
            bytes.CopyTo(image, at);
        }

        Xor16(image.AsSpan(0, 50)).CopyTo(image, 50);
        image[50] ^= BreaksChecksum ? (byte)1 : (byte)0;
        return image;
    }
}
