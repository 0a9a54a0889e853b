using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using OpenVdi.SharedMemory;
using OpenVdi.Transport;

namespace OpenVdi.Conformance.Channels;

/// <summary>Devices of one process take turns when there are more of them at work than processors: here one, to which
/// each test's thread is bound.</summary>
[Collection("shared memory")]
public sealed partial class ProcessorShareTests() : ChannelFixture(SharedMemoryTransport.Default)
{
    private const uint SmallBytes = 65536;

    // sizeof(cpu_set_t)
    private const int ProcessorSetBytes = 128;

    [Fact]
    public void AllowedProcessorCount_OfAThreadBoundToOne_IsOne() =>
        OnOneProcessor(() => Assert.Equal(1, Interop.AllowedProcessorCount()));

    [Fact]
    public void TryEndTurn_WhileAnotherDeviceHasWork_IsTrue() => OnOneProcessor(() =>
    {
        Parties parties = NewBusyPair(SmallBytes);
        IClientDeviceChannel first = parties.Primary.Device(0);
        IClientDeviceChannel second = parties.Primary.Device(1);
        Assert.True(first.TryEndTurn());
        Assert.True(second.TryEndTurn());

        Assert.Equal(WaitOutcome.TimedOut, second.Wait(TimeSpan.Zero, second.Look()));
        Work(parties, 0, SmallBytes);
        Assert.False(first.TryEndTurn());

        // A command that waits is work too: its thread may have been woken and have no processor yet.
        Assert.True(parties.Server.TrySend(1, Write(SmallBytes)));
        Assert.True(first.TryEndTurn());
    });

    [Theory]
    [InlineData(16 * 1024, 4)]
    [InlineData(512, 32)]
    public void TryEndTurn_OfSmallTransfers_WaitsForAsManyAsAreWorthASwitch(uint sizeBytes, int count) => OnOneProcessor(() =>
    {
        Parties parties = NewBusyPair(sizeBytes);
        IClientDeviceChannel device = parties.Primary.Device(0);
        for (int turn = 0; turn < 2; turn++)
        {
            for (int i = turn == 0 ? 1 : 0; i < count; i++)
            {
                Assert.False(device.TryEndTurn());
                Work(parties, 0, sizeBytes);
            }

            Assert.True(device.TryEndTurn());
        }
    });

    [Theory]
    [InlineData(512 * 1024, true)]
    [InlineData((512 * 1024) + 512, false)]
    public void TryEndTurn_OfTransfers_DependsOnTheirSize(uint sizeBytes, bool expected) => OnOneProcessor(() =>
        Assert.Equal(expected, NewBusyPair(sizeBytes).Primary.Device(0).TryEndTurn()));

    [Fact]
    public void TryEndTurn_WhenTheOtherDeviceIsClosed_IsFalse() => OnOneProcessor(() =>
    {
        Parties parties = NewBusyPair(SmallBytes);
        parties.Server.SendCloseMark(1);
        Assert.Equal(DeviceCommand.CloseMark, Take(parties.Primary.Device(1)).Code);
        Assert.False(parties.Primary.Device(0).TryEndTurn());
    });

    private static DeviceCommand Write(uint sizeBytes) =>
        new(0, CommandCode.Write, sizeBytes, 0, BufferHandle.None, 0);

    private static void OnOneProcessor(Action test)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                BindThread();
                test();
            }
#pragma warning disable CA1031 // Thrown again by the test's own thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static unsafe void BindThread()
    {
        byte* mask = stackalloc byte[ProcessorSetBytes];
        Assert.InRange(sched_getaffinity(0, ProcessorSetBytes, mask), 0, 0);
        int first = 0;
        while ((mask[first / 8] & (1 << (first % 8))) == 0)
        {
            first++;
        }

        new Span<byte>(mask, ProcessorSetBytes).Clear();
        mask[first / 8] = (byte)(1 << (first % 8));
        Assert.Equal(0, sched_setaffinity(0, ProcessorSetBytes, mask));
    }

    [LibraryImport("libc")]
    private static unsafe partial int sched_getaffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc")]
    private static unsafe partial int sched_setaffinity(int thread, nuint size, byte* mask);

    private static void Work(Parties parties, int device, uint sizeBytes)
    {
        Assert.True(parties.Server.TrySend(device, Write(sizeBytes)));
        _ = Take(parties.Primary.Device(device));
    }

    private Parties NewBusyPair(uint sizeBytes)
    {
        Parties parties = NewParties(2);
        for (int device = 0; device < 2; device++)
        {
            Assert.True(parties.Primary.TryClaimDevice(device));
            Work(parties, device, sizeBytes);
        }

        return parties;
    }
}
