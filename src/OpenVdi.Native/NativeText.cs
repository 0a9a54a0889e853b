using System.Text;
using System.Text.Unicode;

namespace OpenVdi.Native;

/// <summary>Strings of C: UTF-8, ended by a zero.</summary>
internal static unsafe class NativeText
{
    // Longer than any name that is legal, so that a missing end is found before the next page's.
    private const int MaxBytes = 4096;

    /// <summary>Reads a string, null for none. False for what is not UTF-8 or has no end within 4096 bytes.</summary>
    public static bool TryRead(byte* text, out string? value)
    {
        value = null;
        if (text is null)
        {
            return true;
        }

        int length = 0;
        while (length < MaxBytes && text[length] != 0)
        {
            length++;
        }

        ReadOnlySpan<byte> bytes = new(text, length);
        bool isText = length < MaxBytes && Utf8.IsValid(bytes);
        if (isText)
        {
            value = Encoding.UTF8.GetString(bytes);
        }

        return isText;
    }
}
