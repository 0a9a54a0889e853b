using OpenVdi.Testing;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>What the living see when a process dies, or only stops.</summary>
public sealed class DeathTests
{
    [Theory]
    [InlineData("backup")]
    [InlineData("restore")]
    [Spec("AT11")]
    [Spec("X5")]
    [Spec("Y6")]
    [Spec("A7")]
    public void Kill_ThePrimary_AbortsTheServerAndFreesTheName(string direction)
    {
        using var fleet = new Fleet();
        // The clients hold what they fetch, so that commands are outstanding for certain.
        LiveSet set = LiveSet.Start(fleet, "at11", direction, [0, 1, 2, 3], [], static client => client.With("stall", 20));
        set.Primary.Expect("stalled", set.Name);

        long killed = set.Primary.Kill();

        PeerEvent served = set.ExpectServerAborted(killed);
        Assert.True(served.Number("aborted") > 0, served.ToString());
        Assert.Equal("ClientDied", served.Text("abort"));
        set.Close(set.Server);
        Leftovers.AssertNone(set.Name);
        Peer next = fleet.Start("next primary");
        Assert.Equal("NOERROR", next.Call(Requests.Create(set.Name)).Code);
        Assert.Equal("NOERROR", next.Call(Requests.Close(set.Name)).Code);
        Leftovers.AssertNone(set.Name);
        fleet.AssertNoExceptions();
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("restore")]
    [Spec("AT12")]
    [Spec("X6")]
    [Spec("Y2")]
    public void Kill_TheServer_AbortsEveryClient(string direction)
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "at12", direction, [0, 1, 2], [3]);

        long killed = set.Server.Kill();

        set.ExpectClientAborted(set.Primary, 3, killed);
        set.ExpectClientAborted(set.Secondary!, 1, killed);
        set.Close(set.Secondary!);
        set.Close(set.Primary);
        Leftovers.AssertNone(set.Name);
        fleet.AssertNoExceptions();
    }

    [Fact]
    [Spec("AT12")]
    [Spec("X6")]
    public void Kill_TheServerWhileTheClientWaitsInGetConfiguration_EndsTheWait()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("at12-early");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        primary.Send(Requests.Primary(set, 1, "0", 1));
        Assert.Equal("NOERROR", primary.Expect("created", set).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Open(set)).Code);

        long killed = server.Kill();

        PeerEvent configured = primary.Expect("configured", set);
        Assert.Equal("VD_E_ABORT", configured.Code);
        Assert.InRange(configured.At - killed, 0, Notice.LimitMicroseconds);
        primary.Expect("stored", set);
        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("AT13")]
    [Spec("X7")]
    [Spec("P8")]
    public void Kill_ASecondary_ChangesNothingUntilThePrimaryAborts()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "at13", "backup", [0, 1], [2, 3], static client => client.With("depth", 3));

        set.Secondary!.Kill();

        // Much more traffic than the moment in which a death is noticed takes.
        set.AwaitTraffic(0, 5000);
        set.AwaitTraffic(1, 1000);
        Assert.Null(set.Server.TryExpect("agent", set.Name, limit: TimeSpan.Zero));
        Assert.Null(set.Primary.TryExpect("device-end", set.Name, limit: TimeSpan.Zero));
        long aborted = EventWriter.Now;
        Assert.Equal("NOERROR", set.Primary.Call(Requests.Abort(set.Name)).Code);
        PeerEvent served = set.ExpectServerAborted(aborted);
        Assert.True(served.Number("aborted") > 0, served.ToString());
        set.ExpectClientAborted(set.Primary, 2, aborted);
        set.Close(set.Primary);
        set.Close(set.Server);
        Leftovers.AssertNone(set.Name);
        fleet.AssertNoExceptions();
    }

    [Fact]
    [Spec("X5")]
    [Spec("A5")]
    [Spec("A6")]
    public void Kill_ThePrimaryThatHoldsCommandsOfClosedDevices_StillGivesEachItsCallback()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("held");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set)).Code);
        server.Send(Requests.Serve(set, "backup", 1).With("closeearly", 1));
        Assert.Equal("NOERROR", primary.Call(Requests.GetConfiguration(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.OpenDevice(set, set)).Code);
        // It holds one of four and never comes for the others, so that it is never told of the close.
        Assert.Equal("NOERROR", primary.Call(Requests.GetCommand(set, set, "c1")).Code);
        server.Expect("feeding", set);

        long killed = primary.Kill();

        PeerEvent served = server.Expect("served", set);
        Assert.InRange(served.At - killed, 0, Notice.LimitMicroseconds);
        Assert.Equal(string.Empty, served.Text("violations"));
        Assert.Equal(served.Number("sent"), served.Number("called"));
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("fork")]
    [Spec("X5")]
    public void Kill_APrimaryThatLeftAChildBehind_IsNoticedAllTheSame(string kind)
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "child", "backup", [0], []);
        set.Primary.Send(new Request("child").With("run", set.Name).With("kind", kind));
        int child = (int)set.Primary.Expect("child", set.Name).Number("process");
        try
        {
            long killed = set.Primary.Kill();

            set.ExpectServerAborted(killed);
            set.Close(set.Server);
            Peer next = fleet.Start("next primary");
            Assert.Equal("NOERROR", next.Call(Requests.Create(set.Name)).Code);
            Assert.Equal("NOERROR", next.Call(Requests.Close(set.Name)).Code);
        }
        finally
        {
            using var process = System.Diagnostics.Process.GetProcessById(child);
            process.Kill();
        }
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("fork")]
    [Spec("X6")]
    public void Kill_AServerThatLeftAChildBehind_IsNoticedAllTheSame(string kind)
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "child", "backup", [0], []);
        set.Server.Send(new Request("child").With("run", set.Name).With("kind", kind));
        int child = (int)set.Server.Expect("child", set.Name).Number("process");
        try
        {
            long killed = set.Server.Kill();

            set.ExpectClientAborted(set.Primary, 1, killed);
            set.Close(set.Primary);
            Leftovers.AssertNone(set.Name);
        }
        finally
        {
            using var process = System.Diagnostics.Process.GetProcessById(child);
            process.Kill();
        }
    }

    [Fact]
    [Spec("X5")]
    [Spec("X6")]
    public void Kill_PrimaryAndServerAtOnce_LeavesNothingAfterTheNextCreateOrSweep()
    {
        using var fleet = new Fleet();
        LiveSet first = LiveSet.Start(fleet, "both", "backup", [0, 1], []);
        LiveSet second = LiveSet.Start(fleet, "both", "restore", [0], [1]);
        Parallel.Invoke(() => first.Primary.Kill(), () => first.Server.Kill());
        Parallel.Invoke(() => second.Primary.Kill(), () => second.Server.Kill(), () => second.Secondary!.Kill());
        Peer next = fleet.Start("next");

        Assert.Equal("NOERROR", next.Call(Requests.Create(first.Name)).Code);
        next.Send(Requests.Sweep());
        next.Expect("swept", "sweep");

        Leftovers.AssertNone(second.Name);
        Assert.NotEmpty(Leftovers.Find(first.Name));
        Assert.Equal("NOERROR", next.Call(Requests.Close(first.Name)).Code);
        Leftovers.AssertNone(first.Name);
    }

    [Fact]
    [Spec("Y1")]
    public void Stop_ThePrimary_NeverHangsTheServer()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "stop", "backup", [0, 1], []);
        Peer other = fleet.Start("other");
        set.Primary.Signal(Peer.Sigstop);

        Assert.Equal("VD_E_PROTOCOL", other.Call(Requests.Create(set.Name)).Code);
        // It may be told to come back later, in whatever words; it may not be kept waiting.
        Assert.NotEqual("NOERROR", other.Call(Requests.Join(set.Name)).Code);
        other.Send(Requests.Sweep());
        Assert.DoesNotContain(set.Name, other.Expect("swept", "sweep").Text("names"), StringComparison.Ordinal);
        Assert.Equal("VD_E_PROTOCOL", set.Server.Call(Requests.Close(set.Name)).Code);
        PeerEvent served = set.Server.Expect("served", set.Name);
        Assert.Equal(string.Empty, served.Text("violations"));
        Assert.Equal(served.Number("sent"), served.Number("called"));

        long resumed = EventWriter.Now;
        set.Primary.Signal(Peer.Sigcont);
        set.ExpectClientAborted(set.Primary, 2, resumed);
        set.Close(set.Primary);
        Leftovers.AssertNone(set.Name);
    }

    [Fact]
    [Spec("Y1")]
    public void Stop_TheServer_NeverHangsTheClient()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "stop", "restore", [0, 1], []);
        set.Server.Signal(Peer.Sigstop);

        long aborted = EventWriter.Now;
        Assert.Equal("NOERROR", set.Primary.Call(Requests.Abort(set.Name)).Code);
        set.ExpectClientAborted(set.Primary, 2, aborted);
        set.Close(set.Primary);

        long resumed = EventWriter.Now;
        set.Server.Signal(Peer.Sigcont);
        set.ExpectServerAborted(resumed);
        set.Close(set.Server);
        Leftovers.AssertNone(set.Name);
    }

    [Fact]
    [Spec("V12")]
    public void Stop_ThePrimaryBeforeTheServerOpens_NeverHangsOpen()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("stop-early");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set)).Code);
        primary.Signal(Peer.Sigstop);

        PeerEvent opened = server.Call(Requests.Open(set));

        primary.Signal(Peer.Sigcont);
        Assert.Equal("VD_E_INVALID", opened.Code);
        Assert.NotEmpty(opened.Text("words"));
        Assert.Equal("NOERROR", server.Call(Requests.Open(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        primary.Call(Requests.Close(set));
        Leftovers.AssertNone(set);
    }
}
