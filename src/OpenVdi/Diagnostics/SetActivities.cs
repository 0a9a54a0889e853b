using System.Collections.Concurrent;
using System.Diagnostics;

namespace OpenVdi.Diagnostics;

/// <summary>One activity for the life of a set on each half of this process. It is never the caller's current activity:
/// a set outlives the call that opened it.</summary>
internal static class SetActivities
{
    /// <summary>More sets than this at once have no activities; a listener that never closes its sets must not grow us.</summary>
    private const int MaxCount = 1024;

    private static readonly ActivitySource s_source = new(TelemetryNames.ActivitySource);

    private static readonly ConcurrentDictionary<(Half Half, string Set), Activity> s_live = new();

    public static void Begin(Half half, string set)
    {
        if (!s_source.HasListeners() || s_live.Count >= MaxCount)
        {
            return;
        }

        Activity? current = Activity.Current;
        Activity? activity = s_source.StartActivity(
            TelemetryNames.SetActivity, half == Half.Client ? ActivityKind.Client : ActivityKind.Server);
        Activity.Current = current;
        if (activity is null)
        {
            return;
        }

        activity.SetTag(TelemetryNames.HalfTag, SpecNames.Of(half));
        activity.SetTag(TelemetryNames.SetTag, set);
        if (!s_live.TryAdd((half, set), activity))
        {
            // Two sets of one name on one half of one process: possible with transports of their own. The first is kept.
            activity.IsAllDataRequested = false;
            Stop(activity);
        }
    }

    public static void MarkAborted(Half half, string set, AbortNotice notice)
    {
        if (s_live.TryGetValue((half, set), out Activity? activity))
        {
            activity.SetTag(TelemetryNames.ReasonTag, SpecNames.Of(notice.Reason));
            activity.SetStatus(ActivityStatusCode.Error, notice.Detail);
        }
    }

    public static void End(Half half, string set)
    {
        if (s_live.TryRemove((half, set), out Activity? activity))
        {
            Stop(activity);
        }
    }

    private static void Stop(Activity activity)
    {
        Activity? current = Activity.Current;
        activity.Stop();
        Activity.Current = current;
    }
}
