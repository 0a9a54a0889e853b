using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpenVdi.Native;

/// <summary>What host.c knows of the process.</summary>
internal static partial class HostProcess
{
    /// <summary>Whether this is a child of fork, without exec, of a process that had begun to use the library: its sets are
    /// its parent's, and not to be touched.</summary>
    public static bool IsForked => openvdi_was_forked() != 0;

    // Linked into this library; a few instructions, so that a call's way through it is as short.
    [LibraryImport("openvdi_host")]
    [SuppressGCTransition]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int openvdi_was_forked();
}
