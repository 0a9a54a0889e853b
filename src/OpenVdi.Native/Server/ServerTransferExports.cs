using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OpenVdi.Native.Abi;

namespace OpenVdi.Native.Server;

/// <summary>Functions of openvdi_server.h for a configured set: the rest of IServerVirtualDeviceSet2. Spec: 14.6.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception passes the edge.")]
internal static unsafe class ServerTransferExports
{
    // int openvdi_server_open_device(openvdi_server_set set, const char *name, openvdi_server_device *device)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_open_device", CallConvs = [typeof(CallConvCdecl)])]
    internal static int OpenDevice(nint set, byte* name, nint* device)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "open_device", found?.OpenDevice(name, device) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("open_device", failure);
        }
    }

    // int openvdi_server_execute_completion_agent(openvdi_server_set set, openvdi_server_running on_running,
    //     void *context)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_execute_completion_agent", CallConvs = [typeof(CallConvCdecl)])]
    internal static int ExecuteCompletionAgent(nint set, nint onRunning, nint context)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "execute_completion_agent",
                found?.ExecuteCompletionAgent(onRunning, context) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("execute_completion_agent", failure);
        }
    }

    // int openvdi_server_allocate_buffer(openvdi_server_set set, uint8_t **buffer, uint32_t size, uint32_t alignment)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_allocate_buffer", CallConvs = [typeof(CallConvCdecl)])]
    internal static int AllocateBuffer(nint set, nint* buffer, uint size, uint alignment)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "allocate_buffer",
                found?.AllocateBuffer(buffer, size, alignment) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("allocate_buffer", failure);
        }
    }

    // int openvdi_server_free_buffer(openvdi_server_set set, uint8_t *buffer, uint32_t size)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_free_buffer", CallConvs = [typeof(CallConvCdecl)])]
    internal static int FreeBuffer(nint set, nint buffer, uint size)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "free_buffer",
                found?.Keep(found.Buffers.Free(found.Set, buffer, size)) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("free_buffer", failure);
        }
    }

    // int openvdi_server_signal_abort(openvdi_server_set set, const char *reason)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_signal_abort", CallConvs = [typeof(CallConvCdecl)])]
    internal static int SignalAbort(nint set, byte* reason)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "signal_abort", found?.SignalAbort(reason) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("signal_abort", failure);
        }
    }

    // int openvdi_server_close(openvdi_server_set set)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_close", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Close(nint set)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "close", found?.Keep(found.Set.Close()) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("close", failure);
        }
    }

    // int openvdi_server_is_shared_buffer(openvdi_server_set set, const uint8_t *buffer)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_is_shared_buffer", CallConvs = [typeof(CallConvCdecl)])]
    internal static int IsSharedBuffer(nint set, nint buffer)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            return ServerEdge.Sets.Find(set) is { } found && found.Set.IsSharedBuffer(buffer) ? 1 : 0;
        }
        catch (Exception failure)
        {
            // The answer is a Boolean (16.26): what cannot be told is not shared.
            _ = NativeEdge.Caught("is_shared_buffer", failure);
            return 0;
        }
    }
}
