using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <summary>VDS_Command: a command in the server's hands. The engine owns it and may use it again once its callback has
/// begun; between SendCommand and the callback nobody may touch it (Q5).</summary>
public sealed class ServerCommand
{
    /// <summary>What is asked.</summary>
    public CommandCode Code { get; set; }

    /// <summary>Size of a transfer, count of a skip, origin of SetPosition (M8).</summary>
    public uint SizeBytes { get; set; }

    /// <summary>Position that the command carries.</summary>
    public ulong InPosition { get; set; }

    /// <summary>Position that the completion carried; counts for GetPosition and SetPosition (M3).</summary>
    public ulong OutPosition { get; set; }

    /// <summary>The buffer of a transfer, from AllocateBuffer.</summary>
    public DeviceBuffer Buffer { get; set; }

    /// <summary>Called exactly once for each SendCommand, success or not (A5): on the agent's thread, or, for a command
    /// that SendCommand refuses, on the caller's before SendCommand returns (7.5).</summary>
    public Action<ServerCommand>? CompletionRoutine { get; set; }

    /// <summary>The engine's own (A3).</summary>
    public object? CompletionContext { get; set; }

    /// <summary>How the command ended.</summary>
    public CompletionCode CompletionCode { get; internal set; }

    /// <summary>Bytes that the completion reported; counts for Read and Write (M3). Never more than
    /// <see cref="SizeBytes"/>.</summary>
    public uint BytesTransferred { get; internal set; }
}
