using static OpenVdi.ClientSetEvent;
using static OpenVdi.ClientSetState;

namespace OpenVdi;

/// <summary>The life of a virtual device set as a client sees it. Spec: 3.2.</summary>
public enum ClientSetState
{
    /// <summary>Before Create or OpenInSecondary, and after Close.</summary>
    DoesNotExist,

    /// <summary>Created; the server has not finished configuration.</summary>
    Configurable,

    /// <summary>The configuration is known; devices can be opened.</summary>
    Initializing,

    /// <summary>At least one device was opened.</summary>
    Active,

    /// <summary>Every device delivered VD_E_CLOSE.</summary>
    NormallyTerminated,

    /// <summary>SignalAbort by either half, a timeout, or the death of a partner.</summary>
    Aborted,
}

/// <summary>What can happen to a set at the client. A row with two outcomes is two events.</summary>
internal enum ClientSetEvent
{
    Create, OpenInSecondary, GetConfiguration, OpenDevice, GetCommand, LastDeviceClosed, CompleteCommand, UseBufferHandle,
    SignalAbort, Close, CloseEarly,
}

/// <summary>The client's transition table, C1 to C9.</summary>
internal static class ClientSetMachine
{
    /// <summary>The step for an event in a state. What an event waits for, and which device it means, is the driver's.</summary>
    public static Step<ClientSetState> Next(ClientSetState state, ClientSetEvent @event) => (@event, state) switch
    {
        (Create, DoesNotExist) => Go(Configurable),
        (OpenInSecondary, DoesNotExist) => Go(Initializing),
        (GetConfiguration, Configurable) => Go(Initializing),
        (GetConfiguration, Initializing or Active or NormallyTerminated) => Go(state),
        // Which device, and whether it is free, is the driver's to say (C4n).
        (OpenDevice, Initializing or Active) => Go(Active),
        (GetCommand or CompleteCommand, Active) => Go(state),
        // The primary may see all devices closed that only secondaries had (P11).
        (LastDeviceClosed, Active or Initializing) => new(VdResult.Closed, NormallyTerminated),
        (UseBufferHandle, Initializing or Active or NormallyTerminated or Aborted) => Go(state),
        // Told, but still closed (C9n). The primary may have no device of its own and be early all the same (P9).
        (CloseEarly, Active or Initializing) => new(VdResult.DevicesOpen, DoesNotExist),
        (Close or CloseEarly, not DoesNotExist) => Go(DoesNotExist),
        // Abort is final: only Close changes anything after it. A Create then is not aborted but misplaced (C1).
        (SignalAbort, not DoesNotExist) => Go(Aborted),
        (not (Create or OpenInSecondary), Aborted) => new(VdResult.Aborted, state),
        // The specification leaves no cell empty, so this arm is a rule, not a shrug; a test walks every cell.
        _ => new(VdResult.ProtocolError, state),
    };

    private static Step<ClientSetState> Go(ClientSetState next) => new(VdResult.Ok, next);
}
