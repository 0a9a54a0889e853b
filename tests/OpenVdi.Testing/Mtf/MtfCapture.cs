using System.Buffers;

namespace OpenVdi.Testing.Mtf;

/// <summary>Keeps a stream's data, up to a limit.</summary>
/// <param name="maxBytes">The most that such a stream may have.</param>
/// <param name="tooLong">What to throw when it has more.</param>
internal sealed class MtfCapture(int maxBytes, Func<Exception> tooLong)
{
    private readonly ArrayBufferWriter<byte> _kept = new();

    public byte[] ToArray() => _kept.WrittenSpan.ToArray();

    public void Take(ReadOnlySpan<byte> bytes)
    {
        if (_kept.WrittenCount + bytes.Length > maxBytes)
        {
            throw tooLong();
        }

        _kept.Write(bytes);
    }
}
