namespace OpenVdi;

/// <summary>
/// How a call on a set or a device ended: the HRESULT values of the interface. Success is <see cref="Ok"/> only.
/// A device command ends with a <see cref="CompletionCode"/> instead; the two are different types on purpose.
/// </summary>
/// <remarks>Spec: 14.3, R1 to R24. <see cref="QueueFull"/> and <see cref="IOError"/> are not published; the values
/// are this project's own (14.3, 16.11).</remarks>
public enum VdResult
{
    /// <summary>NOERROR: the call did what it promises.</summary>
    Ok = 0,

    /// <summary>VD_E_NOTOPEN: the object is not open. No page names a function that returns it.</summary>
    NotOpen = unchecked((int)0x80770002),

    /// <summary>VD_E_TIMEOUT: the interval elapsed; nothing has changed and the call may be repeated.</summary>
    TimedOut = unchecked((int)0x80770003),

    /// <summary>VD_E_ABORT: the set was aborted by either half; only Close is useful now.</summary>
    Aborted = unchecked((int)0x80770004),

    /// <summary>VD_E_SECURITY: the security environment could not be created.</summary>
    SecurityError = unchecked((int)0x80770005),

    /// <summary>VD_E_INVALID: an argument is not valid, or there is no set of that name.</summary>
    Invalid = unchecked((int)0x80770006),

    /// <summary>VD_E_INSTANCE_NAME: the instance is not recognised.</summary>
    UnknownInstance = unchecked((int)0x80770007),

    /// <summary>VD_E_NOTSUPPORTED: the configuration asks for what the interface does not offer.</summary>
    NotSupported = unchecked((int)0x80770009),

    /// <summary>VD_E_MEMORY: there is not enough memory, or no free buffer.</summary>
    OutOfMemory = unchecked((int)0x8077000A),

    /// <summary>VD_E_UNEXPECTED: an internal error of this library.</summary>
    Unexpected = unchecked((int)0x8077000B),

    /// <summary>VD_E_PROTOCOL: the call is not allowed in this state.</summary>
    ProtocolError = unchecked((int)0x8077000C),

    /// <summary>VD_E_OPEN: every device is already open, or a set was closed while devices were open.</summary>
    DevicesOpen = unchecked((int)0x8077000D),

    /// <summary>VD_E_CLOSE: the device is closed now.</summary>
    Closed = unchecked((int)0x8077000E),

    /// <summary>VD_E_BUSY: a resource is busy. No page names a function that returns it.</summary>
    Busy = unchecked((int)0x8077000F),

    /// <summary>VD_E_QUEUE_FULL: the device's command queue has no room.</summary>
    QueueFull = unchecked((int)0x80770010),

    /// <summary>VD_E_IO_ERROR: the device is in the IO-ERROR state and takes only ClearError.</summary>
    IOError = unchecked((int)0x80770011),
}
