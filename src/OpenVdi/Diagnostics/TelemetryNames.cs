namespace OpenVdi.Diagnostics;

/// <summary>The names under which this library reports: for a meter listener, an activity listener, an event listener,
/// or <c>dotnet-counters monitor --counters OpenVdi</c>. They are a promise; a name that changes is a new major version.</summary>
/// <remarks>The tags <see cref="HalfTag"/> and <see cref="DirectionTag"/> have the values "client" and "server", "write"
/// and "read"; a write is the engine's, that is a backup. Commands, completion codes and reasons have their names of the
/// specification (<c>VDC_Write</c>, <c>ERROR_SUCCESS</c>), "other" for a number without a name.</remarks>
public static class TelemetryNames
{
    /// <summary>The meter.</summary>
    public const string Meter = "OpenVdi";

    /// <summary>The activity source: one activity for the life of a set on each half.</summary>
    public const string ActivitySource = "OpenVdi";

    /// <summary>The event source.</summary>
    public const string EventSource = "OpenVdi";

    /// <summary>The environment variable that switches the protocol trace on.</summary>
    public const string TraceVariable = "OPENVDI_TRACE";

    /// <summary>Counter {set}: sets made by a client's Create.</summary>
    public const string SetsCreated = "openvdi.sets.created";

    /// <summary>Counter {set}, by half: sets that this process created, joined or, as a server, opened.</summary>
    public const string SetsOpened = "openvdi.sets.opened";

    /// <summary>Counter {set}, by half: sets that this process gave up.</summary>
    public const string SetsClosed = "openvdi.sets.closed";

    /// <summary>Up-down counter {set}, by half: sets that this process holds now.</summary>
    public const string SetsLive = "openvdi.sets.live";

    /// <summary>Counter {abort}, by half and reason: sets whose abort this process saw; each once for each half.</summary>
    public const string Aborts = "openvdi.aborts";

    /// <summary>Counter {command}, by half, command and completion code: commands that ended.</summary>
    public const string Commands = "openvdi.commands";

    /// <summary>Counter in bytes, by half and direction: bytes of Read and Write as the completions report them.</summary>
    public const string Bytes = "openvdi.bytes";

    /// <summary>Histogram in seconds, by half and command: at the server from SendCommand to the callback, at the client
    /// from GetCommand's return to CompleteCommand.</summary>
    public const string CommandDuration = "openvdi.command.duration";

    /// <summary>Tag: "client" or "server".</summary>
    public const string HalfTag = "openvdi.half";

    /// <summary>Tag: the command's name.</summary>
    public const string CommandTag = "openvdi.command";

    /// <summary>Tag: the completion code's name.</summary>
    public const string CompletionTag = "openvdi.completion";

    /// <summary>Tag: "write" for a backup, "read" for a restore.</summary>
    public const string DirectionTag = "openvdi.direction";

    /// <summary>Tag: the name of the <see cref="AbortReason"/>.</summary>
    public const string ReasonTag = "openvdi.reason";

    /// <summary>Tag of activities: the set's name.</summary>
    public const string SetTag = "openvdi.set";

    /// <summary>The name of the activities.</summary>
    public const string SetActivity = "openvdi.set";
}
