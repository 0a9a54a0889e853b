using System.Runtime.InteropServices;

namespace OpenVdi.Native.Abi;

/// <summary>VDS_Command as the C++ header lays it out: a command in the hands of an engine. Spec: 14.1.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct VDS_Command
{
    public int commandCode;
    public int size;
    public long inPosition;
    public long outPosition;
    public nint buffer;

    /// <summary>The address of a <c>void (*)(VDS_Command*)</c>.</summary>
    public nint completionRoutine;
    public nint completionContext;
    public int completionCode;
    public int bytesTransferred;
}
