using OpenVdi.Testing;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Who has a name, when several processes want it.</summary>
public sealed class NameTests
{
    private const int CreatorCount = 32;

    [Fact]
    [Spec("AT23")]
    [Spec("C1n2")]
    public void Create_WithANameInUseByAnotherProcess_IsProtocol()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("at23");
        Peer first = fleet.Start("first");
        Peer second = fleet.Start("second");
        Assert.Equal("NOERROR", first.Call(Requests.Create(set)).Code);

        PeerEvent refused = second.Call(Requests.Create(set));

        Assert.Equal("VD_E_PROTOCOL", refused.Code);
        Assert.NotEmpty(refused.Text("words"));
        Assert.Equal("NOERROR", first.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", second.Call(Requests.Create(set)).Code);
        Assert.Equal("NOERROR", second.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Spec("N1")]
    [Spec("AT23")]
    public void Create_In32ProcessesAtTheSameInstant_SucceedsInExactlyOne(bool isStale)
    {
        using var fleet = new Fleet();
        Peer[] peers = [.. Enumerable.Range(0, CreatorCount).Select(i => fleet.Start($"creator {i}"))];
        foreach (Peer peer in peers)
        {
            peer.Expect("ready");
        }

        for (int round = 0; round < 5; round++)
        {
            string set = Fleet.NewName("race");
            if (isStale)
            {
                Peer victim = fleet.Start("victim");
                Assert.Equal("NOERROR", victim.Call(Requests.Create(set)).Code);
                victim.Kill();
            }

            long instant = EventWriter.Now + 50_000;
            string[] ids = [.. peers.Select(peer => peer.Send(Requests.Create(set).With("at", instant)))];
            string[] codes = [.. peers.Select((peer, i) => peer.Expect("result", set, result => result.Text("id") == ids[i]).Code)];

            Assert.Equal(1, codes.Count(static code => code == "NOERROR"));
            Assert.Equal(CreatorCount - 1, codes.Count(static code => code == "VD_E_PROTOCOL"));
            int winner = Array.IndexOf(codes, "NOERROR");
            Assert.Equal("NOERROR", peers[winner].Call(Requests.Close(set)).Code);
            Leftovers.AssertNone(set);
        }
    }

    [Fact]
    [Spec("X5")]
    public void Create_AfterTheCreatorWasKilled_TakesTheNameOver()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("takeover");
        Peer victim = fleet.Start("victim");
        Assert.Equal("NOERROR", victim.Call(Requests.Create(set)).Code);
        victim.Kill();
        Peer server = fleet.Start("server");
        Peer next = fleet.Start("next");

        Assert.Equal("VD_E_INVALID", server.Call(Requests.Open(set)).Code);
        Assert.Equal("NOERROR", next.Call(Requests.Create(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Open(set)).Code);

        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        next.Call(Requests.Close(set));
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("X5")]
    public void Create_OfADeadCreatorsNameWhileOthersSweep_TakesItOver()
    {
        using var fleet = new Fleet();
        Peer next = fleet.Start("next");
        Peer[] sweepers = [.. Enumerable.Range(0, 3).Select(i => fleet.Start($"sweeper {i}"))];
        for (int i = 0; i < 8; i++)
        {
            string set = Fleet.NewName("swept");
            Peer victim = fleet.Start("victim");
            Assert.Equal("NOERROR", victim.Call(Requests.Create(set)).Code);
            Array.ForEach(sweepers, static sweeper => sweeper.Send(Requests.Sweep().With("times", 20)));
            victim.Kill();

            Assert.Equal("NOERROR", next.Call(Requests.Create(set)).Code);

            Array.ForEach(sweepers, static sweeper => sweeper.Expect("swept", "sweep"));
            Assert.NotEmpty(Leftovers.Find(set));
            Assert.Equal("NOERROR", next.Call(Requests.Close(set)).Code);
            Leftovers.AssertNone(set);
        }
    }

    [Fact]
    [Spec("X5")]
    [Spec("V12")]
    public void Create_KilledAtAnyInstruction_LeavesANameThatTheNextCreateGets()
    {
        var random = new Random(11);
        using var survivors = new Fleet();
        Peer next = survivors.Start("next");
        Peer server = survivors.Start("server");
        for (int i = 0; i < 24; i++)
        {
            using var victims = new Fleet();
            string set = Fleet.NewName("mid-create");
            Peer victim = victims.Start("victim");
            victim.Expect("ready");
            // A first Create takes some 20 ms in a fresh process, most of it the compiler's.
            victim.Send(Requests.Primary(set, 1, "0", 1).With("die", random.Next(25_000)));
            victim.AwaitExit();

            Assert.Equal("VD_E_INVALID", server.Call(Requests.Open(set)).Code);
            Assert.Equal("NOERROR", next.Call(Requests.Create(set)).Code);
            Assert.Equal("NOERROR", next.Call(Requests.Close(set)).Code);
            Leftovers.AssertNone(set);
        }
    }

    [Fact]
    [Spec("X6")]
    [Spec("V13")]
    public void Open_KilledAtAnyInstruction_LeavesTheSetToTheNextServerOrAborted()
    {
        var random = new Random(12);
        using var survivors = new Fleet();
        Peer primary = survivors.Start("primary");
        for (int i = 0; i < 24; i++)
        {
            using var victims = new Fleet();
            string set = Fleet.NewName("mid-open");
            primary.Send(Requests.Primary(set, 1, "0", 1));
            Assert.Equal("NOERROR", primary.Expect("created", set).Code);
            Peer victim = victims.Start("victim");
            victim.Expect("ready");
            victim.Send(Requests.Serve(set, "backup", 1).With("die", random.Next(25_000)));
            victim.AwaitExit();

            // Either the victim had come to be the set's server, and then its death ends the set; or it had not, and then
            // the set is there for another.
            Peer server = victims.Start("server");
            server.Send(Requests.Serve(set, "backup", 1, 1 << 20));
            PeerEvent served = server.Expect("served", set);
            PeerEvent stored = primary.Expect("stored", set);
            if (served.Code == "NOERROR")
            {
                Assert.True(served.Flag("good"), served.ToString());
            }
            else
            {
                Assert.Equal("Aborted", stored.Text("state"));
                Assert.Equal("ServerDied", stored.Text("abort"));
            }

            Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
            server.Call(Requests.Close(set));
            Leftovers.AssertNone(set);
        }
    }
}
