using OpenVdi.SharedMemory;
using OpenVdi.Testing;
using OpenVdi.Transport;
using Xunit.Abstractions;

namespace OpenVdi.Simulation.Threads;

/// <summary>Real threads and waits without end, interrupted in the middle. The seed decides shape and moment; the order of the
/// threads is the machine's. OPENVDI_STRESS_ROUNDS sets the rounds of each interruption.</summary>
public class StressTests(ITestOutputHelper output)
{
    private const int UsualRounds = 15;

    public static TheoryData<Interruption> Interruptions => [.. Enum.GetValues<Interruption>()];

    [Theory, MemberData(nameof(Interruptions))]
    [Spec("A5")]
    [Spec("A6")]
    [Spec("AT25")]
    [Spec("Y2")]
    public void InProcess_Interrupted_EveryCallEndsAndEveryCommandIsCalledBack(Interruption interruption) =>
        Run(new InProcessTransport(), interruption);

    [Theory, MemberData(nameof(Interruptions))]
    [Spec("A5")]
    [Spec("A6")]
    [Spec("AT8")]
    [Spec("AT9")]
    [Spec("Y2")]
    public void SharedMemory_Interrupted_EveryCallEndsAndEveryCommandIsCalledBack(Interruption interruption) =>
        Run(SharedMemoryTransport.Default, interruption);

    private void Run(VdiTransport transport, Interruption interruption)
    {
        int seed = TestSeed.Choose(900);
        int rounds = TestSeed.Count("OPENVDI_STRESS_ROUNDS", UsualRounds);
        output.WriteLine($"seeds {seed} to {seed + rounds - 1}");
        for (int round = 0; round < rounds; round++)
        {
            using StressRound stress = new StressRound(transport, interruption, new Random(seed + round)).Run();
            Assert.True(
                stress.Problems.Count == 0, $"seed {seed + round}, {interruption}:\n  {string.Join("\n  ", stress.Problems)}");
        }
    }
}
