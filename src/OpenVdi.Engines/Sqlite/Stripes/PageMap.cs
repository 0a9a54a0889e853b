using System.Numerics;

namespace OpenVdi.Engines.Sqlite.Stripes;

/// <summary>Which pages of a database were there: a bit for each, in leaves that exist once one of their pages was.</summary>
/// <remarks>Leaves of which all came at once are one and the same: what a header claims costs no memory before its pages come.
/// </remarks>
internal sealed class PageMap(long pageCount)
{
    /// <summary>Pages of a leaf: 4 KiB of bits, for 128 MiB of pages of 4096 bytes.</summary>
    internal const int LeafPages = 1 << 15;

    private const int WordPages = 64;

    private static readonly ulong[] s_full = MakeFull();

    private readonly ulong[]?[] _leaves = new ulong[(pageCount + LeafPages - 1) / LeafPages][];

    /// <summary>How many pages were there.</summary>
    public long MarkedCount { get; private set; }

    /// <summary>Marks pages, if none of them is marked.</summary>
    /// <returns>Null; or the first page that was marked before, and nothing was done behind it.</returns>
    public long? Mark(long first, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, pageCount - first);
        for (long end = first + count; first < end;)
        {
            int from = (int)(first % LeafPages);
            int to = (int)Math.Min(LeafPages, from + end - first);
            ref ulong[]? leaf = ref _leaves[first / LeafPages];
            if (leaf is null && to - from == LeafPages)
            {
                leaf = s_full;
            }
            else if (MarkIn(leaf ??= new ulong[LeafPages / WordPages], from, to) is { } found)
            {
                return first - from + found;
            }

            first += to - from;
            MarkedCount += to - from;
        }

        return null;
    }

    /// <summary>The first page that is not marked; the page count when all are.</summary>
    public long FirstUnmarked()
    {
        for (int i = 0; i < _leaves.Length; i++)
        {
            ReadOnlySpan<ulong> words = _leaves[i];
            int word = words.IndexOfAnyExcept(ulong.MaxValue);
            if (words.IsEmpty || word >= 0)
            {
                int inLeaf = words.IsEmpty ? 0 : (word * WordPages) + BitOperations.TrailingZeroCount(~words[word]);
                return Math.Min(pageCount, ((long)i * LeafPages) + inLeaf);
            }
        }

        return pageCount;
    }

    // A leaf that is full already is not written to: its first word says so.
    private static int? MarkIn(ulong[] leaf, int from, int to)
    {
        while (from < to)
        {
            int bit = from % WordPages;
            int count = Math.Min(WordPages - bit, to - from);
            ulong bits = (ulong.MaxValue >> (WordPages - count)) << bit;
            ref ulong word = ref leaf[from / WordPages];
            if ((word & bits) != 0)
            {
                return from - bit + BitOperations.TrailingZeroCount(word & bits);
            }

            word |= bits;
            from += count;
        }

        return null;
    }

    private static ulong[] MakeFull()
    {
        ulong[] full = new ulong[LeafPages / WordPages];
        Array.Fill(full, ulong.MaxValue);
        return full;
    }
}
