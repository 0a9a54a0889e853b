using OpenVdi.Testing;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>A /dev/shm with hardly any room, as containers have it. Both halves live in one process here: it has a /dev/shm
/// of its own, which no other process sees.</summary>
public sealed class SmallSharedFolderTests
{
    private const ulong Seed = 21;

    [Fact]
    [Spec("B5")]
    [Spec("U14")]
    public void Stream_WithASharedFolderSmallerThanItsBuffers_Works()
    {
        if (!CanMount)
        {
            return;
        }

        using var fleet = new Fleet();
        string set = Fleet.NewName("small");
        Peer peer = fleet.Start("both halves", launcher: Mounting("size=64k"));
        peer.Send(Requests.Primary(set, 2, "0,1", Seed).With("run", "client"));
        Assert.Equal("NOERROR", peer.Expect("created", "client").Code);

        peer.Send(Requests.Serve(set, "backup", Seed, 8 << 20).With("run", "server").With("transfer", 1 << 20).With("buffers", 8));

        Assert.True(peer.Expect("served", "server").Flag("good"));
        peer.Expect("stored", "client");
        Assert.Equal("NOERROR", peer.Call(new Request("close").With("run", "client")).Code);
        Assert.Equal("NOERROR", peer.Call(new Request("close").With("run", "server")).Code);
    }

    [Fact]
    [Spec("C1n")]
    public void Create_WithAFullSharedFolder_IsMemoryInWords()
    {
        if (!CanMount)
        {
            return;
        }

        using var fleet = new Fleet();
        // One inode is the folder's own; the name finds none.
        Peer peer = fleet.Start("client", launcher: Mounting("size=4k,nr_inodes=1"));

        PeerEvent created = peer.Call(Requests.Create(Fleet.NewName("full")));

        Assert.Equal("VD_E_MEMORY", created.Code);
        Assert.Contains("/dev/shm", created.Text("words"), StringComparison.Ordinal);
        Assert.Contains("HINT:", created.Text("words"), StringComparison.Ordinal);
        fleet.AssertNoExceptions();
    }

    /// <summary>Only root can mount.</summary>
    private static bool CanMount => Environment.IsPrivilegedProcess && File.Exists("/usr/bin/unshare");

    private static string[] Mounting(string options) =>
        ["/usr/bin/unshare", "--mount", "sh", "-c", $"mount -t tmpfs -o {options} tmpfs /dev/shm && exec \"$0\""];
}
