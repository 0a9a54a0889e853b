using OpenVdi.SharedMemory;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>The peers of one test: ended with it, whatever became of it.</summary>
internal sealed class Fleet : IDisposable
{
    private readonly List<Peer> _peers = [];

    public Peer Start(
        string name, IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? launcher = null)
    {
        Peer peer = Peer.Start(name, environment, launcher);
        _peers.Add(peer);
        return peer;
    }

    /// <summary>A name that no other test has, also when several suites run on one machine.</summary>
    public static string NewName(string stem) => $"{stem}-{Environment.ProcessId}-{Guid.NewGuid():N}";

    /// <summary>Fails when an exception came out of the interface in any peer.</summary>
    public void AssertNoExceptions() => Assert.Empty(_peers.SelectMany(static peer => peer.Exceptions));

    public void Dispose()
    {
        _peers.ForEach(static peer => peer.Dispose());

        // Peers end by kill: a primary that still had its set leaves the name to whoever sweeps next.
        SharedMemoryTransport.Default.Sweep();
    }
}
