using System.Security.Cryptography;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance.Channels;

/// <summary>What both halves rely on in a transport, at the level of its channels: commands, completions and buffers.</summary>
public abstract class ChannelTrafficContract(VdiTransport transport) : ChannelFixture(transport)
{
    [Fact]
    [Spec("Q1")]
    public void TrySend_Commands_ArriveInOrderWithEveryField()
    {
        Parties parties = NewParties(2);
        Claim(parties, 0, 1);
        for (uint tag = 0; tag < 20; tag++)
        {
            Assert.True(parties.Server.TrySend((int)(tag % 2), Command(tag)));
        }

        for (uint tag = 0; tag < 20; tag++)
        {
            IClientDeviceChannel device = parties.Primary.Device((int)(tag % 2));
            Assert.True(device.TryPeek(out DeviceCommand first));
            Assert.True(device.TryPeek(out DeviceCommand again));
            Assert.Equal((Command(tag), Command(tag)), (first, again));
            device.Advance();
        }

        Assert.False(parties.Primary.Device(0).TryPeek(out _));
    }

    [Fact]
    public void TrySend_ExtremeValues_ArriveUnchanged()
    {
        Parties parties = NewParties(1);
        Claim(parties, 0);
        var command = new DeviceCommand(0, (CommandCode)int.MaxValue, uint.MaxValue, ulong.MaxValue, BufferHandle.None, uint.MaxValue);
        Assert.True(parties.Server.TrySend(0, command));
        Assert.Equal(command, Take(parties.Primary.Device(0)));
    }

    [Fact]
    [Spec("Q4")]
    [Spec("T2")]
    public void TrySend_FullQueue_IsRefusedButTheCloseMarkHasItsPlace()
    {
        Parties parties = NewParties(1);
        Claim(parties, 0);
        uint sent = 0;
        while (sent <= QueueLimits.MinCapacity && parties.Server.TrySend(0, Command(sent)))
        {
            sent++;
        }

        Assert.Equal((uint)QueueLimits.MinCapacity - 1, sent);
        Assert.False(parties.Server.TrySend(0, Command(99)));

        // One taken is one more that fits; and around the ring a few times.
        IClientDeviceChannel device = parties.Primary.Device(0);
        for (uint tag = 0; tag < 200; tag++)
        {
            Assert.Equal(Command(tag), Take(device));
            Assert.True(parties.Server.TrySend(0, Command(sent++)));
            Assert.False(parties.Server.TrySend(0, Command(99)));
        }

        parties.Server.SendCloseMark(0);
        for (uint tag = 200; tag < sent; tag++)
        {
            Assert.Equal(Command(tag), Take(device));
        }

        Assert.Equal(DeviceCommand.CloseMark, Take(device).Code);
        Assert.False(device.TryPeek(out _));
    }

    [Fact]
    [Spec("D21")]
    [Spec("D22")]
    public void Wait_NothingComes_TimesOut()
    {
        Parties parties = NewParties(1);
        Claim(parties, 0);
        IClientDeviceChannel device = parties.Primary.Device(0);
        Assert.Equal(WaitOutcome.TimedOut, device.Wait(TimeSpan.Zero, device.Look()));
        Assert.Equal(WaitOutcome.TimedOut, device.Wait(TimeSpan.FromMilliseconds(5), device.Look()));
    }

    [Fact]
    public void Wait_CommandBetweenLookAndWait_IsNotSlept()
    {
        Parties parties = NewParties(1);
        Claim(parties, 0);
        IClientDeviceChannel device = parties.Primary.Device(0);
        uint seen = device.Look();
        Assert.False(device.TryPeek(out _));
        Assert.True(parties.Server.TrySend(0, Command(1)));
        Assert.Equal(WaitOutcome.Ready, device.Wait(Limit, seen));
    }

