using OpenVdi.Testing;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Whole backups and restores between two processes.</summary>
public sealed class StreamTests
{
    private const ulong Seed = 4242;

    [Theory]
    [InlineData("backup", 1, 8 << 20)]
    [InlineData("backup", 4, 2 << 20)]
    [InlineData("backup", 64, 256 << 10)]
    [InlineData("restore", 1, 8 << 20)]
    [InlineData("restore", 4, 2 << 20)]
    [InlineData("restore", 64, 256 << 10)]
    [Spec("AT1")]
    [Spec("AT2")]
    [Spec("AT4")]
    [Spec("T2")]
    [Spec("T3")]
    [Spec("T6")]
    public void Stream_BetweenTwoProcesses_ArrivesWholeAndInOrder(string direction, int devices, long bytes)
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("stream");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        int depth = direction == "backup" ? 4 : 1;
        primary.Send(Requests.Primary(set, devices, Requests.Range(devices), Seed).With("hash", 1).With("depth", depth));
        Assert.Equal("NOERROR", primary.Expect("created", set).Code);

        server.Send(Requests.Serve(set, direction, Seed, bytes).With("hash", 1).With("varied", 1));

        PeerEvent served = server.Expect("served", set);
        Assert.Equal("NOERROR", served.Code);
        Assert.True(served.Flag("good"), served.ToString());
        Assert.Equal(string.Empty, served.Text("violations"));
        Assert.Equal(served.Number("sent"), served.Number("called"));
        Assert.Equal("NormallyTerminated", served.Text("state"));
        string[] hashes = served.Text("hashes").Split(',');
        for (int i = 0; i < devices; i++)
        {
            PeerEvent end = primary.Expect("device-end", set);
            Assert.Equal("VD_E_CLOSE", end.Code);
            Assert.Equal(string.Empty, end.Text("violation"));
            Assert.Equal(bytes, end.Number("bytes"));
            Assert.Equal(hashes[end.Number("device")], end.Text("hash"));
        }

        // The order of the two is free (T6): the direction decides it here.
        Peer first = direction == "backup" ? primary : server;
        Assert.Equal("NOERROR", first.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", (first == primary ? server : primary).Call(Requests.Close(set)).Code);
        fleet.AssertNoExceptions();
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("AT3")]
    public void OpenDevice_WithAll64OpenInAnotherProcess_IsOpenAtTheClientAndAtTheServer()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "at3", "backup", [.. Enumerable.Range(0, 64)], []);

        Assert.Equal("VD_E_OPEN", set.Primary.Call(Requests.OpenDevice(set.Name, $"{set.Name}-64")).Code);
        Assert.Equal("VD_E_OPEN", set.Server.Call(Requests.ServerOpenDevice(set.Name, $"{set.Name}-64")).Code);

        set.Server.Send(Requests.Stop(set.Name));
        Assert.True(set.Server.Expect("served", set.Name).Flag("good"));
        set.Primary.Expect("stored", set.Name);
        set.Close(set.Primary);
        set.Close(set.Server);
        fleet.AssertNoExceptions();
    }

    [Fact]
    [Spec("AT22")]
    [Spec("C1n3")]
    public void Create_AfterClose_ServesTheNextOperationWithTheSameObjectAndName()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("again");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        for (int i = 0; i < 3; i++)
        {
            primary.Send(Requests.Primary(set, 2, "0,1", Seed));
            Assert.Equal("NOERROR", primary.Expect("created", set).Code);
            server.Send(Requests.Serve(set, i == 1 ? "restore" : "backup", Seed, 1 << 20));
            Assert.True(server.Expect("served", set).Flag("good"));
            primary.Expect("stored", set);
            Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
            Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        }

        fleet.AssertNoExceptions();
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("AT20")]
    [Spec("B5")]
    public void EndConfiguration_WithMoreThanTheMachineHas_IsMemoryInWords()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("memory");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Open(set)).Code);

        PeerEvent refused = server.Call(Requests.Configure(set, size: 1 << 30, count: 2000));

        Assert.Equal("VD_E_MEMORY", refused.Code);
        string words = refused.Text("words");
        Assert.Contains("wanted", words, StringComparison.Ordinal);
        Assert.Contains("can be had", words, StringComparison.Ordinal);
        Assert.Contains("HINT:", words, StringComparison.Ordinal);
        Assert.Equal("NOERROR", server.Call(Requests.Configure(set, size: 65536, count: 4).With("again", 1)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.GetConfiguration(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }
}
