using System.Runtime.InteropServices;

namespace OpenVdi.Native.Abi;

/// <summary>VDC_Command as the C++ header lays it out: a command in the hands of a backup program. Spec: 14.1.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct VDC_Command
{
    public int commandCode;
    public int size;
    public long position;
    public nint buffer;
}
