using System.Runtime.InteropServices;

namespace OpenVdi.SharedMemory.Layout;

/// <summary>The head of a control area: what it is, and the words of the whole set. A cache line for each writer.</summary>
/// <remarks><code><![CDATA[
///   0 | magic            8 | version   12 | deviceCount   16 | sizeBytes      24 reserved
///  64 | abortReason, 0 while the set lives (any party)
/// 128 | the agent's wake word
/// 192 | areaCount, buffer areas handed out (server)
/// 256 | abortTextClaim   260 | abortTextReason   264 | abortTextBytes   268 | the words of the abort, UTF-8, up to 1024 bytes
/// ]]></code></remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct ControlHeader
{
    public const int SizeBytes = 4096;

    /// <summary>"OpenVdi" and a zero, in the order of bytes.</summary>
    public const ulong MagicValue = 0x0069_6456_6E65_704F;

    /// <summary>Changes with every change of a layout in this folder.</summary>
    public const uint VersionValue = 1;

    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(8)] public uint Version;
    [FieldOffset(12)] public uint DeviceCount;
    [FieldOffset(16)] public ulong AreaSizeBytes;
    [FieldOffset(64)] public uint AbortReason;
    [FieldOffset(128)] public uint AgentWakeWord;
    [FieldOffset(192)] public uint BufferAreaCount;
    [FieldOffset(256)] public uint AbortTextClaim;
    [FieldOffset(260)] public uint AbortTextReason;
    [FieldOffset(264)] public uint AbortTextBytes;

    /// <summary>Where the words of the abort begin.</summary>
    public const int AbortTextOffset = 268;

    /// <summary>The most bytes of them.</summary>
    public const int MaxAbortTextBytes = 1024;
}
