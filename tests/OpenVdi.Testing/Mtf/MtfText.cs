using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OpenVdi.Testing.Mtf;

/// <summary>Strings by string type: 0 none, 1 single-byte ANSI, 2 UTF-16LE.</summary>
internal static class MtfText
{
    private static readonly UnicodeEncoding s_utf16 = new(false, false, true);

    public static bool TryDecode(ReadOnlySpan<byte> bytes, int type, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = (bytes.Length, type) switch
            {
                (0, _) => "",
                (_, 1) => Encoding.Latin1.GetString(bytes),   // Which code page is not said; names in ASCII are right.
                (_, 2) when bytes.Length % 2 == 0 => s_utf16.GetString(bytes),
                _ => null,
            };
        }
        catch (DecoderFallbackException)
        {
            text = null;
        }

        return text is not null;
    }
}
