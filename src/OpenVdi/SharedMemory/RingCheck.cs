namespace OpenVdi.SharedMemory;

/// <summary>What a slot's sequence can be when item n is looked for.</summary>
internal enum SlotState
{
    /// <summary>The item is there.</summary>
    Ready,

    /// <summary>The slot holds what it held before.</summary>
    Empty,

    /// <summary>The sequence is one that no peer which keeps the rules writes.</summary>
    Broken,
}

/// <summary>The rule of the sequence in both rings: n + 1 once item n is there, n + 1 - capacity before, 0 in the first lap.</summary>
internal static class RingCheck
{
    /// <summary>What a sequence means for item n.</summary>
    public static SlotState Of(uint sequence, uint number, int capacity) =>
        sequence == number + 1 ? SlotState.Ready
        : sequence == number + 1 - (uint)capacity || (sequence == 0 && number < (uint)capacity) ? SlotState.Empty
        : SlotState.Broken;
}
