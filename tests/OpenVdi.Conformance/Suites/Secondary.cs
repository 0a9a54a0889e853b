using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>Secondary clients: P1 to P11. In one process here: each is a client object of its own with its own mappings.</summary>
public abstract class Secondary(TransportKind kind) : ConformanceSuite(kind)
{
    [Fact, Spec("P1"), Spec("P2"), Spec("P3"), Spec("P11")]
    public void Secondaries_OnePerDevice_DoTheWholeJobForAPrimaryThatOpensNone()
    {
        BothHalves set = NewSet(3).Configured();
        for (int i = 0; i < 3; i++)
        {
            set.Server.OpenDevice(set.DeviceName(i));
        }

        set.Server.StartAgent();
        PendingCall<int>[] workers =
            [.. Enumerable.Range(0, 3).Select(i => PendingCall.Begin($"secondary {i}", () => Work(set, i)))];
        for (int round = 0; round < 30; round++)
        {
            set.Server.Send(CommandCode.Flush, device: round % 3);
        }

        Assert.All(set.Server.Sent, s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
        set.Server.CloseDevices();
        Assert.All(workers, w => Assert.Equal(10, w.AwaitResult()));
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());

        // P11: the primary has opened nothing and is terminated all the same.
        Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
        set.Client.Close();
        set.Server.Close();
    }

    [Fact, Spec("P3"), Spec("C2"), Spec("C3")]
    public void GetConfiguration_OfASecondary_ReturnsAtOnceWithTheSetsConfiguration()
    {
        BothHalves set = NewSet(2).Configured();
        ScriptedClient secondary = NewClient().Join(set.Name);
        Assert.Equal(ClientSetState.Initializing, secondary.Set.State);
        Assert.Equal(VdResult.Ok, secondary.Set.GetConfiguration(TimeSpan.Zero, out SetConfiguration? configuration));
        Assert.Equal(set.Client.GetConfiguration(), configuration);
    }

    [Fact, Spec("P4"), Spec("C2n"), Spec("R2")]
    public void OpenInSecondary_AtEachStage_SucceedsOnlyOnceTheConfigurationIsComplete()
    {
        BothHalves set = NewSet();
        ClientVirtualDeviceSet secondary = NewClientSet();
        Assert.Equal(VdResult.ProtocolError, secondary.OpenInSecondary(set.Name));
        set.Connected();
        Assert.Equal(VdResult.ProtocolError, secondary.OpenInSecondary(set.Name));
        set.Server.Begin(VdFeatures.WriteMedia).Request(65536, 1);
        Assert.Equal(VdResult.ProtocolError, secondary.OpenInSecondary(set.Name));
        set.Server.End();
        set.Client.GetConfiguration();
        Assert.Equal(VdResult.Ok, secondary.OpenInSecondary(set.Name));
    }

    [Fact, Spec("P5"), Spec("C4n")]
    public void OpenDevice_OfADeviceThatAnotherClientHas_IsAProtocolErrorAndAllOpenIsSaid()
    {
        BothHalves set = NewSet(3).Configured();
        for (int i = 0; i < 3; i++)
        {
            set.Server.OpenDevice(set.DeviceName(i));
        }

        ScriptedClient a = NewClient().Join(set.Name);
        ScriptedClient b = NewClient().Join(set.Name);
        a.OpenDevice(set.DeviceName(1));
        Assert.Equal(VdResult.ProtocolError, b.Set.OpenDevice(set.DeviceName(1), out ClientVirtualDevice? none));
        Assert.Null(none);
        Assert.Equal(VdResult.ProtocolError, set.ClientSet.OpenDevice(set.DeviceName(1), out none));
        Assert.Null(none);
        b.OpenDevice(set.DeviceName(2));
        set.Client.OpenDevice(set.Name);

        // C4n 3 counts every process: all are open now.
        Assert.Equal(VdResult.DevicesOpen, a.Set.OpenDevice(set.Name, out _));
        Assert.Equal(VdResult.DevicesOpen, set.ClientSet.OpenDevice("x", out _));
    }

