namespace OpenVdi;

/// <summary>What ended a set early. Spec: 9.1.</summary>
public enum AbortReason
{
    /// <summary>Nothing did.</summary>
    None = 0,

    /// <summary>SignalAbort by a client (X1).</summary>
    ClientSignalled = 1,

    /// <summary>SignalAbort by the server (X2).</summary>
    ServerSignalled = 2,

    /// <summary>A client closed while devices were open, or before the server was done (X3, X10).</summary>
    ClientClosed = 3,

    /// <summary>The server closed while devices were open, or before all were closed (X4).</summary>
    ServerClosed = 4,

    /// <summary>The primary client's process ended (X5).</summary>
    ClientDied = 5,

    /// <summary>The server's process ended (X6).</summary>
    ServerDied = 6,

    /// <summary>The client was silent for longer than serverTimeOut allows (X8).</summary>
    ClientSilent = 7,

    /// <summary>A failure inside the interface, a buffer area that cannot be mapped for one (X9).</summary>
    InternalFailure = 8,

    /// <summary>The peer wrote what cannot be right.</summary>
    PeerViolation = 9,
}
