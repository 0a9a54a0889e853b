using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenVdi.Diagnostics;

/// <summary>The meter. Tags are strings made before: a measurement allocates nothing of ours, listener or not.</summary>
internal static class VdiMeter
{
    private static readonly Meter s_meter = new(TelemetryNames.Meter);

    private static readonly Counter<long> s_created = s_meter.CreateCounter<long>(
        TelemetryNames.SetsCreated, "{set}", "virtual device sets made by a client's Create");

    private static readonly Counter<long> s_opened = s_meter.CreateCounter<long>(
        TelemetryNames.SetsOpened, "{set}", "virtual device sets created, joined or opened");

    private static readonly Counter<long> s_closed = s_meter.CreateCounter<long>(
        TelemetryNames.SetsClosed, "{set}", "virtual device sets given up");

    private static readonly UpDownCounter<long> s_live = s_meter.CreateUpDownCounter<long>(
        TelemetryNames.SetsLive, "{set}", "virtual device sets held now");

    private static readonly Counter<long> s_aborts = s_meter.CreateCounter<long>(
        TelemetryNames.Aborts, "{abort}", "virtual device sets whose abort was seen");

    private static readonly Counter<long> s_commands = s_meter.CreateCounter<long>(
        TelemetryNames.Commands, "{command}", "device commands that ended");

    private static readonly Counter<long> s_bytes = s_meter.CreateCounter<long>(
        TelemetryNames.Bytes, "By", "bytes of Read and Write commands");

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        TelemetryNames.CommandDuration, "s", "how long device commands took");

    /// <summary>Whether anybody listens to what commands measure.</summary>
    public static bool IsCommandEnabled => s_commands.Enabled || s_bytes.Enabled || s_duration.Enabled;

    /// <summary>Whether anybody listens to durations.</summary>
    public static bool IsDurationEnabled => s_duration.Enabled;

    public static void SetOpened(Half half, bool created)
    {
        if (created)
        {
            s_created.Add(1);
        }

        s_opened.Add(1, Tag(half));
        s_live.Add(1, Tag(half));
    }

    public static void SetClosed(Half half)
    {
        s_closed.Add(1, Tag(half));
        s_live.Add(-1, Tag(half));
    }

    public static void Aborted(Half half, AbortReason reason) =>
        s_aborts.Add(1, Tag(half), new(TelemetryNames.ReasonTag, SpecNames.Of(reason)));

    public static void CommandCompleted(
        Half half, CommandCode code, CompletionCode completion, uint bytes, long startTimestamp)
    {
        KeyValuePair<string, object?> command = new(TelemetryNames.CommandTag, SpecNames.Of(code));
        s_commands.Add(1, Tag(half), command, new(TelemetryNames.CompletionTag, SpecNames.Of(completion)));
        if (bytes != 0 && code is CommandCode.Read or CommandCode.Write)
        {
            s_bytes.Add(bytes, Tag(half), new(TelemetryNames.DirectionTag, code == CommandCode.Write ? "write" : "read"));
        }

        if (startTimestamp != 0)
        {
            s_duration.Record(Stopwatch.GetElapsedTime(startTimestamp).TotalSeconds, Tag(half), command);
        }
    }

    private static KeyValuePair<string, object?> Tag(Half half) => new(TelemetryNames.HalfTag, SpecNames.Of(half));
}
