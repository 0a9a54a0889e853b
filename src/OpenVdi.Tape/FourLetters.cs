namespace OpenVdi.Tape;

/// <summary>Shows the letters of a block or stream to people.</summary>
internal static class FourLetters
{
    /// <summary>'SPAD'; or 0x and eight digits, when one of them is no visible ASCII character.</summary>
    public static string Show(uint id)
    {
        Span<char> letters = stackalloc char[4];
        for (int i = 0; i < letters.Length; i++)
        {
            letters[i] = (char)(byte)(id >> (8 * i));
            if (letters[i] is <= ' ' or > '~')
            {
                return $"0x{id:x8}";
            }
        }

        return $"'{letters}'";
    }

    public static string Show(BlockType type) => Show((uint)type);

    public static string Show(StreamId id) => Show((uint)id);
}
