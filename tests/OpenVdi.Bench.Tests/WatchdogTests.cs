using OpenVdi.Bench.Contenders;
using OpenVdi.Bench.Harness;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Tests;

/// <summary>The benchmark's detectors, shown what they are there to find.</summary>
public sealed class WatchdogTests
{
    private static readonly ChannelPlan s_plan = new(1, 4096, 2, Direction.Backup, WorkKind.Copy);

    // The floor with a known defect: after a few it forgets to wake the client. At the latest the second run, which begins
    // with a client that sleeps, does not end.
    [Fact]
    public void Run_WhenAWakeUpIsLost_FailsAndSaysHowFarItCame()
    {
        using PeerProcess peer = new(RunnerProcess.Peer);
        using Cell cell = new(peer, s_plan, limit: TimeSpan.FromSeconds(2));
        _ = cell.Open(ContenderKind.FloorForgetful);

        BenchFailureException failure = Assert.Throws<BenchFailureException>(() =>
        {
            _ = cell.Run(ContenderKind.FloorForgetful, 64);
            _ = cell.Run(ContenderKind.FloorForgetful, 64);
        });

        Assert.Contains("a wake-up was lost", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(WorkKind.Copy)]
    [InlineData(WorkKind.Touch)]
    public void TryConsume_OfWhatWasProduced_Succeeds(WorkKind work)
    {
        ChannelPlan plan = s_plan with { Work = work, TransferBytes = 65536 };
        using Payload producer = new(0, plan);
        using Payload consumer = new(0, plan);
        byte[] buffer = new byte[plan.TransferBytes];
        producer.Begin(1);
        consumer.Begin(1);

        for (int transfer = 0; transfer < 100; transfer++)
        {
            producer.Produce(transfer, buffer);
            Assert.True(consumer.TryConsume(transfer, buffer));
        }
    }

    // Any byte of a transfer that is compared in full, and a stamp of any transfer.
    [Theory]
    [InlineData(0, 17)]
    [InlineData(64, 40000)]
    [InlineData(3, 0)]
    [InlineData(3, 65535)]
    public void TryConsume_WhenAByteIsWrong_Fails(int transfer, int offset)
    {
        ChannelPlan plan = s_plan with { TransferBytes = 65536 };
        using Payload producer = new(0, plan);
        using Payload consumer = new(0, plan);
        byte[] buffer = new byte[plan.TransferBytes];
        producer.Begin(1);
        consumer.Begin(1);
        producer.Produce(transfer, buffer);

        buffer[offset] ^= 1;

        Assert.False(consumer.TryConsume(transfer, buffer));
    }

    [Theory]
    [InlineData(2, 5, 0)]
    [InlineData(1, 6, 0)]
    [InlineData(1, 5, 1)]
    public void TryConsume_OfAnotherRunTransferOrDevice_Fails(int run, int transfer, int device)
    {
        using Payload producer = new(0, s_plan);
        using Payload consumer = new(device, s_plan);
        byte[] buffer = new byte[s_plan.TransferBytes];
        producer.Begin(1);
        consumer.Begin(run);
        producer.Produce(5, buffer);

        Assert.False(consumer.TryConsume(transfer, buffer));
    }
}
