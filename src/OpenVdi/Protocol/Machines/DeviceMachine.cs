using static OpenVdi.ClientDeviceEvent;
using static OpenVdi.DeviceState;
using static OpenVdi.ServerDeviceEvent;

namespace OpenVdi;

/// <summary>The life of one device. Each side keeps its own. Spec: 3.7.</summary>
public enum DeviceState
{
    /// <summary>The set exists, the device is not open on this side.</summary>
    Unopened,

    /// <summary>Open on this side.</summary>
    Active,

    /// <summary>A command ended without success; ClearError brings the device back (D4 to D9).</summary>
    IOError,

    /// <summary>Closed by the server; at the client, VD_E_CLOSE has been reported.</summary>
    Closed,

    /// <summary>The set was aborted.</summary>
    Aborted,
}

/// <summary>What can happen to a device at the server.</summary>
internal enum ServerDeviceEvent
{
    Open, SendClearError, SendOther, CommandFailed, ErrorCleared, CloseDevice, Abort,
}

/// <summary>What can happen to a device at the client. <see cref="CompleteUnknown"/> is a completion of what is not an
/// active command of the device (D26, D27).</summary>
internal enum ClientDeviceEvent
{
    Open, TakeCommand, FindClosed, CompleteCommand, CompleteUnknown, CommandFailed, ErrorCleared, Abort,
}

/// <summary>The two views of a device: D1 to D12 the server's, D20 to D27 the client's.</summary>
internal static class DeviceMachine
{
    /// <summary>The server's step.</summary>
    public static Step<DeviceState> Next(DeviceState state, ServerDeviceEvent @event) => (@event, state) switch
    {
        (ServerDeviceEvent.Open, Unopened) => Go(Active),
        (SendClearError or SendOther, Active) => Go(state),
        (SendClearError, IOError) => Go(state),
        (SendOther, IOError) => new(VdResult.IOError, state),
        (ServerDeviceEvent.CommandFailed, Active or IOError) => Go(IOError),
        (ServerDeviceEvent.ErrorCleared, Active or IOError) => Go(Active),
        // What was still outstanding when the device was closed ends without reviving it.
        (ServerDeviceEvent.CommandFailed or ServerDeviceEvent.ErrorCleared, Closed) => Go(state),
        (CloseDevice, Active or IOError) => Go(Closed),
        (CloseDevice, Closed) => new(VdResult.Closed, state),
        (ServerDeviceEvent.Abort, _) => Go(DeviceState.Aborted),
        (_, DeviceState.Aborted) => new(VdResult.Aborted, state),
        _ => new(VdResult.ProtocolError, state),
    };

    /// <summary>The client's step.</summary>
    public static Step<DeviceState> Next(DeviceState state, ClientDeviceEvent @event) => (@event, state) switch
    {
        (ClientDeviceEvent.Open, Unopened) => Go(Active),
        (TakeCommand or CompleteCommand, Active or IOError) => Go(state),
        (FindClosed, Active or IOError) => new(VdResult.Closed, Closed),
        (CompleteUnknown, Active or IOError) => new(VdResult.Invalid, state),
        (ClientDeviceEvent.CommandFailed, Active or IOError) => Go(IOError),
        (ClientDeviceEvent.ErrorCleared, Active or IOError) => Go(Active),
        (ClientDeviceEvent.Abort, _) => Go(DeviceState.Aborted),
        (_, DeviceState.Aborted) => new(VdResult.Aborted, state),
        // Unopened: the set's table answers first. Closed: VD_E_CLOSE was said once (D24).
        _ => new(VdResult.ProtocolError, state),
    };

    private static Step<DeviceState> Go(DeviceState next) => new(VdResult.Ok, next);
}
