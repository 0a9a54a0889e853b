using OpenVdi.Transport;

namespace OpenVdi.Client;

/// <summary>IClientVirtualDeviceSet2: a set in the backup program's hands. Any thread may call any member.</summary>
public sealed class ClientVirtualDeviceSet : IDisposable
{
    /// <summary>An object without a set yet.</summary>
    public ClientVirtualDeviceSet(VdiTransport transport) => ArgumentNullException.ThrowIfNull(transport);

    /// <summary>The state of the set as this client sees it.</summary>
    public ClientSetState State => throw new NotImplementedException();

    /// <summary>Why the last failing call of this object failed, in words; null when none did.</summary>
    public VdFailure? LastFailure => throw new NotImplementedException();

    /// <summary>Why the set was aborted, when it was.</summary>
    public AbortNotice? Abort => throw new NotImplementedException();

    /// <summary>CreateEx for the instance that the environment variable _VIRTUAL_SERVER_NAME_ names, else for the default
    /// instance. Spec: N14, C1.</summary>
    public VdResult Create(string? name, SetConfiguration? configuration) => throw new NotImplementedException();

    /// <summary>Makes the set. Spec: C1, C1n, V1 to V5.</summary>
    public VdResult CreateEx(string? instanceName, string? name, SetConfiguration? configuration) =>
        throw new NotImplementedException();

    /// <summary>Joins an existing set of the default instance as a secondary client. Spec: C2, P1 to P11.</summary>
    public VdResult OpenInSecondary(string? setName) => throw new NotImplementedException();

    /// <summary>Joins an existing set as a secondary client. Spec: C2, C2n.</summary>
    public VdResult OpenInSecondaryEx(string? instanceName, string? setName) => throw new NotImplementedException();

    /// <summary>Waits for the server's EndConfiguration. Spec: C3, Z6.</summary>
    public VdResult GetConfiguration(TimeSpan timeout, out SetConfiguration? configuration) =>
        throw new NotImplementedException();

    /// <summary>Opens a device by name. Spec: C4, C4n, 3.6.</summary>
    public VdResult OpenDevice(string? name, out ClientVirtualDevice? device) => throw new NotImplementedException();

    /// <summary>The process-independent number of a command's buffer. Spec: 5.4, C7.</summary>
    public VdResult GetBufferHandle(nint address, out uint handle) => throw new NotImplementedException();

    /// <summary>The local address of a buffer handle. Spec: 5.4, C7.</summary>
    public VdResult MapBufferHandle(uint handle, out nint address) => throw new NotImplementedException();

    /// <summary>The local buffer of a handle whose size the caller knows. Spec: 5.4, C7.</summary>
    public VdResult MapBufferHandle(uint handle, uint sizeBytes, out DeviceBuffer buffer) => throw new NotImplementedException();

    /// <summary>Aborts the set for both halves. Never blocks on the partner. Spec: C8, Y1 to Y12.</summary>
    public VdResult SignalAbort() => throw new NotImplementedException();

    /// <summary>As <see cref="SignalAbort()"/>, with a reason for the logs of both halves (Y11).</summary>
    public VdResult SignalAbort(string reason) => throw new NotImplementedException();

    /// <summary>Gives up the set and all that belongs to it; this object can then create the next one. Spec: C9, C9n.</summary>
    public VdResult Close() => throw new NotImplementedException();

    /// <summary>Close, when a set is there.</summary>
    public void Dispose() => throw new NotImplementedException();
}
