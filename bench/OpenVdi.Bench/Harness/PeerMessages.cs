using System.Text.Json.Serialization;
using OpenVdi.Bench.Contenders;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Harness;

/// <summary>What the server's process asks of the client's.</summary>
internal enum PeerVerb
{
    /// <summary>Run on one core from now on.</summary>
    Bind,

    /// <summary>Get the private memory of a cell.</summary>
    BeginCell,

    /// <summary>Make the client's end of a contender.</summary>
    Open,

    /// <summary>Tell how long the set-up took.</summary>
    AwaitSetUp,

    /// <summary>Prepare a run.</summary>
    Prepare,

    /// <summary>Start it. The only one without a reply.</summary>
    Go,

    /// <summary>Wait for the end of the run, and tell its figures.</summary>
    Finish,

    /// <summary>Give up the client's end of a contender.</summary>
    Close,

    /// <summary>Give up the memory of the cell.</summary>
    EndCell,

    /// <summary>Tell the processor time of this process so far.</summary>
    ProcessorTime,
}

/// <summary>A request, one line of JSON on the client process's standard input.</summary>
internal sealed record PeerRequest(
    PeerVerb Verb,
    ContenderKind Contender = default,
    string Endpoint = "",
    int Core = -1,
    ChannelPlan? Plan = null,
    RunPlan? Run = null);

/// <summary>The reply, one line of JSON on its standard output.</summary>
/// <param name="Error">What went wrong, or null.</param>
/// <param name="ProcessorSeconds">Processor time: of the run, or of the process so far.</param>
/// <param name="EndTimestamp">When the client's last transfer was over.</param>
/// <param name="AllocatedPerTransfer">Bytes that the client's worst device allocated for each transfer.</param>
/// <param name="SetUpSeconds">From before Create until the devices were open.</param>
internal sealed record PeerReply(
    string? Error = null,
    double ProcessorSeconds = 0,
    long EndTimestamp = 0,
    double AllocatedPerTransfer = 0,
    double SetUpSeconds = 0);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PeerRequest))]
[JsonSerializable(typeof(PeerReply))]
internal sealed partial class PeerJson : JsonSerializerContext;
