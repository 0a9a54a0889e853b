using OpenVdi.SharedMemory;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Peers that were started ahead of need: a campaign kills many, and must not wait for each to start.</summary>
internal sealed class PeerPool : IDisposable
{
    private readonly Queue<Peer> _spares = new();
    private readonly Lock _lock = new();
    private readonly int _spareCount;
    private int _startedCount;

    public PeerPool(int spareCount)
    {
        _spareCount = spareCount;
        Refill();
    }

    /// <summary>A peer that nobody else has; its owner disposes it.</summary>
    public Peer Take()
    {
        Peer peer;
        lock (_lock)
        {
            peer = _spares.Dequeue();
        }

        Refill();
        peer.Expect("ready");
        return peer;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Peer peer in _spares)
            {
                peer.Dispose();
            }
        }

        // A campaign's last peers may have been killed with a set in their hands.
        SharedMemoryTransport.Default.Sweep();
    }

    private void Refill()
    {
        lock (_lock)
        {
            while (_spares.Count < _spareCount)
            {
                _spares.Enqueue(Peer.Start($"peer {++_startedCount}"));
            }
        }
    }
}
