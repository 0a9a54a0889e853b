using System.Runtime.InteropServices;

namespace OpenVdi.TestPeer;

/// <summary>The bytes of a device's stream as a function of seed, device and offset: both halves know them without
/// telling each other, and a block at a wrong place is wrong.</summary>
internal static class StreamPattern
{
    /// <summary>Writes the stream's bytes at an offset, a multiple of 8, as the length is.</summary>
    public static void Fill(Span<byte> data, ulong seed, int device, long offset)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        ulong index = First(seed, device, offset);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = Mix(index + (ulong)i);
        }
    }

    /// <summary>The position of the first byte that is not the stream's, or -1.</summary>
    public static long Mismatch(ReadOnlySpan<byte> data, ulong seed, int device, long offset)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        ulong index = First(seed, device, offset);
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] != Mix(index + (ulong)i))
            {
                return offset + (i * sizeof(ulong));
            }
        }

        return -1;
    }

    private static ulong First(ulong seed, int device, long offset) =>
        Mix(Mix(seed) + (ulong)device) + (ulong)(offset / sizeof(ulong));

    // SplitMix64's finalizer.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
