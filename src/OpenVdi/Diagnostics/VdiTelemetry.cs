using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OpenVdi.Diagnostics;

/// <summary>The hooks that both halves call. They fan out to the meter, the event source, the activities and the protocol
/// trace; with nobody listening each is a few loads and a branch, and allocates nothing. No hook throws.</summary>
/// <remarks>Any thread. A start stamp of 0 means "not taken": no duration is reported for it.</remarks>
internal static class VdiTelemetry
{
    /// <summary>Whether anybody listens to calls or commands.</summary>
    public static bool IsEnabled =>
        IsTracing || VdiEventSource.Log.IsEnabled() || VdiMeter.IsCommandEnabled;

    /// <summary>Whether the protocol trace is on.</summary>
    public static bool IsTracing => ProtocolTrace.Current is not null;

    /// <summary>Whether durations are wanted, so that stamps are worth taking.</summary>
    public static bool WantsTimestamps =>
        IsTracing || VdiEventSource.Log.IsEnabled() || VdiMeter.IsDurationEnabled;

    /// <summary>A stamp when one is wanted, else 0.</summary>
    public static long Timestamp() => WantsTimestamps ? Stopwatch.GetTimestamp() : 0;

    /// <summary>A function of a half has returned.</summary>
    /// <param name="half">Whose function.</param>
    /// <param name="function">Its name of the specification; a constant.</param>
    /// <param name="set">The set's name, null when there is none.</param>
    /// <param name="device">The device's name, null for a function of the set.</param>
    /// <param name="result">What it returned.</param>
    /// <param name="startTimestamp">When it was called, from <see cref="Timestamp"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Call(Half half, string function, string? set, string? device, VdResult result, long startTimestamp)
    {
        if (IsTracing || VdiEventSource.Log.IsEnabled())
        {
            ReportCall(half, function, set, device, result, startTimestamp, null);
        }
    }

    /// <summary>As the other, with the arguments that matter: <c>$"devices={count} features=0x{bits:X}"</c>. The text is
    /// only made when the trace is on.</summary>
    public static void Call(
        Half half,
        string function,
        string? set,
        string? device,
        VdResult result,
        long startTimestamp,
        ref TraceArguments arguments)
    {
        if (IsTracing || VdiEventSource.Log.IsEnabled())
        {
            ReportCall(half, function, set, device, result, startTimestamp, arguments.ToText());
        }
    }

    /// <summary>The server has queued a command.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CommandSent(string set, string device, CommandCode code, uint size)
    {
        if (IsTracing || VdiEventSource.Log.IsEnabled())
        {
            ReportSent(set, device, code, size);
        }
    }

    /// <summary>A command has ended: at the client by its CompleteCommand, at the server by its callback, whatever the
    /// path there (A5).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CommandCompleted(
        Half half, string set, string device, CommandCode code, CompletionCode completion, uint bytes, long startTimestamp)
    {
        if (IsEnabled)
        {
            ReportCompleted(half, set, device, code, completion, bytes, startTimestamp);
        }
    }

    /// <summary>This process holds a set from now on.</summary>
    /// <param name="half">As which half.</param>
    /// <param name="set">The set's name.</param>
    /// <param name="created">Whether this call made the set: a client's Create, not OpenInSecondary.</param>
    public static void SetOpened(Half half, string set, bool created = false)
    {
        VdiMeter.SetOpened(half, created);
        VdiEventSource.Log.SetOpened(half, set);
        SetActivities.Begin(half, set);
    }

    /// <summary>This process has given a set up.</summary>
    public static void SetClosed(Half half, string set)
    {
        VdiMeter.SetClosed(half);
        VdiEventSource.Log.SetClosed(half, set);
        SetActivities.End(half, set);
    }

    /// <summary>This half has seen that its set is aborted; to be called once for each set and half.</summary>
    public static void Aborted(Half half, string set, AbortNotice notice)
    {
        VdiMeter.Aborted(half, notice.Reason);
        VdiEventSource.Log.Aborted(half, set, notice);
        SetActivities.MarkAborted(half, set, notice);
        ProtocolTrace.Current?.Aborted(half, set, notice);
    }

    /// <summary>Whole microseconds since a stamp; -1 when it was not taken.</summary>
    internal static long MicrosecondsSince(long startTimestamp) =>
        startTimestamp == 0 ? -1 : (long)Stopwatch.GetElapsedTime(startTimestamp).TotalMicroseconds;

    private static void ReportCall(
        Half half, string function, string? set, string? device, VdResult result, long startTimestamp, string? arguments)
    {
        long microseconds = MicrosecondsSince(startTimestamp);
        VdiEventSource.Log.Call(half, function, set, device, result, microseconds);
        ProtocolTrace.Current?.Call(half, function, set, device, result, microseconds, arguments);
    }

    private static void ReportSent(string set, string device, CommandCode code, uint size)
    {
        VdiEventSource.Log.CommandSent(set, device, code, size);
        ProtocolTrace.Current?.CommandSent(set, device, code, size);
    }

    private static void ReportCompleted(
        Half half, string set, string device, CommandCode code, CompletionCode completion, uint bytes, long startTimestamp)
    {
        VdiMeter.CommandCompleted(half, code, completion, bytes, startTimestamp);
        if (IsTracing || VdiEventSource.Log.IsEnabled())
        {
            long microseconds = MicrosecondsSince(startTimestamp);
            VdiEventSource.Log.CommandCompleted(half, set, device, code, completion, bytes, microseconds);
            ProtocolTrace.Current?.CommandCompleted(half, set, device, code, completion, bytes, microseconds);
        }
    }
}