    [Fact]
    public async Task Wait_CommandOrCloseMarkOrNudge_Wakes()
    {
        Parties parties = NewParties(1);
        Claim(parties, 0);
        IClientDeviceChannel device = parties.Primary.Device(0);
        foreach (Action wake in (Action[])[
            () => Assert.True(parties.Server.TrySend(0, Command(1))), device.Nudge, () => parties.Server.SendCloseMark(0)])
        {
            uint seen = device.Look();
            Task<WaitOutcome> waiter = Started(() => device.Wait(Timeout.InfiniteTimeSpan, seen));
            wake();
            Assert.Equal(WaitOutcome.Ready, await Within(waiter, "the wake-up"));

            // A waiter has looked at all there was: only then does the next one count as news.
            while (device.TryPeek(out _))
            {
                device.Advance();
            }
        }
    }

    [Fact]
    [Spec("Q2")]
    public void Complete_Completions_ArriveInOrderWithEveryField()
    {
        Parties parties = NewParties(64);
        Claim(parties, 0, 63);
        Send(parties, 0, 63);
        Assert.Equal(WaitOutcome.TimedOut, parties.Server.WaitCompletions(TimeSpan.Zero, out ulong none));
        Assert.Equal(0ul, none);

        var first = new DeviceCompletion(3, CompletionCode.Success, uint.MaxValue, ulong.MaxValue, 4);
        var second = new DeviceCompletion(0, (CompletionCode)(-1), 0, 1, uint.MaxValue);
        var third = new DeviceCompletion(DeviceCompletion.ClosedTag, CompletionCode.OperationAborted, 0, 0, 4);
        parties.Primary.Device(63).Complete(first);
        parties.Primary.Device(0).Complete(second);
        parties.Primary.Device(63).Complete(third);

        ulong devices = 0;
        while (devices != (1 | (1ul << 63)))
        {
            Assert.Equal(WaitOutcome.Ready, parties.Server.WaitCompletions(Limit, out ulong some));
            devices |= some;
        }

        Assert.True(parties.Server.TryTakeCompletion(63, out DeviceCompletion taken));
        Assert.Equal(first, taken);
        Assert.True(parties.Server.TryTakeCompletion(63, out taken));
        Assert.Equal(third, taken);
        Assert.False(parties.Server.TryTakeCompletion(63, out _));
        Assert.True(parties.Server.TryTakeCompletion(0, out taken));
        Assert.Equal(second, taken);
    }

    [Fact]
    public async Task WakeAgent_WhileItWaits_EndsTheWait()
    {
        Parties parties = NewParties(1);
        Task<WaitOutcome> agent = Started(() => parties.Server.WaitCompletions(Timeout.InfiniteTimeSpan, out _));
        parties.Server.WakeAgent();
        Assert.Equal(WaitOutcome.Ready, await Within(agent, "the agent"));

        // Also when it comes first.
        parties.Server.WakeAgent();
        Assert.Equal(WaitOutcome.Ready, parties.Server.WaitCompletions(Limit, out _));
    }

    [Fact]
    [Spec("B21")]
    [Spec("B23")]
    [Spec("B25")]
    public void AddAreas_Memory_IsAlignedSharedAndZero()
    {
        Parties parties = NewParties(1, areaBytes: 300_000, prefixZoneSizeBytes: 1000);
        BufferArea area = parties.Area;
        Assert.Equal(0, area.Address % 65536);
        Assert.True(area.SizeBytes >= 300_000);
        Assert.Equal(0, area.Index);
        Assert.Equal(-1, area.GetSpan().IndexOfAnyExcept((byte)0));

        Assert.True(area.TrySlice(4096, 65536, out DeviceBuffer servers));
        RandomNumberGenerator.Fill(servers.Span);
        Assert.True(parties.Primary.TryResolveBuffer(servers.Handle, 65536, out DeviceBuffer clients));
        Assert.True(servers.Span.SequenceEqual(clients.Span));
        Assert.Equal(0, clients.Address % 4096);
        clients.Span[17] ^= 0xFF;
        Assert.Equal(clients.Span[17], servers.Span[17]);

        // The prefix zone ends where the data begins.
        clients.PrefixZone.Fill(0xA5);
        Assert.Equal(1000, clients.PrefixZone.Length);
        Assert.Equal(4096 - 1000, area.GetSpan().IndexOf((byte)0xA5));
        Assert.Equal(4095, area.GetSpan()[..4096].LastIndexOf((byte)0xA5));
    }

