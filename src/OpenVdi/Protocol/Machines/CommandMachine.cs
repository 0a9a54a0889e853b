using static OpenVdi.CommandEvent;
using static OpenVdi.CommandState;

namespace OpenVdi;

/// <summary>Where one command is, seen by one side: the server's entry of its table of outstanding commands, the client's
/// of the commands it holds.</summary>
internal enum CommandState
{
    /// <summary>Nowhere: the entry is free.</summary>
    Idle,

    /// <summary>Sent by the server, or fetched by the client, and not yet completed.</summary>
    Outstanding,
}

/// <summary>What can happen to a command. The last three end it without the client's word (D5, Y6, D23).</summary>
internal enum CommandEvent
{
    Begin, Complete, Flush, Abort, Forget,
}

/// <summary>Exactly one end for each command. Spec: M1, A5, D26, D27.</summary>
internal static class CommandMachine
{
    /// <summary>The step for an event in a state.</summary>
    public static Step<CommandState> Next(CommandState state, CommandEvent @event) => (@event, state) switch
    {
        (Begin, Idle) => new(VdResult.Ok, Outstanding),
        (Complete or Flush or Abort or Forget, Outstanding) => new(VdResult.Ok, Idle),
        _ => new(VdResult.Invalid, state),
    };
}
