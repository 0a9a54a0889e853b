using OpenVdi.Transport;

namespace OpenVdi.Native.Server;

/// <summary>The buffers that an engine in C has of one set, by the addresses that it knows them by.</summary>
/// <remarks>Any thread. Looking up allocates nothing; nor does taking and giving back, once the table has its size.</remarks>
internal sealed class AllocatedBuffers
{
    // Also held while the set gives or takes a buffer, so that an address cannot be given anew before it is forgotten here.
    // Lock order: this one, then the set's.
    private readonly object _gate = new();
    private readonly Dictionary<nint, DeviceBuffer> _byAddress = [];

    /// <summary>The buffer whose data begin at an address; empty when none does.</summary>
    public DeviceBuffer Find(nint address)
    {
        lock (_gate)
        {
            return _byAddress.GetValueOrDefault(address);
        }
    }

    /// <summary>AllocateBuffer. Spec: S9, B8, B9.</summary>
    public VdResult Allocate(OpenVdi.Server.ServerVirtualDeviceSet set, uint sizeBytes, uint alignmentBytes, out nint address)
    {
        lock (_gate)
        {
            VdResult result = set.AllocateBuffer(out DeviceBuffer buffer, sizeBytes, alignmentBytes);
            address = buffer.Address;
            if (result == VdResult.Ok)
            {
                _byAddress[address] = buffer;
            }

            return result;
        }
    }

    /// <summary>FreeBuffer. Spec: S10, B10.</summary>
    public VdResult Free(OpenVdi.Server.ServerVirtualDeviceSet set, nint address, uint sizeBytes)
    {
        lock (_gate)
        {
            VdResult result = set.FreeBuffer(address, sizeBytes);
            if (result == VdResult.Ok)
            {
                _byAddress.Remove(address);
            }

            return result;
        }
    }

    /// <summary>Forgets all: they were of an earlier set.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _byAddress.Clear();
        }
    }
}
