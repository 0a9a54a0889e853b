using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory.Layout;

/// <summary>A completion on its way: one cache line, which carries its own "ready" mark.</summary>
/// <remarks><code><![CDATA[
///  0 | sequence: n + 1 once completion n is here; written last    4 | tag    8 | code    12 | bytes transferred
/// 16 | position                                                  24 | commands fetched so far
/// ]]></code></remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct CompletionSlot
{
    public const int SizeBytes = 64;

    [FieldOffset(0)] public uint Sequence;
    [FieldOffset(4)] public uint Tag;
    [FieldOffset(8)] public int Code;
    [FieldOffset(12)] public uint BytesTransferred;
    [FieldOffset(16)] public ulong Position;
    [FieldOffset(24)] public uint FetchedCount;
}
