using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite.Transfer;

/// <summary>A device as a pump sees it.</summary>
internal abstract class CommandLane(ServerVirtualDevice device)
{
    /// <summary>The device.</summary>
    public ServerVirtualDevice Device { get; } = device;

    /// <summary>Commands sent whose callback has not come.</summary>
    public int OutstandingCount { get; set; }
}

/// <summary>A command with its buffer, used again and again.</summary>
internal sealed class CommandSlot<TLane>
    where TLane : CommandLane
{
    /// <summary>The command.</summary>
    public ServerCommand Command { get; } = new();

    /// <summary>The buffer; empty for a slot of commands without transfer.</summary>
    public DeviceBuffer Buffer { get; init; }

    /// <summary>The device that has the command now.</summary>
    public TLane? Lane { get; set; }

    /// <summary>Whether the command has ended, while earlier ones of its lane have not.</summary>
    public bool HasEnded { get; set; }
}
