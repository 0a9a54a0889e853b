using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.Simulation.Faults;

/// <summary>Both halves, one scheduler, one seed, one fault. After each run: every command called back exactly once, the
/// bytes equal where success was reported, nobody left waiting, nothing left named. OPENVDI_SEED replays one seed with every
/// fault; OPENVDI_SIM_SEEDS sets how many seeds a run of the suite takes.</summary>
public class FaultSimulationTests(ITestOutputHelper output)
{
    private const int UsualSeedCount = 150;

    // A backup with a secondary client, and a restore without.
    private static readonly int[] s_usualSeeds = [5, 14];

    public static TheoryData<FaultKind> Faults => [.. Enum.GetValues<FaultKind>().Where(static kind => kind < FaultKind.CompletionLost)];

    /// <summary>Faults by counting: at operation 1, 2, 3, ... until a run ends before its fault strikes.</summary>
    [Theory, MemberData(nameof(Faults))]
    [Spec("A5")]
    [Spec("A7")]
    [Spec("B26")]
    [Spec("M1")]
    [Spec("X1")]
    [Spec("X2")]
    [Spec("X5")]
    [Spec("X6")]
    [Spec("X7")]
    [Spec("X9")]
    [Spec("Y6")]
    public void EveryPlace_OneFault_LeavesNothingBehind(FaultKind kind)
    {
        foreach (int usual in s_usualSeeds)
        {
            int seed = TestSeed.Choose(usual);
            World world;
            int runs = 0;
            do
            {
                // The first places one by one, later ones in growing strides.
                runs++;
                world = RunOnce(seed, kind, at: runs + (runs * runs / 400));
            }
            while (world.Plan.HasFired);

            output.WriteLine($"{world}: {runs} runs");
        }
    }

    /// <summary>Many seeds, each with its own shape, order of steps, fault and place.</summary>
    [Fact]
    [Spec("A4")]
    [Spec("A5")]
    [Spec("B30")]
    [Spec("B32")]
    [Spec("D5")]
    [Spec("D6")]
    [Spec("D7")]
    [Spec("D8")]
    [Spec("D12")]
    [Spec("Q2")]
    public void ManySeeds_AnyFault_LeavesNothingBehind()
    {
        int first = TestSeed.Choose(1000);
        int count = TestSeed.Count("OPENVDI_SIM_SEEDS", UsualSeedCount);
        FaultKind[] kinds = [.. Enum.GetValues<FaultKind>().Where(static kind => kind < FaultKind.CompletionLost)];
        long steps = 0;
        int fired = 0;
        int succeeded = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            foreach (FaultKind kind in kinds)
            {
                World world = RunOnce(seed, kind, at: new Random(seed).Next(1, 2000) / (kind > FaultKind.SecondaryDies ? 20 : 1) + 1);
                steps += world.Steps;
                fired += world.Plan.HasFired ? 1 : 0;
                succeeded += world.Engine.HasSucceeded ? 1 : 0;
            }
        }

        output.WriteLine($"seeds {first} to {first + count - 1}: {count * kinds.Length} runs, {steps:N0} steps, {fired} faults struck, "
            + $"{succeeded} runs succeeded with equal bytes, 0 problems");
        Assert.True(succeeded > 0 && fired > 0);
    }

    [Fact]
    public void Run_SameSeed_IsTheSameRun()
    {
        World first = RunOnce(42, FaultKind.QueueFull, 3);
        World second = RunOnce(42, FaultKind.QueueFull, 3);
        Assert.Equal(first.ToString(), second.ToString());
    }

    /// <summary>A check that cannot fail proves nothing: it is shown a completion that never arrives, and a wrong byte.</summary>
    [Theory]
    [InlineData(FaultKind.CompletionLost, "stuck")]
    [InlineData(FaultKind.ByteFlipped, "bytes differ")]
    public void Checkers_KnownBug_IsFound(FaultKind bug, string expected)
    {
        World[] struck = [.. Enumerable.Range(1, 20).Select(seed => new World(seed, new FaultPlan(bug, 3)).Run())
            .Where(static world => world.Plan.HasFired)];
        Assert.NotEmpty(struck);
        Assert.All(struck, world => Assert.Contains(world.Problems, problem => problem.Contains(expected, StringComparison.Ordinal)));
    }

    private static World RunOnce(int seed, FaultKind kind, int at)
    {
        World world = new World(seed, new FaultPlan(kind, at)).Run();
        Assert.True(
            world.Problems.Count == 0,
            $"{world}, at {at}; replay with {TestSeed.Variable}={seed}:\n  {string.Join("\n  ", world.Problems)}");
        return world;
    }
}