    [Fact]
    [Spec("B2")]
    [Spec("B26")]
    [Spec("AT19")]
    public void AddAreas_AfterConfiguration_ReachTheClients()
    {
        Parties parties = NewParties(1);
        IClientChannel secondary = Join(parties.Name);
        Assert.Null(parties.Server.AddAreas([65536, 131072], 0, out BufferArea[]? added));
        Assert.NotNull(added);
        Assert.Equal([1, 2], added.Select(static area => area.Index));
        foreach (BufferArea area in added)
        {
            Assert.True(area.TrySlice(area.SizeBytes - 512, 512, out DeviceBuffer servers));
            servers.Span.Fill((byte)area.Index);
            foreach (IClientChannel client in (IClientChannel[])[parties.Primary, secondary])
            {
                Assert.True(client.TryResolveBuffer(servers.Handle, 512, out DeviceBuffer clients));
                Assert.Equal((byte)area.Index, clients.Span[511]);
            }
        }
    }

    [Fact]
    public void AddAreas_None_IsNothing()
    {
        Parties parties = NewParties(1);
        Assert.Null(parties.Server.AddAreas([], 0, out BufferArea[]? areas));
        Assert.Empty(areas!);
    }

    [Fact]
    [Spec("C7")]
    public void TryResolveBuffer_WrongHandles_AreRefused()
    {
        Parties parties = NewParties(1, areaBytes: 65536, prefixZoneSizeBytes: 600);
        int size = parties.Area.SizeBytes;
        Assert.False(parties.Primary.TryResolveBuffer(BufferHandle.None, 0, out _));
        Assert.False(parties.Primary.TryResolveBuffer(uint.MaxValue, 512, out _));
        Assert.False(parties.Primary.TryResolveBuffer(BufferHandle.Encode(0, 512), 512, out _));
        Assert.False(parties.Primary.TryResolveBuffer(BufferHandle.Encode(0, 1024), (uint)size, out _));
        Assert.False(parties.Primary.TryResolveBuffer(BufferHandle.Encode(0, 1024), uint.MaxValue, out _));
        Assert.True(parties.Primary.TryResolveBuffer(BufferHandle.Encode(0, 1024), (uint)size - 1024, out _));
        Assert.True(parties.Primary.TryResolveBuffer(BufferHandle.Encode(0, 1024), 0, out _));
    }

    [Fact]
    [Spec("C7")]
    [Spec("AT21")]
    public void TryGetHandle_OfACommandsBuffer_IsTheBufferInTheOtherParty()
    {
        Parties parties = NewParties(1, areaBytes: 262144);
        IClientChannel secondary = Join(parties.Name);
        Assert.True(parties.Area.TrySlice(65536, 4096, out DeviceBuffer servers));
        Assert.True(parties.Primary.TryResolveBuffer(servers.Handle, 4096, out DeviceBuffer here));
        Assert.True(parties.Primary.TryGetHandle(here.Address, out uint handle));
        Assert.Equal(servers.Handle, handle);
        here.Span.Fill(0x42);
        Assert.True(secondary.TryResolveBuffer(handle, 4096, out DeviceBuffer there));
        Assert.Equal(0x42, there.Span[4095]);

        Assert.False(parties.Primary.TryGetHandle(here.Address + 1, out _));
        Assert.False(parties.Primary.TryGetHandle(0, out _));
        Assert.False(parties.Primary.TryGetHandle(here.Address - 65536 - 512, out _));
    }

    [Fact]
    [Spec("B34")]
    public void Dispose_OneParty_EndsItsViewsOnly()
    {
        Parties parties = NewParties(1);
        Assert.True(parties.Area.TrySlice(0, 4096, out DeviceBuffer servers));
        Assert.True(parties.Primary.TryResolveBuffer(servers.Handle, 4096, out DeviceBuffer clients));
        clients.Span.Fill(7);
        parties.Server.Dispose();
        Assert.Equal(0, servers.Address);
        Assert.Throws<ObjectDisposedException>(() => servers.Span.Length);

        // B33: what the other holds stays mapped until its own Close.
        Assert.Equal(7, clients.Span[4095]);
        parties.Primary.Dispose();
        Assert.Equal(0, clients.Address);
        Assert.Throws<ObjectDisposedException>(() => clients.Span.Length);
    }

