using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OpenVdi.TestPeer;

/// <summary>One device's stream in a file that is either whole or not there: it is written under a temporary name, ends
/// with a trailer, and gets its name only then.</summary>
/// <remarks>
/// <code>
/// | the stream | magic, 8 bytes | length of the stream, 8 bytes | SHA-256 of the stream, 32 bytes |
/// </code>
/// A kill of the process does not lose what was handed to the system, so nothing is flushed to the disk.
/// </remarks>
internal sealed class BackupFile : IDisposable
{
    private const int TrailerBytes = 48;
    private const long Magic = 0x454E4F445F494456;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _length;

    public BackupFile(string path)
    {
        _path = path;
        _file = new FileStream(path + ".part", FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    public static string PathOf(string folder, string set, int device) => Path.Combine(folder, $"{set}.{device}.bak");

    public void Write(ReadOnlySpan<byte> data)
    {
        _file.Write(data);
        _hash.AppendData(data);
        _length += data.Length;
    }

    public void Publish()
    {
        byte[] trailer = new byte[TrailerBytes];
        BinaryPrimitives.WriteInt64LittleEndian(trailer, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(trailer.AsSpan(8), _length);
        _hash.GetCurrentHash(trailer.AsSpan(16));
        _file.Write(trailer);
        File.Move(_path + ".part", _path);
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    /// <summary>What is wrong with a published file, or null. The stream must be the seed's, from its first byte on.</summary>
    public static string? Check(string path, ulong seed, int device, out long lengthBytes)
    {
        lengthBytes = 0;
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < TrailerBytes)
        {
            return $"'{path}': {bytes.Length} bytes, expected a trailer of {TrailerBytes}";
        }

        ReadOnlySpan<byte> stream = bytes.AsSpan(0, bytes.Length - TrailerBytes);
        ReadOnlySpan<byte> trailer = bytes.AsSpan(stream.Length);
        lengthBytes = BinaryPrimitives.ReadInt64LittleEndian(trailer[8..]);
        if (BinaryPrimitives.ReadInt64LittleEndian(trailer) != Magic || lengthBytes != stream.Length)
        {
            return $"'{path}': the trailer says {lengthBytes} bytes, found {stream.Length}";
        }

        if (!SHA256.HashData(stream).AsSpan().SequenceEqual(trailer[16..]))
        {
            return $"'{path}': the checksum is not that of the stream";
        }

        long mismatch = StreamPattern.Mismatch(stream, seed, device, 0);
        return mismatch < 0 ? null : $"'{path}': the byte at {mismatch} is not the stream's";
    }
}
