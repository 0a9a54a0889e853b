using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory.Layout;

/// <summary>A command on its way: one cache line, which carries its own "ready" mark.</summary>
/// <remarks><code><![CDATA[
///  0 | sequence: n + 1 once command n is here; written last    4 | tag        8 | code    12 | size
/// 16 | position                                               24 | buffer    28 | error epoch
/// ]]></code></remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct CommandSlot
{
    public const int SizeBytes = 64;

    [FieldOffset(0)] public uint Sequence;
    [FieldOffset(4)] public uint Tag;
    [FieldOffset(8)] public int Code;
    [FieldOffset(12)] public uint Size;
    [FieldOffset(16)] public ulong Position;
    [FieldOffset(24)] public uint BufferHandle;
    [FieldOffset(28)] public uint ErrorEpoch;
}
