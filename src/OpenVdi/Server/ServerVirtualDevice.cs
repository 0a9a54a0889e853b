namespace OpenVdi.Server;

/// <summary>IServerVirtualDevice: one device in the engine's hands.</summary>
public sealed class ServerVirtualDevice
{
    internal ServerVirtualDevice() => throw new NotImplementedException();

    /// <summary>The device's name.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>The device's state as the server sees it.</summary>
    public DeviceState State => throw new NotImplementedException();

    /// <summary>Queues a command. Any thread, also from within a callback (A4). Spec: D1, D2, S12, 7.5, E1 to E4.</summary>
    /// <returns>NOERROR; else the refusal, and the command's callback has already run on this thread:
    /// VD_E_QUEUE_FULL (1450), VD_E_IO_ERROR (1117), VD_E_PROTOCOL (6), VD_E_ABORT (995).</returns>
    public VdResult SendCommand(ServerCommand command) => throw new NotImplementedException();

    /// <summary>Closes the device: what is queued is still delivered, then the client sees VD_E_CLOSE. Spec: D3, T2.</summary>
    public VdResult CloseDevice() => throw new NotImplementedException();
}
