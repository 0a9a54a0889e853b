using System.Text;
using OpenVdi.TestPeer;
using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>A hostile party overwrites a live control area, set after set; the same process on the other side survives
/// them all, and each set ends.</summary>
public sealed class ScribbleCampaign(ITestOutputHelper output)
{
    /// <summary>After so many rounds what the survivor holds no longer grows for good reasons.</summary>
    private const int WarmUpRounds = 20;

    [Fact]
    [Spec("X9")]
    [Spec("A5")]
    public void Scribble_ByAClient_EndsTheSetAndNeverTheServer()
    {
        using var pool = new PeerPool(2);
        Peer server = pool.Take();
        Peer primary = pool.Take();
        Peer scribbler = pool.Take();
        try
        {
            Run("client", server, (random, kind) =>
            {
                bool isSecondary = random.Next(3) == 0;
                (ScribbleVerdict verdict, bool isWell) =
                    new ScribbleRound(random, kind).AgainstServer(server, scribbler, isSecondary ? primary : null);
                scribbler = isWell ? scribbler : Replace(scribbler, pool);
                return verdict;
            });
            AssertWholeBackup(primary, server);
        }
        finally
        {
            server.Dispose();
            primary.Dispose();
            scribbler.Dispose();
        }
    }

    [Fact]
    [Spec("X9")]
    public void Scribble_ByTheServer_EndsTheSetAndNeverTheClient()
    {
        using var pool = new PeerPool(2);
        Peer client = pool.Take();
        Peer scribbler = pool.Take();
        try
        {
            Run("server", client, (random, kind) =>
            {
                (ScribbleVerdict verdict, bool isWell) = new ScribbleRound(random, kind).AgainstClient(client, scribbler);
                scribbler = isWell ? scribbler : Replace(scribbler, pool);
                return verdict;
            });
            scribbler = Replace(scribbler, pool);
            AssertWholeBackup(client, scribbler);
        }
        finally
        {
            client.Dispose();
            scribbler.Dispose();
        }
    }

    private static Peer Replace(Peer peer, PeerPool pool)
    {
        peer.Dispose();
        return pool.Take();
    }

    private void Run(string by, Peer survivor, Func<Random, string, ScribbleVerdict> round)
    {
        int count = CampaignSettings.ScribbleCount;
        int seed = CampaignSettings.Seed;
        IReadOnlyList<string> kinds = CampaignSettings.ScribbleKinds;
        var verdicts = new List<ScribbleVerdict>();
        PeerEvent? before = null;
        for (int i = 0; i < count; i++)
        {
            before = i == WarmUpRounds ? Vitals(survivor) : before;
            string kind = kinds[i % kinds.Count];
            verdicts.Add(round(new Random(unchecked((seed * 1_000_003) + i)), kind));
            if (survivor.HasExited)
            {
                break;
            }
        }

        string[] violations = [.. verdicts.SelectMany(static verdict => verdict.Violations)];
        string title = $"scribble campaign by the {by}: {verdicts.Count} rounds, seed {seed}, load {Notice.Load:F0} at the end";
        CampaignReport.Write(output, $"scribbles-by-{by}.txt", title, Table(verdicts), violations);
        Assert.Empty(violations);
        if (before is not null)
        {
            AssertStable(before, Vitals(survivor));
        }
    }

    private static PeerEvent Vitals(Peer survivor)
    {
        survivor.Send(new Request("vitals").With("run", "vitals"));
        return survivor.Expect("vitals", "vitals");
    }

    private void AssertStable(PeerEvent before, PeerEvent after)
    {
        output.WriteLine($"before {before}\nafter  {after}");
        Assert.Equal(0, after.Number("mappings"));
        Assert.Equal(before.Number("openvdi"), after.Number("openvdi"));
        Assert.Equal(before.Number("sockets"), after.Number("sockets"));
        // The runtime opens and closes a few of its own.
        Assert.InRange(after.Number("descriptors"), 0, before.Number("descriptors") + 8);
        Assert.InRange(after.Number("threads"), 0, before.Number("threads") + 8);
        Assert.InRange(after.Number("heap"), 0, before.Number("heap") + (4 << 20));
    }

    private static void AssertWholeBackup(Peer primary, Peer server)
    {
        string set = Fleet.NewName("after");
        primary.Send(Requests.Primary(set, 2, "0,1", 5));
        Assert.Equal("NOERROR", primary.Expect("created", set).Code);
        server.Send(Requests.Serve(set, "backup", 5, 1 << 20));
        Assert.True(server.Expect("served", set).Flag("good"));
        primary.Expect("stored", set);
        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }

    private static string Table(IEnumerable<ScribbleVerdict> verdicts)
    {
        var table = new StringBuilder();
        table.AppendLine("kind          rounds  max ms to the end  violations  ended");
        foreach (IGrouping<string, ScribbleVerdict> kind in verdicts.GroupBy(static verdict => verdict.Kind))
        {
            string outcomes = string.Join("; ", kind.GroupBy(static verdict => verdict.Outcome)
                .OrderByDescending(static outcome => outcome.Count()).Select(static outcome => $"{outcome.Key} {outcome.Count()}"));
            table.AppendLine(System.Globalization.CultureInfo.InvariantCulture,
                $"{kind.Key,-12}  {kind.Count(),6}  {kind.Max(static v => v.MaxLatencyMicroseconds) / 1000.0,17:F1}"
                + $"  {kind.Sum(static v => v.Violations.Count),10}  {outcomes}");
        }

        return table.ToString();
    }
}
