using System.Diagnostics.Tracing;

namespace OpenVdi.Diagnostics;

/// <summary>The event source: the life of sets at informational level, calls and commands at verbose level under
/// keywords of their own.</summary>
[EventSource(Name = TelemetryNames.EventSource)]
internal sealed class VdiEventSource : EventSource
{
    public static readonly VdiEventSource Log = new();

    /// <summary>What can be asked for by itself.</summary>
    public static class Keywords
    {
        /// <summary>Sets opened, closed, aborted.</summary>
        public const EventKeywords Sets = (EventKeywords)0x1;

        /// <summary>Commands sent and completed.</summary>
        public const EventKeywords Commands = (EventKeywords)0x2;

        /// <summary>Every function that returned.</summary>
        public const EventKeywords Calls = (EventKeywords)0x4;
    }

    [NonEvent]
    public void SetOpened(Half half, string set)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Sets))
        {
            SetOpened(SpecNames.Of(half), set);
        }
    }

    [NonEvent]
    public void SetClosed(Half half, string set)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Sets))
        {
            SetClosed(SpecNames.Of(half), set);
        }
    }

    [NonEvent]
    public void Aborted(Half half, string set, AbortNotice notice)
    {
        if (IsEnabled(EventLevel.Warning, Keywords.Sets))
        {
            Aborted(SpecNames.Of(half), set, SpecNames.Of(notice.Reason), notice.Detail);
        }
    }

    [NonEvent]
    public void CommandSent(string set, string device, CommandCode code, uint size)
    {
        if (IsEnabled(EventLevel.Verbose, Keywords.Commands))
        {
            CommandSent(set, device, (int)code, SpecNames.Of(code), size);
        }
    }

    [NonEvent]
    public void CommandCompleted(
        Half half, string set, string device, CommandCode code, CompletionCode completion, uint bytes, long microseconds)
    {
        if (IsEnabled(EventLevel.Verbose, Keywords.Commands))
        {
            CommandCompleted(
                SpecNames.Of(half), set, device, (int)code, SpecNames.Of(code), (int)completion, bytes, microseconds);
        }
    }

    [NonEvent]
    public void Call(Half half, string function, string? set, string? device, VdResult result, long microseconds)
    {
        if (IsEnabled(EventLevel.Verbose, Keywords.Calls))
        {
            Call(SpecNames.Of(half), function, set ?? string.Empty, device ?? string.Empty, (int)result, result.SpecName(),
                microseconds);
        }
    }

    [Event(1, Level = EventLevel.Informational, Keywords = Keywords.Sets, Message = "{0}: set '{1}' opened")]
    private void SetOpened(string half, string set) => WriteEvent(1, half, set);

    [Event(2, Level = EventLevel.Informational, Keywords = Keywords.Sets, Message = "{0}: set '{1}' closed")]
    private void SetClosed(string half, string set) => WriteEvent(2, half, set);

    [Event(3, Level = EventLevel.Warning, Keywords = Keywords.Sets, Message = "{0}: set '{1}' aborted: {2}: {3}")]
    private void Aborted(string half, string set, string reason, string detail) =>
        WriteEvent(3, (EventSourcePrimitive)half, set, reason, detail);

    [Event(4, Level = EventLevel.Verbose, Keywords = Keywords.Commands, Message = "server: set '{0}' device '{1}': {3} sent")]
    private void CommandSent(string set, string device, int code, string command, uint sizeBytes) =>
        WriteEvent(4, (EventSourcePrimitive)set, device, code, command, sizeBytes);

    [Event(5, Level = EventLevel.Verbose, Keywords = Keywords.Commands,
        Message = "{0}: set '{1}' device '{2}': {4} completed with {5}, {6} bytes")]
    private void CommandCompleted(
        string half, string set, string device, int code, string command, int completion, uint bytes, long microseconds) =>
        WriteEvent(5, (EventSourcePrimitive)half, set, device, code, command, completion, bytes, microseconds);

    [Event(6, Level = EventLevel.Verbose, Keywords = Keywords.Calls, Message = "{0}: {1} returned {5}")]
    private void Call(
        string half, string function, string set, string device, int result, string resultName, long microseconds) =>
        WriteEvent(6, (EventSourcePrimitive)half, function, set, device, result, resultName, microseconds);
}
