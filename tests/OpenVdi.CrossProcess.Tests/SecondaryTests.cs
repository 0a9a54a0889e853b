using OpenVdi.Testing;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Secondary clients in processes of their own: P1 to P11.</summary>
public sealed class SecondaryTests
{
    private const ulong Seed = 99;

    [Fact]
    [Spec("P1")]
    [Spec("P2")]
    [Spec("P3")]
    [Spec("P11")]
    public void Secondaries_ServeAllDevicesOfAPrimaryWithoutOne_ToTheEnd()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("p11");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        Peer[] secondaries = [.. Enumerable.Range(0, 3).Select(i => fleet.Start($"secondary {i}"))];
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set).With("devices", 3)).Code);
        server.Send(Requests.Serve(set, "backup", Seed, 4 << 20).With("hash", 1).With("complete", 0));
        Assert.Equal("NOERROR", primary.Call(Requests.GetConfiguration(set)).Code);

        for (int i = 0; i < secondaries.Length; i++)
        {
            secondaries[i].Send(Requests.Secondary(set, $"{i}", Seed).With("hash", 1));
            Assert.Equal("NOERROR", secondaries[i].Expect("joined", set).Code);
        }

        PeerEvent served = server.Expect("served", set);
        Assert.True(served.Flag("good"), served.ToString());
        for (int i = 0; i < secondaries.Length; i++)
        {
            PeerEvent end = secondaries[i].Expect("device-end", set);
            Assert.Equal("VD_E_CLOSE", end.Code);
            Assert.Equal(served.Text("hashes").Split(',')[i], end.Text("hash"));
            // GetConfiguration returns at once in a secondary (P3).
            Assert.Equal("NOERROR", secondaries[i].Call(Requests.GetConfiguration(set)).Code);
            Assert.Equal("NOERROR", secondaries[i].Call(Requests.Close(set)).Code);
        }

        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        fleet.AssertNoExceptions();
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("P4")]
    [Spec("C2n")]
    public void OpenInSecondary_BeforeConfigurationIsComplete_IsProtocol()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("p4");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        Peer secondary = fleet.Start("secondary");

        Assert.Equal("VD_E_PROTOCOL", secondary.Call(Requests.Join(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set)).Code);
        Assert.Equal("VD_E_PROTOCOL", secondary.Call(Requests.Join(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Open(set)).Code);
        Assert.Equal("VD_E_PROTOCOL", secondary.Call(Requests.Join(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Configure(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.GetConfiguration(set)).Code);
        Assert.Equal("NOERROR", secondary.Call(Requests.Join(set)).Code);

        Assert.Equal("NOERROR", secondary.Call(Requests.Close(set)).Code);
        primary.Call(Requests.Close(set));
        server.Call(Requests.Close(set));
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("P5")]
    public void OpenDevice_WithADeviceOfAnotherProcess_IsProtocolUntilAllAreOpenThenOpen()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("p5");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        Peer secondary = fleet.Start("secondary");
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set).With("devices", 2)).Code);
        server.Send(Requests.Serve(set, "backup", Seed));
        Assert.Equal("NOERROR", primary.Call(Requests.GetConfiguration(set)).Code);
        Assert.Equal("NOERROR", secondary.Call(Requests.Join(set)).Code);

        Assert.Equal("NOERROR", primary.Call(Requests.OpenDevice(set, set)).Code);
        Assert.Equal("VD_E_PROTOCOL", secondary.Call(Requests.OpenDevice(set, set)).Code);
        Assert.Equal("VD_E_INVALID", secondary.Call(Requests.OpenDevice(set, set + "-none")).Code);
        Assert.Equal("NOERROR", secondary.Call(Requests.OpenDevice(set, set + "-1")).Code);
        Assert.Equal("VD_E_OPEN", secondary.Call(Requests.OpenDevice(set, set)).Code);
        Assert.Equal("VD_E_OPEN", primary.Call(Requests.OpenDevice(set, set + "-1")).Code);

        Assert.Equal("NOERROR", primary.Call(Requests.Abort(set)).Code);
        server.Expect("served", set);
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", secondary.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("P6")]
    [Spec("X1")]
    public void SignalAbort_InASecondary_AbortsTheWholeSet()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "p6", "backup", [0], [1]);

        long aborted = EventWriter.Now;
        Assert.Equal("NOERROR", set.Secondary!.Call(Requests.Abort(set.Name)).Code);

        Assert.Equal("ClientSignalled", set.ExpectServerAborted(aborted).Text("abort"));
        set.ExpectClientAborted(set.Primary, 1, aborted);
        set.ExpectClientAborted(set.Secondary, 1, aborted);
        set.Close(set.Secondary);
        set.Close(set.Primary);
        set.Close(set.Server);
        Leftovers.AssertNone(set.Name);
    }

    [Fact]
    [Spec("P7")]
    [Spec("X3")]
    public void Close_InASecondaryWithItsDeviceOpen_IsOpenAndAbortsTheSet()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "p7", "backup", [0], [1]);

        long closed = EventWriter.Now;
        Assert.Equal("VD_E_OPEN", set.Secondary!.Call(Requests.Close(set.Name)).Code);

        Assert.Equal("ClientClosed", set.ExpectServerAborted(closed).Text("abort"));
        set.ExpectClientAborted(set.Primary, 1, closed);
        set.Close(set.Primary);
        set.Close(set.Server);
        Leftovers.AssertNone(set.Name);
    }

    [Fact]
    [Spec("P7")]
    public void Close_InASecondaryWithoutADevice_TouchesNobody()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "p7-idle", "backup", [0], []);
        Peer helper = fleet.Start("helper");
        Assert.Equal("NOERROR", helper.Call(Requests.Join(set.Name)).Code);

        Assert.Equal("NOERROR", helper.Call(Requests.Close(set.Name)).Code);

        set.AwaitTraffic(0, 2000);
        set.Server.Send(Requests.Stop(set.Name));
        Assert.True(set.Server.Expect("served", set.Name).Flag("good"));
        set.Primary.Expect("stored", set.Name);
        set.Close(set.Primary);
        set.Close(set.Server);
        Leftovers.AssertNone(set.Name);
    }

    [Fact]
    [Spec("P9")]
    public void Close_InThePrimaryWhileASecondaryHasADeviceOpen_IsOpenAndAbortsTheSet()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "p9", "backup", [], [0]);

        long closed = EventWriter.Now;
        Assert.Equal("VD_E_OPEN", set.Primary.Call(Requests.Close(set.Name)).Code);

        set.ExpectServerAborted(closed);
        set.ExpectClientAborted(set.Secondary!, 1, closed);
        set.Close(set.Secondary!);
        set.Close(set.Server);
        Leftovers.AssertNone(set.Name);
    }

    [Fact]
    [Spec("P10")]
    [Spec("AT21")]
    [Spec("C7")]
    public void BufferHandle_FromOneProcess_MapsToTheSameBytesInAnother()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("at21");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        Peer helper = fleet.Start("helper");
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set)).Code);
        server.Send(Requests.Serve(set, "restore", Seed + 1, 65536));
        Assert.Equal("NOERROR", primary.Call(Requests.GetConfiguration(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.OpenDevice(set, set)).Code);
        Assert.Equal("NOERROR", helper.Call(Requests.Join(set)).Code);
        PeerEvent command = primary.Call(Requests.GetCommand(set, set, "c1"));
        Assert.Equal((long)CommandCode.Read, command.Number("command"));
        PeerEvent handle = primary.Call(new Request("gethandle").With("run", set).With("command", "c1"));
        Assert.Equal("NOERROR", handle.Code);
        Request map = new Request("maphandle").With("run", set).With("size", 65536).With("handle", handle.Number("handle"));

        // The helper supplies the bytes; the primary, which has the command, completes it; the server verifies them.
        Assert.Equal("NOERROR", helper.Call(map.With("seed", Seed)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.Complete(set, set, "c1")).Code);

        Assert.Equal("VD_E_CLOSE", primary.Call(Requests.GetCommand(set, set, "c2")).Code);
        PeerEvent served = server.Expect("served", set);
        Assert.True(served.Flag("good"), served.ToString());
        foreach (long garbage in new long[] { 0, uint.MaxValue, 1, 0x7FE0_0000, handle.Number("handle") + (1 << 21) })
        {
            Assert.Equal("VD_E_INVALID", helper.Call(Requests.MapHandle(set, garbage, 65536)).Code);
        }

        Assert.Equal("NOERROR", helper.Call(Requests.Close(set)).Code);
        Assert.Equal("VD_E_PROTOCOL", helper.Call(map).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        fleet.AssertNoExceptions();
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("C2n")]
    [Spec("X1")]
    public void OpenInSecondary_OfAnAbortedSet_IsAbort()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "late", "backup", [0], []);
        Peer late = fleet.Start("late");
        long aborted = EventWriter.Now;
        Assert.Equal("NOERROR", set.Server.Call(Requests.Abort(set.Name)).Code);
        set.ExpectClientAborted(set.Primary, 1, aborted);

        Assert.Equal("VD_E_ABORT", late.Call(Requests.Join(set.Name)).Code);

        set.Close(set.Server);
        set.Close(set.Primary);
        Leftovers.AssertNone(set.Name);
    }
}
