using System.Numerics;

namespace OpenVdi.Transport;

/// <summary>The size of a device's command queue. Spec: Q3.</summary>
internal static class QueueLimits
{
    /// <summary>The smallest capacity: a power of two with room for 64 commands (Q3) and the close mark.</summary>
    public const int MinCapacity = 128;

    /// <summary>The largest capacity; it bounds the control area. More full-size buffers than this, less eight, could not
    /// all be outstanding on one device.</summary>
    public const int MaxCapacity = 4096;

    /// <summary>Places beside one for each buffer (Q3).</summary>
    public const int Spare = 8;

    /// <summary>The most buffers that may be requested before EndConfiguration.</summary>
    public const int MaxBufferCount = MaxCapacity - Spare - 1;

    /// <summary>The capacity for a number of buffers: a power of two. One place is kept for the close mark.</summary>
    public static int CapacityFor(long bufferCount) =>
        (int)Math.Clamp((long)BitOperations.RoundUpToPowerOf2((ulong)(bufferCount + Spare + 1)), MinCapacity, MaxCapacity);
}