    [Fact, Spec("P5")]
    public void OpenDevice_RacedForByManyClients_IsWonByExactlyOne()
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        using var start = new ManualResetEvent(false);
        PendingCall<VdResult>[] racers = [.. Enumerable.Range(0, 6).Select(i =>
        {
            ScriptedClient client = NewClient().Join(set.Name);
            return PendingCall.Begin($"racer {i}", () =>
            {
                Await.Signalled(start, "the start of the race");
                return client.Set.OpenDevice("b", out _);
            });
        })];
        start.Set();
        VdResult[] results = [.. racers.Select(r => r.AwaitResult())];
        Assert.Single(results, VdResult.Ok);
        Assert.Equal(5, results.Count(r => r == VdResult.ProtocolError));
    }

    [Fact, Spec("P6"), Spec("X1")]
    public void SignalAbort_InASecondaryWithoutADevice_AbortsTheWholeSet()
    {
        BothHalves set = NewSet().Running();
        ScriptedClient secondary = NewClient().Join(set.Name);
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetCommand", () => set.ClientDevice.GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        Assert.Equal(VdResult.Ok, secondary.Set.SignalAbort());
        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
    }

    [Theory, InlineData(false), InlineData(true)]
    [Spec("P7"), Spec("X3"), Spec("C9")]
    public void Close_InASecondary_ConcernsItsOwnDevicesOnly(bool withDeviceOpen)
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        set.Client.OpenDevice(set.Name);
        ScriptedClient secondary = NewClient().Join(set.Name);
        if (withDeviceOpen)
        {
            secondary.OpenDevice("b");
            Assert.Equal(VdResult.DevicesOpen, secondary.Set.Close());
            set.Client.ExpectEnd(VdResult.Aborted);
            Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
            return;
        }

        Assert.Equal(VdResult.Ok, secondary.Set.Close());
        Assert.Equal(ClientSetState.DoesNotExist, secondary.Set.State);
        SentCommand sent = set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
        secondary.Join(set.Name).OpenDevice("b");
    }

    [Fact, Spec("P7")]
    public void Close_InASecondaryWhoseDeviceWasClosed_LeavesTheOthersAtWork()
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        set.Client.OpenDevice(set.Name);
        ScriptedClient secondary = NewClient().Join(set.Name);
        secondary.OpenDevice("b");
        Assert.Equal(VdResult.Ok, set.Server.Devices[1].CloseDevice());
        secondary.ExpectEnd(VdResult.Closed);
        secondary.Close();

        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());
        set.Client.ExpectEnd(VdResult.Closed);
        Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
    }

    [Fact, Spec("P9"), Spec("X3")]
    public void Close_OfThePrimaryWhileASecondaryHasADeviceOpen_SaysDevicesOpenAndAborts()
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        ScriptedClient secondary = NewClient().Join(set.Name);
        secondary.OpenDevice("b");
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetCommand", () => secondary.Devices[0].GetCommand(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();

        Assert.Equal(VdResult.DevicesOpen, set.ClientSet.Close());
        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        Assert.Equal(VdResult.Ok, secondary.Set.Close());
    }

    [Fact, Spec("P8")]
    public void Secondary_GivenUpWithoutADevice_IsMissedByNobody()
    {
        BothHalves set = NewSet().Running();
        NewClient().Join(set.Name).Dispose();
        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
        set.ClosedInOrder();
    }

    [Fact, Spec("P10"), Spec("B26")]
    public void Secondary_JoiningAfterFurtherAreas_SeesThemAndThoseThatComeLater()
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        set.Server.Request(131072, 1);
        ScriptedClient secondary = NewClient().Join(set.Name);
        secondary.OpenDevice("b");
        set.Server.Request(262144, 1);
        foreach (uint size in new[] { 131072u, 262144u })
        {
            // The sizes tell the areas apart: only the later ones have room for them.
            OpenVdi.Transport.DeviceBuffer buffer = set.Server.Allocate(size);
            buffer.Span.Fill(0x77);
            set.Server.Send(CommandCode.Write, buffer, sizeBytes: 65536, device: 1);
            Assert.Equal(-1, secondary.Expect(CommandCode.Write).Buffer.Span.IndexOfAnyExcept((byte)0x77));
        }
    }

    private int Work(BothHalves set, int device)
    {
        using var client = new ScriptedClient(Transport);
        client.Join(set.Name);
        client.OpenDevice(set.DeviceName(device));
        int served = 0;
        while (client.Devices[0].GetCommand(Limit, out ClientCommand command) == VdResult.Ok)
        {
            served++;
            client.Complete(in command);
        }

        client.Close();
        return served;
    }
}

[Collection(InProcessCollection.Name)]
public sealed class SecondaryInProcess(InProcessKind kind) : Secondary(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class SecondarySharedMemory(SharedMemoryKind kind) : Secondary(kind), IClassFixture<SharedMemoryKind>;
