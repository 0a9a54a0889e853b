using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <summary>IServerVirtualDeviceSet2: a set in the engine's hands. Any thread may call any member.</summary>
public sealed class ServerVirtualDeviceSet : IDisposable
{
    /// <summary>An object without a set yet.</summary>
    public ServerVirtualDeviceSet(VdiTransport transport) => ArgumentNullException.ThrowIfNull(transport);

    /// <summary>The state of the set as the server sees it.</summary>
    public ServerSetState State => throw new NotImplementedException();

    /// <summary>Why the last failing call of this object failed, in words; null when none did.</summary>
    public VdFailure? LastFailure => throw new NotImplementedException();

    /// <summary>Why the set was aborted, when it was.</summary>
    public AbortNotice? Abort => throw new NotImplementedException();

    /// <summary>Finds the set. Spec: S1, V12, V13.</summary>
    public VdResult Open(string? instanceName, string? setName) => throw new NotImplementedException();

    /// <summary>The client's wishes, or after BeginConfiguration the configuration as it stands. Spec: S2.</summary>
    public VdResult GetConfiguration(out SetConfiguration? configuration) => throw new NotImplementedException();

    /// <summary>Fixes the configuration. Spec: S3, V6 to V11, G3, G4, G9.</summary>
    public VdResult BeginConfiguration(
        VdFeatures features, uint blockSizeBytes, uint alignmentBytes, uint maxTransferSizeBytes, TimeSpan timeout) =>
        throw new NotImplementedException();

    /// <summary>Declares buffers; after EndConfiguration, adds them at once. Spec: S4, B1 to B4.</summary>
    public VdResult RequestBuffers(uint sizeBytes, uint alignmentBytes, uint count) => throw new NotImplementedException();

    /// <summary>How many such buffers could be allocated now. Spec: S5, B7.</summary>
    public VdResult QueryAvailableBuffers(uint sizeBytes, uint alignmentBytes, out uint count) =>
        throw new NotImplementedException();

    /// <summary>Makes the buffer area and releases the waiting client. Spec: S6, B5, B6.</summary>
    public VdResult EndConfiguration() => throw new NotImplementedException();

    /// <summary>Names and opens the next device. Spec: S7, 3.6.</summary>
    public VdResult OpenDevice(string? name, out ServerVirtualDevice? device) => throw new NotImplementedException();

    /// <summary>Runs the completion agent on the calling thread until all devices are closed, or Close, or abort.
    /// Spec: S8, A1 to A8.</summary>
    public VdResult ExecuteCompletionAgent() => throw new NotImplementedException();

    /// <summary>Takes a buffer from the pool; the last freed first. Spec: S9, B8, B9.</summary>
    public VdResult AllocateBuffer(out DeviceBuffer buffer, uint sizeBytes, uint alignmentBytes) =>
        throw new NotImplementedException();

    /// <summary>Gives a buffer back. Spec: S10, B10.</summary>
    public VdResult FreeBuffer(nint address, uint sizeBytes) => throw new NotImplementedException();

    /// <summary>Gives a buffer back. Spec: S10, B10.</summary>
    public VdResult FreeBuffer(DeviceBuffer buffer) => throw new NotImplementedException();

    /// <summary>Whether an address lies in a buffer area of the set. Spec: S11, B11.</summary>
    public bool IsSharedBuffer(nint address) => throw new NotImplementedException();

    /// <summary>Aborts the set for both halves. Spec: S14, Y1 to Y12.</summary>
    public VdResult SignalAbort() => throw new NotImplementedException();

    /// <summary>As <see cref="SignalAbort()"/>, with a reason for the logs of both halves (Y11).</summary>
    public VdResult SignalAbort(string reason) => throw new NotImplementedException();

    /// <summary>Gives up the set and all that belongs to it. Spec: S15, S-n4, X4.</summary>
    public VdResult Close() => throw new NotImplementedException();

    /// <summary>Close, when a set is there.</summary>
    public void Dispose() => throw new NotImplementedException();
}
