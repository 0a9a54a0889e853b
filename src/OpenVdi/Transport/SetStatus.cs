namespace OpenVdi.Transport;

/// <summary>What is known of a set from outside, for a listing.</summary>
/// <param name="Name">The set's name; for a remnant, the name of what is left.</param>
/// <param name="State">The client's view of the set, or "remnant" for what a crash left behind.</param>
/// <param name="IsRemnant">Whether no living process holds it.</param>
/// <param name="DeviceCount">How many devices the set has.</param>
/// <param name="OpenDeviceCount">How many are open at a client now.</param>
/// <param name="PrimaryProcessId">The primary client's process, 0 when unknown.</param>
/// <param name="ServerProcessId">The server's process, 0 while there is none.</param>
/// <param name="SecondaryProcessIds">The secondary clients' processes.</param>
/// <param name="BytesTransferred">Bytes of Read and Write completed so far, all devices.</param>
/// <param name="BufferAreaBytes">Bytes of shared buffers.</param>
/// <param name="Age">Time since Create.</param>
public sealed record SetStatus(
    string Name,
    string State,
    bool IsRemnant,
    int DeviceCount,
    int OpenDeviceCount,
    int PrimaryProcessId,
    int ServerProcessId,
    IReadOnlyList<int> SecondaryProcessIds,
    long BytesTransferred,
    long BufferAreaBytes,
    TimeSpan Age);
