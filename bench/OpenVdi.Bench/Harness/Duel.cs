using OpenVdi.Bench.Contenders;

namespace OpenVdi.Bench.Harness;

/// <summary>How long and how often to measure.</summary>
/// <param name="Rounds">Rounds; within each, every contender runs once.</param>
/// <param name="RunTime">What one run should take.</param>
/// <param name="WarmUpTime">How long each contender runs before it counts, so that its code is compiled for speed.</param>
internal sealed record Pace(int Rounds, TimeSpan RunTime, TimeSpan WarmUpTime);

/// <summary>Lets contenders run against each other in one cell: warmed up, in rounds, in rotating order.</summary>
internal static class Duel
{
    // A contender's first runs are guesses; these bound them.
    private const int FirstTransfers = 64;
    private const int MostTransfers = 1 << 20;
    private const int LeastWarmUpRuns = 3;

    /// <summary>The measurements of each contender, round by round: equal positions belong together.</summary>
    /// <param name="cell">Where.</param>
    /// <param name="pace">How long and how often.</param>
    /// <param name="equals">Contenders that carry the same number of transfers.</param>
    /// <param name="others">Contenders that carry as many as they can in the time.</param>
    public static Dictionary<ContenderKind, Measurement[]> Fight(
        Cell cell, Pace pace, IReadOnlyList<ContenderKind> equals, IReadOnlyList<ContenderKind> others)
    {
        ContenderKind[] all = [.. equals, .. others];
        Dictionary<ContenderKind, int> transfers = [];
        foreach (ContenderKind kind in all)
        {
            _ = cell.Open(kind);
            transfers[kind] = WarmUp(cell, pace, kind);
        }

        int common = equals.Select(kind => transfers[kind]).DefaultIfEmpty(0).Max();
        foreach (ContenderKind kind in equals)
        {
            transfers[kind] = common;
        }

        Dictionary<ContenderKind, Measurement[]> measured = all.ToDictionary(kind => kind, _ => new Measurement[pace.Rounds]);
        for (int round = 0; round < pace.Rounds; round++)
        {
            for (int turn = 0; turn < all.Length; turn++)
            {
                ContenderKind kind = all[(turn + round) % all.Length];
                if (round > 0 && equals.Contains(kind))
                {
                    Reopen(cell, kind);
                }

                measured[kind][round] = cell.Run(kind, transfers[kind]);
            }
        }

        return measured;
    }

    // The same contender carries 18 or 36 GB/s, and often keeps to one of them as long as its channel lives: so that the luck
    // of one channel is not the result, each round has its own. The kernel may give it the same pages again.
    private static void Reopen(Cell cell, ContenderKind kind)
    {
        cell.Close(kind);
        _ = cell.Open(kind);
        _ = cell.Run(kind, 2 * cell.Plan.BuffersPerDevice);
    }

    /// <returns>How many transfers per device take one run's time.</returns>
    private static int WarmUp(Cell cell, Pace pace, ContenderKind kind)
    {
        int transfers = FirstTransfers;
        double spent = 0;
        for (int run = 0; run < LeastWarmUpRuns || spent < pace.WarmUpTime.TotalSeconds; run++)
        {
            double seconds = cell.Run(kind, transfers).Seconds;
            spent += seconds;
            double factor = Math.Clamp(pace.RunTime.TotalSeconds / seconds, 0.1, 10);
            transfers = (int)Math.Clamp(transfers * factor, 2 * cell.Plan.BuffersPerDevice, MostTransfers);
        }

        return transfers;
    }
}
