using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>A set in transfer between real processes: a server, a primary client and, when wanted, a secondary one.</summary>
internal sealed class LiveSet
{
    private LiveSet(Fleet fleet, string stem, ulong seed)
    {
        Name = Fleet.NewName(stem);
        Seed = seed;
        Primary = fleet.Start("primary");
        Server = fleet.Start("server");
    }

    public string Name { get; }

    public ulong Seed { get; }

    public Peer Primary { get; }

    public Peer Server { get; }

    public Peer? Secondary { get; private set; }

    /// <summary>Starts an endless transfer and returns once a command has reached the client on every device.</summary>
    /// <param name="fleet">Whose the processes are.</param>
    /// <param name="stem">What the set's name begins with.</param>
    /// <param name="direction">"backup" or "restore".</param>
    /// <param name="own">The primary's devices.</param>
    /// <param name="joined">The secondary's devices; empty for no secondary.</param>
    /// <param name="client">What else to ask of the client loops.</param>
    public static LiveSet Start(
        Fleet fleet, string stem, string direction, int[] own, int[] joined, Func<Request, Request>? client = null)
    {
        var set = new LiveSet(fleet, stem, seed: 20_261_122);
        int count = own.Length + joined.Length;
        Request primary = Requests.Primary(set.Name, count, string.Join(',', own), set.Seed);
        set.Primary.Send(client?.Invoke(primary) ?? primary);
        Assert.Equal("NOERROR", set.Primary.Expect("created", set.Name).Code);
        set.Server.Send(Requests.Serve(set.Name, direction, set.Seed));
        Assert.Equal("NOERROR", set.Primary.Expect("configured", set.Name).Code);
        if (joined.Length > 0)
        {
            set.Secondary = fleet.Start("secondary");
            Request secondary = Requests.Secondary(set.Name, string.Join(',', joined), set.Seed);
            set.Secondary.Send(client?.Invoke(secondary) ?? secondary);
            Assert.Equal("NOERROR", set.Secondary.Expect("joined", set.Name).Code);
        }

        foreach (int device in own)
        {
            set.Primary.Expect("first", set.Name, first => first.Number("device") == device);
        }

        foreach (int device in joined)
        {
            set.Secondary!.Expect("first", set.Name, first => first.Number("device") == device);
        }

        return set;
    }

    /// <summary>Waits until so many more commands of a device are done.</summary>
    public void AwaitTraffic(int device, int count)
    {
        Server.Send(Requests.Notify(Name, device, count));
        Server.Expect("reached", Name, reached => reached.Number("device") == device);
    }

    /// <summary>Waits for the server's end of the run: aborted, in time, with exactly one callback for each command.</summary>
    public PeerEvent ExpectServerAborted(long since)
    {
        PeerEvent agent = Server.Expect("agent", Name);
        Assert.Equal("VD_E_ABORT", agent.Code);
        AssertInTime(since, agent);
        PeerEvent served = Server.Expect("served", Name);
        Assert.Equal(string.Empty, served.Text("violations"));
        Assert.Equal(served.Number("sent"), served.Number("called"));
        Assert.False(served.Flag("good"));
        Assert.Equal("Aborted", served.Text("state"));
        return served;
    }

    /// <summary>Waits for the end of a client's devices: each VD_E_ABORT, in time.</summary>
    public void ExpectClientAborted(Peer client, int deviceCount, long since)
    {
        for (int i = 0; i < deviceCount; i++)
        {
            PeerEvent end = client.Expect("device-end", Name);
            Assert.Equal("VD_E_ABORT", end.Code);
            Assert.Equal(string.Empty, end.Text("violation"));
            AssertInTime(since, end);
        }

        client.Expect("stored", Name);
    }

    /// <summary>Closes one party, which must work.</summary>
    public void Close(Peer peer) => Assert.Equal("NOERROR", peer.Call(Requests.Close(Name)).Code);

    private static void AssertInTime(long since, PeerEvent seen)
    {
        long limit = Notice.LimitMicroseconds;
        Assert.True(seen.At - since <= limit, $"expected within {limit} us, found {seen.At - since} us: {seen}");
    }
}
