using System.Text;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>A stream header and its data.</summary>
internal sealed class StreamPart(string id, byte[] data)
{
    public string Id { get; set; } = id;

    public byte[] Data { get; set; } = data;

    public int System { get; set; }

    public int Media { get; set; }

    public int Encryption { get; set; }

    public int Compression { get; set; }

    /// <summary>The length that the header states; null: that of the data.</summary>
    public ulong? StatedLength { get; set; }

    public byte Fill { get; set; }

    public bool BreaksChecksum { get; set; }

    public byte[] Header()
    {
        byte[] image =
        [
            .. Encoding.ASCII.GetBytes(Id),
            .. BitConverter.GetBytes((ushort)System),
            .. BitConverter.GetBytes((ushort)Media),
            .. BitConverter.GetBytes(StatedLength ?? (ulong)Data.Length),
            .. BitConverter.GetBytes((ushort)Encryption),
            .. BitConverter.GetBytes((ushort)Compression),
        ];
        byte[] xor = Part.Xor16(image);
        xor[0] ^= BreaksChecksum ? (byte)1 : (byte)0;
        return [.. image, .. xor];
    }
}
