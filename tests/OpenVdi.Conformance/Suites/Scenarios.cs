using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The scenarios of appendix A that are more than one row: AT1 to AT3, AT6, AT26. The shorter ones stand with their
/// rows; kills are tested across processes.</summary>
public abstract class Scenarios(TransportKind kind) : ConformanceSuite(kind)
{
    [Theory, InlineData(false), InlineData(true)]
    [Spec("AT1"), Spec("AT2"), Spec("G5"), Spec("G7"), Spec("K11"), Spec("K24")]
    public void Backup_OfTenMegabytesThroughOnePipe_ArrivesByteForByte(bool withComplete)
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { Features = withComplete ? VdFeatures.RequestComplete : default },
            ServerBits = VdFeatures.WriteMedia | (withComplete ? VdFeatures.CompleteEnabled : default),
            BufferCount = 4,
        }).Running();
        Assert.Equal(withComplete ? 0x52000u : 0x10000u, (uint)set.Client.GetConfiguration().Features);
        byte[] data = new byte[10 << 20];
        new Random(1).NextBytes(data);

        using var stored = new MemoryStream();
        var order = new List<CommandCode>();
        PendingCall<VdResult> client = PendingCall.Begin("the synchronous client", () =>
        {
            VdResult result;
            while ((result = set.ClientDevice.GetCommand(Limit, out ClientCommand command)) == VdResult.Ok)
            {
                stored.Write(command.Buffer.Span);
                order.Add(command.Code);
                set.Client.Complete(in command);
            }

            return result;
        });
        DeviceBuffer[] buffers = [.. Enumerable.Range(0, 4).Select(_ => set.Server.Allocate())];
        var last = new SentCommand?[4];
        for (int at = 0, turn = 0; at < data.Length; at += 65536, turn = (turn + 1) % 4)
        {
            last[turn]?.AwaitCompletion();
            data.AsSpan(at, 65536).CopyTo(buffers[turn].Span);
            last[turn] = set.Server.Send(CommandCode.Write, buffers[turn]);
        }

        Assert.Equal(CompletionCode.Success, set.Server.Send(CommandCode.Flush).AwaitCompletion());
        if (withComplete)
        {
            Assert.Equal(CompletionCode.Success, set.Server.Send(CommandCode.Complete).AwaitCompletion());
        }

        set.Server.CloseDevices();
        Assert.Equal(VdResult.Closed, client.AwaitResult());
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        set.Client.Close();
        set.Server.Close();
        Assert.True(data.AsSpan().SequenceEqual(stored.ToArray()), "the bytes stored are not the bytes sent");
        CommandCode[] end = withComplete ? [CommandCode.Flush, CommandCode.Complete] : [CommandCode.Flush];
        Assert.Equal([.. Enumerable.Repeat(CommandCode.Write, 160), .. end], order);
    }

    [Fact, Spec("AT3"), Spec("V1"), Spec("S7/Active"), Spec("C4n")]
    public void Devices_SixtyFourWithAThreadEach_AllOpenAndDoTheirShare()
    {
        BothHalves set = NewSet(new SetShape { DeviceCount = 64, BufferSizeBytes = 512, BufferCount = 64 }).Configured();
        for (int i = 0; i < 64; i++)
        {
            set.Server.OpenDevice(set.DeviceName(i));
        }

        Assert.Equal(VdResult.DevicesOpen, set.ServerSet.OpenDevice("a 65th", out _));
        set.Server.StartAgent();
        int[] sums = new int[64];
        PendingCall<VdResult>[] workers = [.. Enumerable.Range(0, 64).Select(i => PendingCall.Begin($"device {i}", () =>
        {
            Assert.Equal(VdResult.Ok, set.ClientSet.OpenDevice(set.DeviceName(i), out ClientVirtualDevice? device));
            VdResult result;
            while ((result = device!.GetCommand(Limit, out ClientCommand command)) == VdResult.Ok)
            {
                sums[i] += command.Buffer.Span[0];
                Assert.Equal(VdResult.Ok, device.CompleteCommand(in command, CompletionCode.Success, 512));
            }

            return result;
        }))];
        DeviceBuffer[] buffers = [.. Enumerable.Range(0, 64).Select(_ => set.Server.Allocate(512))];
        for (int round = 1; round <= 5; round++)
        {
            SentCommand[] sent = [.. Enumerable.Range(0, 64).Select(i =>
            {
                buffers[i].Span.Fill((byte)(i + round));
                return set.Server.Send(CommandCode.Write, buffers[i], device: i);
            })];
            Assert.All(sent, s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
        }

        Assert.Equal(VdResult.DevicesOpen, set.ClientSet.OpenDevice("a 65th", out _));
        set.Server.CloseDevices();
        Assert.All(workers, w => Assert.Equal(VdResult.Closed, w.AwaitResult()));
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (5 * i) + 15), sums);
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
    }

    [Fact, Spec("AT6"), Spec("D5"), Spec("D7"), Spec("D8")]
    public void Failure_OfTheSecondOfFourReads_IsRecoveredThroughClearError()
    {
        BothHalves set = NewSet(new SetShape { ServerBits = VdFeatures.ReadMedia }).Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 4).Select(_ => set.Server.Send(CommandCode.Read, set.Server.Allocate()))];
        set.Client.Serve(CommandCode.Read);
        set.Client.Serve(CommandCode.Read, CompletionCode.HandleEof, 100);
        Assert.Equal(
            [CompletionCode.Success, CompletionCode.HandleEof, CompletionCode.IODevice, CompletionCode.IODevice],
            sent.Select(s => s.AwaitCompletion()));

        SentCommand rejected = set.Server.TrySend(CommandCode.Read, sent[0].Command.Buffer);
        Assert.Equal(
            (VdResult.IOError, CompletionCode.IODevice, 1, Environment.CurrentManagedThreadId),
            (rejected.Result, rejected.CodeInCallback, rejected.CallbackCount, rejected.CallbackThreadId));
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        set.Client.Serve(CommandCode.ClearError);
        clear.AwaitCompletion();
        Assert.Equal(DeviceState.Active, set.ServerDevice.State);
        SentCommand again = set.Server.Send(CommandCode.Read, sent[0].Command.Buffer);
        set.Client.Serve(CommandCode.Read);
        Assert.Equal(CompletionCode.Success, again.AwaitCompletion());
    }

    [Theory]
    [InlineData(CommandCode.PrepareToFreeze, "abort"), InlineData(CommandCode.PrepareToFreeze, "close")]
    [InlineData(CommandCode.PrepareToFreeze, "die"), InlineData(CommandCode.PrepareToFreeze, "fail")]
    [InlineData(CommandCode.Snapshot, "abort"), InlineData(CommandCode.Snapshot, "close")]
    [InlineData(CommandCode.Snapshot, "die"), InlineData(CommandCode.Snapshot, "fail")]
    [InlineData(CommandCode.Write, "die"), InlineData(CommandCode.Write, "abort"), InlineData(null, "succeed")]
    [Spec("AT26"), Spec("K20"), Spec("K21"), Spec("K23")]
    public void Snapshot_WhateverTheClientDoes_NeverLeavesWritesSuspended(CommandCode? moment, string deed)
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { Features = VdFeatures.SnapshotPrepare },
        }).Running();
        var database = new FreezableDatabase();
        PendingCall<bool> engine = PendingCall.Begin("BACKUP WITH SNAPSHOT", () => BackUpWithSnapshot(set, database));
        PendingCall<bool>? writer = null;

        // The moment for "Write" is the metadata of the frozen state: the third of them (two headers come before).
        int writes = 0;
        while (set.ClientDevice.GetCommand(Limit, out ClientCommand command) == VdResult.Ok)
        {
            if (database.IsFrozen)
            {
                writer ??= PendingCall.Begin("a writer", database.Write).AwaitBlocked();
            }

            writes += command.Code == CommandCode.Write ? 1 : 0;
            if (command.Code != moment || (command.Code == CommandCode.Write && writes < 3))
            {
                set.Client.Complete(in command);
                continue;
            }

            switch (deed)
            {
                case "abort":
                    Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
                    break;
                case "close":
                    Assert.Equal(VdResult.DevicesOpen, set.ClientSet.Close());
                    break;
                case "die":
                    set.Client.Dispose();
                    break;
                default:
                    set.Client.Complete(in command, CompletionCode.OperationAborted);
                    break;
            }
        }

        Assert.Equal(deed == "succeed", engine.AwaitResult());
        Assert.False(database.IsFrozen);
        Assert.Equal(moment == CommandCode.PrepareToFreeze ? 0 : 1, database.FreezeCount);
        Assert.True(writer is null || writer.AwaitResult());
        Assert.True(PendingCall.Begin("a write afterwards", database.Write).AwaitResult());
    }

    /// <summary>An engine in small: section 11's sequence, and the database's writes given back on every way out.</summary>
    private static bool BackUpWithSnapshot(BothHalves set, FreezableDatabase database)
    {
        bool Do(CommandCode code, DeviceBuffer buffer = default)
        {
            SentCommand sent = set.Server.TrySend(code, buffer);
            return sent.AwaitCompletion() == CompletionCode.Success;
        }

        DeviceBuffer buffer = set.Server.Allocate(512);
        bool succeeded = Do(CommandCode.Write, buffer) && Do(CommandCode.Write, buffer) && Do(CommandCode.PrepareToFreeze);
        if (succeeded)
        {
            database.Freeze();
            try
            {
                succeeded = Do(CommandCode.Write, buffer) && Do(CommandCode.Write, buffer) && Do(CommandCode.Snapshot);
            }
            finally
            {
                database.Resume();
            }
        }

        set.ServerDevice.CloseDevice();
        return succeeded;
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ScenariosInProcess(InProcessKind kind) : Scenarios(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ScenariosSharedMemory(SharedMemoryKind kind) : Scenarios(kind), IClassFixture<SharedMemoryKind>;
