namespace OpenVdi;

/// <summary>The specification's names of result codes, for messages, traces and tables.</summary>
public static class VdResultNames
{
    /// <summary>The name as the specification writes it, for instance <c>VD_E_PROTOCOL</c>; <c>NOERROR</c> for success;
    /// the hexadecimal value for a number that has no name.</summary>
    public static string SpecName(this VdResult result) => result switch
    {
        VdResult.Ok => "NOERROR",
        VdResult.NotOpen => "VD_E_NOTOPEN",
        VdResult.TimedOut => "VD_E_TIMEOUT",
        VdResult.Aborted => "VD_E_ABORT",
        VdResult.SecurityError => "VD_E_SECURITY",
        VdResult.Invalid => "VD_E_INVALID",
        VdResult.UnknownInstance => "VD_E_INSTANCE_NAME",
        VdResult.NotSupported => "VD_E_NOTSUPPORTED",
        VdResult.OutOfMemory => "VD_E_MEMORY",
        VdResult.Unexpected => "VD_E_UNEXPECTED",
        VdResult.ProtocolError => "VD_E_PROTOCOL",
        VdResult.DevicesOpen => "VD_E_OPEN",
        VdResult.Closed => "VD_E_CLOSE",
        VdResult.Busy => "VD_E_BUSY",
        VdResult.QueueFull => "VD_E_QUEUE_FULL",
        VdResult.IOError => "VD_E_IO_ERROR",
        _ => $"0x{(uint)result:X8}",
    };
}
