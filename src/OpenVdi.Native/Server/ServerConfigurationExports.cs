using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OpenVdi.Native.Abi;

namespace OpenVdi.Native.Server;

/// <summary>Functions of openvdi_server.h that configure a set: IServerVirtualDeviceSet2 to EndConfiguration. A handle is a
/// structure of one number, which travels as the number does. Spec: 14.6.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception passes the edge.")]
internal static unsafe class ServerConfigurationExports
{
    // int openvdi_server_open(openvdi_server_set set, const char *instance_name, const char *set_name)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_open", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Open(nint set, byte* instanceName, byte* setName)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "open", found?.Open(instanceName, setName) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("open", failure);
        }
    }

    // int openvdi_server_get_configuration(openvdi_server_set set, struct VDConfig *config)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_get_configuration", CallConvs = [typeof(CallConvCdecl)])]
    internal static int GetConfiguration(nint set, VDConfig* config)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "get_configuration", found?.GetConfiguration(config) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("get_configuration", failure);
        }
    }

    // int openvdi_server_begin_configuration(openvdi_server_set set, uint32_t features, uint32_t block_size,
    //     uint32_t alignment, uint32_t max_transfer_size, int64_t timeout)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_begin_configuration", CallConvs = [typeof(CallConvCdecl)])]
    internal static int BeginConfiguration(nint set, uint features, uint blockSize, uint alignment, uint maxTransferSize, long timeout)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "begin_configuration", found?.Keep(
                found.Set.BeginConfiguration((VdFeatures)features, blockSize, alignment, maxTransferSize, NativeTime.From(timeout)))
                ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("begin_configuration", failure);
        }
    }

    // int openvdi_server_end_configuration(openvdi_server_set set)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_end_configuration", CallConvs = [typeof(CallConvCdecl)])]
    internal static int EndConfiguration(nint set)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "end_configuration", found?.Keep(found.Set.EndConfiguration()) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("end_configuration", failure);
        }
    }

    // int openvdi_server_request_buffers(openvdi_server_set set, uint32_t size, uint32_t alignment, uint32_t count)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_request_buffers", CallConvs = [typeof(CallConvCdecl)])]
    internal static int RequestBuffers(nint set, uint size, uint alignment, uint count)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "request_buffers",
                found?.Keep(found.Set.RequestBuffers(size, alignment, count)) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("request_buffers", failure);
        }
    }

    // int openvdi_server_query_available_buffers(openvdi_server_set set, uint32_t size, uint32_t alignment,
    //     uint32_t *count)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_query_available_buffers", CallConvs = [typeof(CallConvCdecl)])]
    internal static int QueryAvailableBuffers(nint set, uint size, uint alignment, uint* count)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            return ServerEdge.End(found, "query_available_buffers",
                found?.QueryAvailableBuffers(size, alignment, count) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("query_available_buffers", failure);
        }
    }
}
