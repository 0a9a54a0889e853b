namespace OpenVdi.Client;

/// <summary>IClientVirtualDevice: one device in the client's hands. Meant for one thread; made by OpenDevice.</summary>
public sealed class ClientVirtualDevice
{
    internal ClientVirtualDevice() => throw new NotImplementedException();

    /// <summary>The device's name; the first device has the set's.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>The device's state as this client sees it.</summary>
    public DeviceState State => throw new NotImplementedException();

    /// <summary>Waits for the next command. Spec: C5, D20 to D25, 7.2.</summary>
    /// <param name="timeout">How long; zero polls, negative waits without end.</param>
    /// <param name="command">The command, with a buffer that is valid in this process (B25).</param>
    /// <returns>NOERROR; VD_E_TIMEOUT; VD_E_CLOSE once when the server has closed the device; VD_E_ABORT;
    /// VD_E_PROTOCOL after VD_E_CLOSE or Close.</returns>
    public VdResult GetCommand(TimeSpan timeout, out ClientCommand command) => throw new NotImplementedException();

    /// <summary>Answers a command: exactly once, in any order. Spec: C6, D26, D27, 7.3.</summary>
    /// <returns>NOERROR; VD_E_INVALID for what is not an active command of this device; VD_E_ABORT; VD_E_PROTOCOL when
    /// the device is not open.</returns>
    public VdResult CompleteCommand(
        in ClientCommand command, CompletionCode completionCode, uint bytesTransferred, ulong position = 0) =>
        throw new NotImplementedException();
}
