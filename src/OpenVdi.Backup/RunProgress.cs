namespace OpenVdi.Backup;

/// <summary>How far a run is. Written by the run, read by anybody at any time.</summary>
public sealed class RunProgress
{
    private IReadOnlyList<DeviceWorker> _workers = [];

    /// <summary>Bytes stored or delivered so far, all devices.</summary>
    public long BytesTransferred
    {
        get
        {
            long sum = 0;
            foreach (DeviceWorker worker in Volatile.Read(ref _workers))   // Pairs with the write in Attach.
            {
                sum += worker.BytesTransferred;
            }

            return sum;
        }
    }

    /// <summary>Commands answered so far, all devices.</summary>
    public long CommandCount
    {
        get
        {
            long sum = 0;
            foreach (DeviceWorker worker in Volatile.Read(ref _workers))   // Pairs with the write in Attach.
            {
                sum += worker.CommandCount;
            }

            return sum;
        }
    }

    internal void Attach(IReadOnlyList<DeviceWorker> workers) => Volatile.Write(ref _workers, workers);
}