    /// <summary>Two threads, all waits blocking, nothing lost: a lost wake-up is a wait that reaches its limit.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Traffic_ManyCommandsOnManyDevices_AllComeBackOnceAndInOrder(int deviceCount)
    {
        const uint PerDevice = 5000;
        Parties parties = NewParties((uint)deviceCount);
        Claim(parties, [.. Enumerable.Range(0, deviceCount)]);
        Task<bool>[] clients = [.. Enumerable.Range(0, deviceCount).Select(index => Started(() =>
        {
            IClientDeviceChannel device = parties.Primary.Device(index);
            for (uint tag = 0; tag < PerDevice; tag++)
            {
                Assert.Equal(Command(tag), Take(device));
                device.Complete(new DeviceCompletion(tag, CompletionCode.Success, tag, 0, tag + 1));
            }

            return true;
        }))];

        var sent = new uint[deviceCount];
        var done = new uint[deviceCount];
        while (done.Any(static count => count < PerDevice))
        {
            for (int index = 0; index < deviceCount; index++)
            {
                // At most eight under way, so that both sides sleep often.
                while (sent[index] < PerDevice && sent[index] - done[index] < 8 && parties.Server.TrySend(index, Command(sent[index])))
                {
                    sent[index]++;
                }
            }

            Assert.Equal(WaitOutcome.Ready, parties.Server.WaitCompletions(Limit, out ulong devices));
            for (int index = 0; index < deviceCount; index++)
            {
                while ((devices & (1ul << index)) != 0 && parties.Server.TryTakeCompletion(index, out DeviceCompletion completion))
                {
                    Assert.Equal((done[index], done[index]), (completion.Tag, completion.BytesTransferred));
                    done[index]++;
                }
            }
        }

        await Within(Task.WhenAll(clients), "the clients");
    }

    [Fact]
    public void Traffic_AfterWarmUp_AllocatesNothing()
    {
        Parties parties = NewParties(1);
        Claim(parties, 0);
        IClientDeviceChannel device = parties.Primary.Device(0);
        uint handle = BufferHandle.Encode(0, 512);
        RoundTrips(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RoundTrips(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void RoundTrips(uint count)
        {
            bool isGood = true;
            for (uint tag = 0; tag < count; tag++)
            {
                var command = new DeviceCommand(tag % 8, CommandCode.Write, 512, tag, handle, 0);
                uint seen = device.Look();
                isGood &= parties.Server.TrySend(0, command) && device.Wait(Limit, seen) == WaitOutcome.Ready;
                isGood &= device.TryPeek(out DeviceCommand taken) && taken == command;
                isGood &= parties.Primary.TryResolveBuffer(handle, 512, out DeviceBuffer buffer) && buffer.SizeBytes == 512;
                device.Advance();
                device.Complete(new DeviceCompletion(taken.Tag, CompletionCode.Success, 512, 0, tag + 1));
                isGood &= parties.Server.WaitCompletions(Limit, out _) == WaitOutcome.Ready;
                isGood &= parties.Server.TryTakeCompletion(0, out _);
            }

            Assert.True(isGood);
        }
    }

    private static void Send(Parties parties, params int[] devices)
    {
        foreach (int device in devices)
        {
            for (uint tag = 0; tag < 4; tag++)
            {
                Assert.True(parties.Server.TrySend(device, Command(tag)));
            }

            for (uint tag = 0; tag < 4; tag++)
            {
                Take(parties.Primary.Device(device));
            }
        }
    }

    private static void Claim(Parties parties, params int[] devices) =>
        Assert.All(devices, device => Assert.True(parties.Primary.TryClaimDevice(device)));
}
