using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace OpenVdi.Native.Server;

/// <summary>Functions of openvdi_server.h that make and end a server's object, and that say in words what happened.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception passes the edge.")]
internal static unsafe class ServerObjectExports
{
    // int openvdi_server_create(openvdi_server_set *set)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_create", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Create(nint* set)
    {
        using HostErrno kept = HostErrno.Keep();
        if (set is null)
        {
            return (int)VdResult.Invalid;
        }

        try
        {
            *set = 0;
            *set = ServerEdge.Sets.Add(new NativeServerSet());
            return (int)VdResult.Ok;
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("create", failure);
        }
    }

    // int openvdi_server_destroy(openvdi_server_set set)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_destroy", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Destroy(nint set)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Remove(set);
            found?.Destroy();
            return ServerEdge.End(found, "destroy", found is null ? VdResult.Invalid : VdResult.Ok);
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("destroy", failure);
        }
    }

    // int openvdi_server_last_failure(openvdi_server_set set, char *text, size_t size, size_t *length)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_last_failure", CallConvs = [typeof(CallConvCdecl)])]
    internal static int LastFailure(nint set, byte* text, nuint size, nuint* length)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            if (found is null || (text is null && size > 0))
            {
                return (int)VdResult.Invalid;
            }

            Copy(found.LastFailure?.ToString() ?? string.Empty, text, size, length);
            return (int)VdResult.Ok;
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("last_failure", failure);
        }
    }

    // int openvdi_server_abort_reason(openvdi_server_set set, int *reason, char *text, size_t size, size_t *length)
    [UnmanagedCallersOnly(EntryPoint = "openvdi_server_abort_reason", CallConvs = [typeof(CallConvCdecl)])]
    internal static int AbortReason(nint set, int* reason, byte* text, nuint size, nuint* length)
    {
        using HostErrno kept = HostErrno.Keep();
        try
        {
            NativeServerSet? found = ServerEdge.Sets.Find(set);
            if (found is null || reason is null || (text is null && size > 0))
            {
                return (int)VdResult.Invalid;
            }

            AbortNotice? notice = found.Set.Abort;
            *reason = (int)(notice?.Reason ?? OpenVdi.AbortReason.None);
            Copy(notice?.Detail ?? string.Empty, text, size, length);
            return (int)VdResult.Ok;
        }
        catch (Exception failure)
        {
            return NativeEdge.Caught("abort_reason", failure);
        }
    }

    /// <summary>Copies as many whole characters as there is room for, and a zero behind them.</summary>
    private static void Copy(string value, byte* text, nuint size, nuint* length)
    {
        if (size > 0)
        {
            Span<byte> room = new(text, (int)Math.Min(size - 1, int.MaxValue));
            _ = Utf8.FromUtf16(value, room, out _, out int written);
            text[written] = 0;
        }

        if (length is not null)
        {
            *length = (nuint)Encoding.UTF8.GetByteCount(value);
        }
    }
}
