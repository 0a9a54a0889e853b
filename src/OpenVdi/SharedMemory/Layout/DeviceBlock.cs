using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory.Layout;

/// <summary>One device's part of the control area: its words, then its two rings.</summary>
/// <remarks><code><![CDATA[
///      0 | claim (clients)    4 | commands passed (client)    8 | bytes transferred (client)
///     64 | the client's wake word
///   4096 | command slots, 64 bytes each       (written by the server)
/// 266240 | completion slots, 64 bytes each    (written by the client)
/// ]]></code>
/// Only as many slots as the queue's capacity has are ever touched, so that a set takes a few pages.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct DeviceBlock
{
    public const int CommandSlotsOffset = 4096;
    public const int CompletionSlotsOffset = CommandSlotsOffset + (Transport.QueueLimits.MaxCapacity * CommandSlot.SizeBytes);
    public const int SizeBytes = CompletionSlotsOffset + (Transport.QueueLimits.MaxCapacity * CompletionSlot.SizeBytes);

    /// <summary>Values of <see cref="Claim"/>: nobody's, a client's, told VD_E_CLOSE.</summary>
    public const uint Unclaimed = 0, Claimed = 1, ReportedClosed = 2;

    [FieldOffset(0)] public uint Claim;
    [FieldOffset(4)] public uint PassedCount;
    [FieldOffset(8)] public ulong BytesTransferred;
    [FieldOffset(64)] public uint WakeWord;
}
