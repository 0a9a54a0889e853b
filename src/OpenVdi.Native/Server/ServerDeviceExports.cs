using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OpenVdi.Native.Abi;

namespace OpenVdi.Native.Server;

/// <summary>Functions of openvdi_server.h for a device: IServerVirtualDevice. Spec: 14.6.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception passes the edge.")]
internal static unsafe class ServerDeviceExports
{
    // int openvdi_server_send_command(openvdi_server_device device, struct VDS_Command *command)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_send_command", CallConvs = [typeof(CallConvCdecl)])]
    internal static int SendCommand(nint device, VDS_Command* command)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerDevice? found = ServerEdge.Devices.Find(device);
            return ServerEdge.End(found?.Set, "send_command", found?.SendCommand(command) ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("send_command", failure);
        }
    }

    // int openvdi_server_close_device(openvdi_server_device device)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_close_device", CallConvs = [typeof(CallConvCdecl)])]
    internal static int CloseDevice(nint device)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerDevice? found = ServerEdge.Devices.Find(device);
            return ServerEdge.End(found?.Set, "close_device", found?.CloseDevice() ?? VdResult.Invalid);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("close_device", failure);
        }
    }
}
