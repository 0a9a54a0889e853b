using OpenVdi.Testing;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>The checkers of the campaigns, shown a known bug each: a check that cannot fail proves nothing.</summary>
public sealed class CheckerTests
{
    private const ulong Seed = 3;

    [Fact]
    public void CallbackLedger_ShownALostASecondAndAnImpossibleCallback_ReportsEach()
    {
        var ledger = new CallbackLedger();
        var entry = new CallbackLedger.Entry("slot 1");
        ledger.Sending(entry);
        ledger.Called(entry, CompletionCode.Success, bytesTransferred: 10, sizeBytes: 10);
        ledger.Finish();
        Assert.Equal(string.Empty, ledger.Violations);

        ledger.Called(entry, CompletionCode.Success, bytesTransferred: 10, sizeBytes: 10);
        Assert.Contains("none was outstanding", ledger.Violations, StringComparison.Ordinal);
        ledger.Sending(entry);
        ledger.Finish();
        Assert.Contains("no callback", ledger.Violations, StringComparison.Ordinal);
        ledger.Called(entry, CompletionCode.Success, bytesTransferred: 11, sizeBytes: 10);
        Assert.Contains("11 bytes transferred of a command of 10", ledger.Violations, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("A5")]
    public void Serve_WithAPlantedResultThatNoValidatingReaderGives_IsReported()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("planted");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        primary.Send(Requests.Primary(set, 1, "0", Seed));
        primary.Expect("created", set);

        server.Send(Requests.Serve(set, "backup", Seed, 1 << 20).With("plant", 5));

        server.Expect("planted", set);
        PeerEvent served = server.Expect("served", set);
        Assert.Contains("bytes transferred of a command of", served.Text("violations"), StringComparison.Ordinal);
        primary.Expect("stored", set);
        primary.Call(Requests.Close(set));
        server.Call(Requests.Close(set));
    }

    [Fact]
    public void Stream_WithAnotherSeedThanItsReader_IsReported()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("seed");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        primary.Send(Requests.Primary(set, 1, "0", Seed));
        primary.Expect("created", set);

        server.Send(Requests.Serve(set, "backup", Seed + 1, 1 << 20));

        Assert.Contains("the byte at 0 is not", primary.Expect("device-end", set).Text("violation"), StringComparison.Ordinal);
        server.Expect("served", set);
        primary.Call(Requests.Close(set));
        server.Call(Requests.Close(set));
    }

    [Theory]
    [InlineData("nothing", null)]
    [InlineData("a byte of the stream", "checksum")]
    [InlineData("the end", "trailer")]
    [InlineData("a block at the wrong place", "not the stream's")]
    public void BackupFile_ThatIsNotWhole_IsReported(string damage, string? problem)
    {
        string folder = Directory.CreateTempSubdirectory("openvdi-checker-").FullName;
        try
        {
            string path = BackupFile.PathOf(folder, "set", 0);
            using (var file = new BackupFile(path))
            {
                byte[] block = new byte[4096];
                for (int i = 0; i < 8; i++)
                {
                    int place = damage == "a block at the wrong place" ? i ^ 1 : i;
                    StreamPattern.Fill(block, Seed, 0, place * block.Length);
                    file.Write(block);
                }

                file.Publish();
            }

            byte[] bytes = File.ReadAllBytes(path);
            switch (damage)
            {
                case "a byte of the stream":
                    bytes[5000] ^= 1;
                    File.WriteAllBytes(path, bytes);
                    break;
                case "the end":
                    File.WriteAllBytes(path, bytes[..^100]);
                    break;
            }

            string? found = BackupFile.Check(path, Seed, 0, out _);

            if (problem is null)
            {
                Assert.Null(found);
            }
            else
            {
                Assert.Contains(problem, found, StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void KillVerdict_OfASurvivorThatNoticedLate_IsAViolation()
    {
        var verdict = new KillVerdict(KillRole.Server, KillPhase.Transfer, "planted");
        verdict.Latency(Notice.UsualMicroseconds);
        Assert.Empty(verdict.Violations);

        verdict.Latency(Notice.SpecifiedMicroseconds + 1);

        Assert.Single(verdict.Violations);
    }

    [Fact]
    public void Leftovers_OfACreatorThatWasKilled_AreFoundUntilTheyAreSwept()
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("leftover");
        for (int attempt = 0; attempt < 10 && Leftovers.Find(set).Count == 0; attempt++)
        {
            // Another creator on this machine may sweep it between the kill and the look.
            Peer victim = fleet.Start("victim");
            Assert.Equal("NOERROR", victim.Call(Requests.Create(set)).Code);
            victim.Kill();
        }

        Assert.NotEmpty(Leftovers.Find(set));
        Peer sweeper = fleet.Start("sweeper");
        sweeper.Send(Requests.Sweep());
        sweeper.Expect("swept", "sweep");

        Leftovers.AssertNone(set);
    }
}
