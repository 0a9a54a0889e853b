using System.Text;
using OpenVdi.Diagnostics;
using OpenVdi.Native.Client;

namespace OpenVdi.Native;

/// <summary>Lines on standard error in the shape that the library of SQL Server on Linux writes: <c>object: function: what:
/// error number</c> (U17). Only when OPENVDI_TRACE is <c>sqlvdi</c>.</summary>
internal static class NativeLog
{
    private static readonly StandardErrorSink? s_sink =
        Environment.GetEnvironmentVariable(TelemetryNames.TraceVariable) == ProtocolTrace.SqlVdiStyle ? new() : null;

    public static bool IsEnabled => s_sink is not null;

    /// <summary>Says why a call failed. Time that is up and a device that is closed are no failures.</summary>
    public static void Failure(NativeSet? set, string? device, string function, VdResult result)
    {
        if (result is VdResult.TimedOut or VdResult.Closed)
        {
            return;
        }

        string what = set is null ? "no object of this library"
            : result == VdResult.Aborted && set.Set.Abort is { } abort ? $"{abort.Reason}: {abort.Detail}"
            : set.Set.LastFailure is { } failure && failure.Result == result ? failure.Message
            : result.SpecName();
        Line(device ?? (set is null || set.Name.Length == 0 ? "libsqlvdi" : set.Name), function, what, result);
    }

    /// <summary>Writes a line in one piece.</summary>
    public static void Line(string name, string function, string what, VdResult result) =>
        s_sink?.Write(Encoding.UTF8.GetBytes(
            $"{name}: {function}: {what.ReplaceLineEndings(" ")}: error 0x{(uint)result:X8}\n"));
}
