using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Three processes that live through round after round; the one that was killed is replaced.</summary>
internal sealed class Crew : IDisposable
{
    private readonly PeerPool _pool;

    public Crew(PeerPool pool)
    {
        _pool = pool;
        Server = pool.Take();
        Primary = pool.Take();
        Secondary = pool.Take();
    }

    public Peer Server { get; private set; }

    public Peer Primary { get; private set; }

    public Peer Secondary { get; private set; }

    public IEnumerable<Peer> All => [Server, Primary, Secondary];

    public void ReplaceServer()
    {
        Server.Dispose();
        Server = _pool.Take();
    }

    public void ReplacePrimary()
    {
        Primary.Dispose();
        Primary = _pool.Take();
    }

    public void ReplaceSecondary()
    {
        Secondary.Dispose();
        Secondary = _pool.Take();
    }

    /// <summary>After a round that went wrong nobody knows what they hold.</summary>
    public void ReplaceAll()
    {
        ReplaceServer();
        ReplacePrimary();
        ReplaceSecondary();
    }

    /// <summary>What the three still hold of sets that are all closed: memory mapped, or descriptors.</summary>
    public IEnumerable<string> FindHeld()
    {
        foreach (Peer peer in All)
        {
            peer.Send(new Request("vitals").With("run", "vitals"));
            PeerEvent vitals = peer.Expect("vitals", "vitals");
            if (vitals.Number("mappings") != 0 || vitals.Number("openvdi") != 0 || vitals.Number("sockets") != 0)
            {
                yield return $"{peer} still holds something of closed sets: {vitals}";
            }
        }
    }

    public void Dispose()
    {
        foreach (Peer peer in All)
        {
            peer.Dispose();
        }
    }
}
