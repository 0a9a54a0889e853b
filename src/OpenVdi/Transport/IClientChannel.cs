namespace OpenVdi.Transport;

/// <summary>A client's end of a set, primary or secondary.</summary>
internal interface IClientChannel : ISetChannel
{
    /// <summary>The number of devices, known from Create on.</summary>
    int DeviceCount { get; }

    /// <summary>Waits until the server has finished configuration (G10).</summary>
    /// <param name="timeout">How long; infinite when negative, no wait when zero.</param>
    /// <param name="configuration">The final configuration when ready.</param>
    WaitOutcome WaitConfigured(TimeSpan timeout, out SetConfiguration? configuration);

    /// <summary>How many devices the server has named so far; they are named in order (3.6).</summary>
    int NamedDeviceCount { get; }

    /// <summary>The name of a device that the server has named.</summary>
    string DeviceName(int index);

    /// <summary>Waits until the server has named more than <paramref name="knownCount"/> devices.</summary>
    WaitOutcome WaitNamed(int knownCount);

    /// <summary>Takes a device for this client. False when any client of the set, in any process, has or had it (P5).</summary>
    bool TryClaimDevice(int index);

    /// <summary>Tells all clients that a device has reported VD_E_CLOSE.</summary>
    void MarkDeviceClosed(int index);

    /// <summary>Whether a device is taken by any client of the set, now or earlier.</summary>
    bool IsDeviceClaimed(int index);

    /// <summary>How many devices are taken, by any client, and not yet closed.</summary>
    int OpenDeviceCount { get; }

    /// <summary>How many devices have reported VD_E_CLOSE, to any client.</summary>
    int ClosedDeviceCount { get; }

    /// <summary>This client's end of a device that it has claimed.</summary>
    IClientDeviceChannel Device(int index);

    /// <summary>The buffer that a handle means, mapped here; waits for its area when that is under way (B26).</summary>
    /// <returns>False when no area of the set holds that many bytes, and the prefix zone, at that place.</returns>
    bool TryResolveBuffer(uint handle, uint sizeBytes, out DeviceBuffer buffer);

    /// <summary>The handle of a data address. Spec: 5.4.</summary>
    bool TryGetHandle(nint address, out uint handle);
}
