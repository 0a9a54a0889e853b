using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OpenVdi.Native.Abi;

namespace OpenVdi.Native.Client;

/// <summary>The functions of the C++ class ClientVirtualDeviceSet under their names of the Itanium C++ ABI, in which
/// <c>this</c> travels as the first argument. Spec: 14.7.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception passes the edge.")]
internal static unsafe class ClientVirtualDeviceSetExports
{
    // ClientVirtualDeviceSet::ClientVirtualDeviceSet(), complete and base
    [UnmanagedCallersOnly(EntryPoint = "_ZN22ClientVirtualDeviceSetC1Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void Construct(nint* self) => Begin(self);

    [UnmanagedCallersOnly(EntryPoint = "_ZN22ClientVirtualDeviceSetC2Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void ConstructBase(nint* self) => Begin(self);

    // ClientVirtualDeviceSet::~ClientVirtualDeviceSet(), complete and base
    [UnmanagedCallersOnly(EntryPoint = "_ZN22ClientVirtualDeviceSetD1Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void Destruct(nint* self) => Destroy(self);

    [UnmanagedCallersOnly(EntryPoint = "_ZN22ClientVirtualDeviceSetD2Ev", CallConvs = [typeof(CallConvCdecl)])]
    internal static void DestructBase(nint* self) => Destroy(self);

    // int Create(char* name, VDConfig* cfg)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN22ClientVirtualDeviceSet6CreateEPcP8VDConfig", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Create(nint* self, byte* name, VDConfig* config)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(Create), set?.Create(name, config) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(Create), failure);
        }
    }

    // int GetConfiguration(time_t timeout, VDConfig* cfg)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN22ClientVirtualDeviceSet16GetConfigurationElP8VDConfig", CallConvs = [typeof(CallConvCdecl)])]
    internal static int GetConfiguration(nint* self, nint timeout, VDConfig* config)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(GetConfiguration), set?.GetConfiguration(timeout, config) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(GetConfiguration), failure);
        }
    }

    // int OpenDevice(char* name, ClientVirtualDevice** ppVirtualDevice)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN22ClientVirtualDeviceSet10OpenDeviceEPcPP19ClientVirtualDevice", CallConvs = [typeof(CallConvCdecl)])]
    internal static int OpenDevice(nint* self, byte* name, nint** device)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            if (device is not null)
            {
                *device = null;
            }

            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(OpenDevice), set?.OpenDevice(name, device) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(OpenDevice), failure);
        }
    }

    // int Close()
    [UnmanagedCallersOnly(EntryPoint = "_ZN22ClientVirtualDeviceSet5CloseEv", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Close(nint* self)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(Close), set?.Set.Close() ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(Close), failure);
        }
    }

    // int SignalAbort()
    [UnmanagedCallersOnly(EntryPoint = "_ZN22ClientVirtualDeviceSet11SignalAbortEv", CallConvs = [typeof(CallConvCdecl)])]
    internal static int SignalAbort(nint* self)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(SignalAbort), set?.Set.SignalAbort() ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(SignalAbort), failure);
        }
    }

    // int OpenInSecondary(char* setName)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN22ClientVirtualDeviceSet15OpenInSecondaryEPc", CallConvs = [typeof(CallConvCdecl)])]
    internal static int OpenInSecondary(nint* self, byte* setName)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(OpenInSecondary), set?.OpenInSecondary(setName) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(OpenInSecondary), failure);
        }
    }

    // int GetBufferHandle(uint8_t* pBuffer, unsigned int* pBufferHandle)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN22ClientVirtualDeviceSet15GetBufferHandleEPhPj", CallConvs = [typeof(CallConvCdecl)])]
    internal static int GetBufferHandle(nint* self, nint buffer, uint* handle)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(GetBufferHandle), set?.GetBufferHandle(buffer, handle) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(GetBufferHandle), failure);
        }
    }

    // int MapBufferHandle(int dwBuffer, uint8_t** ppBuffer)
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN22ClientVirtualDeviceSet15MapBufferHandleEiPPh", CallConvs = [typeof(CallConvCdecl)])]
    internal static int MapBufferHandle(nint* self, int handle, nint* buffer)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeSet? set = NativeEdge.SetOf(self);
            return NativeEdge.End(set, nameof(MapBufferHandle), set?.MapBufferHandle(handle, buffer) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught(nameof(MapBufferHandle), failure);
        }
    }

    // void RegisterDeviceClosed(): in the original a device tells its set so; ours know. Spec: 14.7.
    [UnmanagedCallersOnly(
        EntryPoint = "_ZN22ClientVirtualDeviceSet20RegisterDeviceClosedEv", CallConvs = [typeof(CallConvCdecl)])]
    internal static void RegisterDeviceClosed(nint* self) => _ = self;

    private static void Begin(nint* self)
    {
        if (self is null)
        {
            return;
        }

        using HostErrno kept = HostErrno.Keep();
        try
        {
            *self = HostProcess.IsForked ? 0 : NativeEdge.Sets.Add(new NativeSet(NativeEdge.Devices));
        }
        catch (Exception failure)
        {
            // A constructor cannot fail; the object's functions will.
            *self = 0;
            _ = NativeEdge.Caught("ClientVirtualDeviceSet", failure);
        }
    }

    private static void Destroy(nint* self)
    {
        if (self is null || HostProcess.IsForked)
        {
            return;
        }

        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeEdge.Sets.Remove(*self)?.Destroy();
            *self = 0;
        }
        catch (Exception failure)
        {
            _ = NativeEdge.Caught("~ClientVirtualDeviceSet", failure);
        }
    }
}
