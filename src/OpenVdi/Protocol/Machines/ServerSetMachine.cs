using static OpenVdi.ServerSetEvent;
using static OpenVdi.ServerSetState;

namespace OpenVdi;

/// <summary>The life of a virtual device set as the server sees it. Spec: 3.4.</summary>
public enum ServerSetState
{
    /// <summary>Before Open and after Close.</summary>
    DoesNotExist,

    /// <summary>The set was found; the client's wishes can be read.</summary>
    Connected,

    /// <summary>BeginConfiguration is done; buffer requirements are being declared.</summary>
    Configurable,

    /// <summary>EndConfiguration is done; the buffer area exists.</summary>
    Initializing,

    /// <summary>A device was opened, or the completion agent started.</summary>
    Active,

    /// <summary>All devices are closed and the agent has finished.</summary>
    NormallyTerminated,

    /// <summary>Aborted by either half.</summary>
    Aborted,
}

/// <summary>What can happen to a set at the server. A row with two outcomes is two events.</summary>
internal enum ServerSetEvent
{
    Open, GetConfiguration, BeginConfiguration, RequestBuffers, QueryAvailableBuffers, EndConfiguration, OpenDevice,
    ExecuteCompletionAgent, AllocateBuffer, FreeBuffer, SendCommand, CloseDevice, AllClosed, SignalAbort, Close, CloseEarly,
}

/// <summary>The server's transition table, S1 to S15 (IsSharedBuffer, S11, changes nothing and answers a Boolean).</summary>
internal static class ServerSetMachine
{
    /// <summary>The step for an event in a state.</summary>
    public static Step<ServerSetState> Next(ServerSetState state, ServerSetEvent @event) => (@event, state) switch
    {
        (Open, DoesNotExist) => Go(Connected),
        (GetConfiguration, Connected or Configurable or Initializing or Active or NormallyTerminated) => Go(state),
        (BeginConfiguration, Connected) => Go(Configurable),
        (RequestBuffers or QueryAvailableBuffers, Configurable or Initializing or Active) => Go(state),
        (EndConfiguration, Configurable) => Go(Initializing),
        (OpenDevice or ExecuteCompletionAgent, Initializing or Active) => Go(Active),
        (AllocateBuffer, Initializing or Active) => Go(state),
        // Cleaning up is allowed to the end (S10).
        (FreeBuffer, Initializing or Active or NormallyTerminated or Aborted) => Go(state),
        (SendCommand, Active) => Go(state),
        (CloseDevice, Active) => Go(state),
        (CloseDevice, NormallyTerminated) => new(VdResult.Closed, state),
        (AllClosed, Active) => Go(NormallyTerminated),
        (SignalAbort, not DoesNotExist) => Go(Aborted),
        // Told, but still closed, and everything released (S15, S-n4).
        (CloseEarly, Active) => new(VdResult.ProtocolError, DoesNotExist),
        (Close or CloseEarly, not DoesNotExist) => Go(DoesNotExist),
        // A call begun in the abort state: the table's code for configuration (S-n1), VD_E_ABORT for the rest.
        (GetConfiguration or OpenDevice or ExecuteCompletionAgent or AllocateBuffer or SendCommand or CloseDevice, Aborted) =>
            new(VdResult.Aborted, state),
        _ => new(VdResult.ProtocolError, state),
    };

    private static Step<ServerSetState> Go(ServerSetState next) => new(VdResult.Ok, next);
}
