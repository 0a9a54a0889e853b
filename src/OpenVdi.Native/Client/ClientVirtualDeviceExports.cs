using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OpenVdi.Native.Abi;

namespace OpenVdi.Native.Client;

/// <summary>The functions of the C++ class ClientVirtualDevice under their names of the Itanium C++ ABI. Spec: 14.7.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception passes the edge.")]
internal static unsafe class ClientVirtualDeviceExports
{
    // ClientVirtualDevice::ClientVirtualDevice(), complete and base. Devices come from OpenDevice; one that a program makes
    // is none, and says so.
    [UnmanagedCallersOnly(EntryPoint = "_ZN19ClientVirtualDeviceC1Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void Construct(nint* self) => Clear(self);

    [UnmanagedCallersOnly(EntryPoint = "_ZN19ClientVirtualDeviceC2Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void ConstructBase(nint* self) => Clear(self);

    // ClientVirtualDevice::~ClientVirtualDevice(), complete and base. The set owns its devices, so there is nothing to end.
    [UnmanagedCallersOnly(EntryPoint = "_ZN19ClientVirtualDeviceD1Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void Destruct(nint* self) => _ = self;

    [UnmanagedCallersOnly(EntryPoint = "_ZN19ClientVirtualDeviceD2Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void DestructBase(nint* self) => _ = self;

    // int GetCommand(time_t timeOut, VDC_Command** ppCmd)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN19ClientVirtualDevice10GetCommandElPP11VDC_Command", CallConvs = [typeof(CallConvCdecl)])]
    internal static int GetCommand(nint* self, nint timeout, VDC_Command** command)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeDevice? device = NativeEdge.DeviceOf(self);
            if (command is null)
            {
                return NativeEdge.End(device, nameof(GetCommand), VdResult.Invalid);
            }

            *command = null;
            return NativeEdge.End(
                device, nameof(GetCommand), device?.GetCommand(NativeTime.From(timeout), command) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(GetCommand), failure);
        }
    }

    // int CompleteCommand(VDC_Command* pCmd, int completionCode, unsigned long bytesTransferred, int64_t position)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN19ClientVirtualDevice15CompleteCommandEP11VDC_Commandiml", CallConvs = [typeof(CallConvCdecl)])]
    internal static int CompleteCommand(
        nint* self, VDC_Command* command, int completionCode, nuint bytesTransferred, long position)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeDevice? device = NativeEdge.DeviceOf(self);
            return NativeEdge.End(
                device, nameof(CompleteCommand),
                device?.CompleteCommand(command, completionCode, bytesTransferred, position) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(CompleteCommand), failure);
        }
    }

    private static void Clear(nint* self)
    {
        if (self is not null)
        {
            *self = 0;
        }
    }
}
