using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Kills processes at random moments, one in each round, spread over roles and phases; after each the living
/// must have seen what the specification says, within one second, and nothing may be left.</summary>
public sealed class KillCampaign(ITestOutputHelper output)
{
    private const int CellCount = 15;

    [Fact]
    [Spec("AT11")]
    [Spec("AT12")]
    [Spec("AT13")]
    [Spec("A5")]
    public void Kill_AtRandomMoments_IsSeenByTheLivingAndLeavesNothing()
    {
        int count = CampaignSettings.KillCount;
        int seed = CampaignSettings.Seed;
        int lanes = Math.Clamp(CampaignSettings.LaneCount, 1, count);
        string folder = Directory.CreateTempSubdirectory("openvdi-kills-").FullName;
        var verdicts = new ConcurrentBag<KillVerdict>();
        var held = new ConcurrentBag<string>();
        int next = -1;
        using var pool = new PeerPool(2 * lanes);
        try
        {
            Thread[] threads = [.. Enumerable.Range(0, lanes).Select(_ => new Thread(() =>
            {
                using var crew = new Crew(pool);
                while (Interlocked.Increment(ref next) is int round && round < count)
                {
                    KillVerdict verdict = Round(crew, seed, round, folder);
                    verdicts.Add(verdict);
                    if (verdict.Violations.Count > 0)
                    {
                        crew.ReplaceAll();
                    }
                }

                foreach (string finding in crew.FindHeld())
                {
                    held.Add(finding);
                }
            }))];
            Array.ForEach(threads, static thread => thread.Start());
            Array.ForEach(threads, static thread => thread.Join());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string[] violations = [.. verdicts.SelectMany(static verdict => verdict.Violations), .. held];
        string title = $"kill campaign: {verdicts.Count} kills, seed {seed}, {lanes} lanes, load {Notice.Load:F0} at the end";
        CampaignReport.Write(output, "kills.txt", title, Table(verdicts), violations);
        Assert.Equal(count, verdicts.Count);
        Assert.Empty(violations);
    }

    private static KillVerdict Round(Crew crew, int seed, int round, string folder)
    {
        // Each round replays from seed and number alone, whichever lane runs it.
        var random = new Random(unchecked((seed * 1_000_003) + round));
        int cell = round % CellCount;
        var role = (KillRole)(cell % 3);
        var phase = (KillPhase)(cell / 3);
        return new KillRound(crew, random, role, phase, folder).Run();
    }

    private static string Table(IEnumerable<KillVerdict> verdicts)
    {
        var table = new StringBuilder();
        table.AppendLine("role       phase      kills  median ms     max ms  published  violations  ended");
        foreach (IGrouping<(KillRole, KillPhase), KillVerdict> cell in verdicts
            .GroupBy(static verdict => (verdict.Role, verdict.Phase)).OrderBy(static cell => cell.Key))
        {
            string notes = string.Join(", ", cell.SelectMany(static verdict => verdict.Notes)
                .GroupBy(static note => note).Select(static note => $"{note.Key} {note.Count()}"));
            table.AppendLine(CultureInfo.InvariantCulture,
                $"{cell.Key.Item1,-10} {cell.Key.Item2,-10} {cell.Count(),5}  {Median(cell) / 1000.0,9:F1}  "
                + $"{cell.Max(static v => v.MaxLatencyMicroseconds) / 1000.0,9:F1}"
                + $"  {cell.Sum(static v => v.PublishedCount),9}  {cell.Sum(static v => v.Violations.Count),10}  {notes}");
        }

        table.AppendLine(CultureInfo.InvariantCulture, $"slowest: {verdicts.MaxBy(static v => v.MaxLatencyMicroseconds)?.Latest}");
        return table.ToString();
    }

    private static long Median(IEnumerable<KillVerdict> cell) =>
        cell.Select(static verdict => verdict.MaxLatencyMicroseconds).Order().ElementAt(cell.Count() / 2);
}
