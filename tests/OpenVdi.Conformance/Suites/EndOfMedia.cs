using OpenVdi.Client;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>End of media and filemarks: F1 to F8. The engine's part of these rows is played by the script; the interface's
/// part is that codes, bytes and order arrive so that an engine can do it.</summary>
public abstract class EndOfMedia(TransportKind kind) : ConformanceSuite(kind)
{
    [Theory, InlineData(CompletionCode.DiskFull), InlineData(CompletionCode.EomOverflow)]
    [Spec("F1"), Spec("K7"), Spec("K8"), Spec("T8")]
    public void Write_ToAFullDevice_FailsTheOperationWhichEndsInOrder(CompletionCode full)
    {
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 3).Select(_ => set.Server.SendWrite(new byte[512]))];
        set.Client.Serve(CommandCode.Write, full);
        Assert.Equal(Reaction.Fail, CompletionReaction.Of(CommandCode.Write, sent[0].AwaitCompletion(), 512, 0));
        Assert.All(sent[1..], s => Assert.Equal(CompletionCode.IODevice, s.AwaitCompletion()));
        set.ClosedInOrder();
    }

    [Fact, Spec("F2"), Spec("K9")]
    public void Write_ReachingTheWarningZone_LosesNothingAndRepeatsWhatWasShort()
    {
        // Six blocks on two media. The third answers END_OF_MEDIA with half its bytes; the fourth, fetched by then, is still
        // stored; the rest never reached the client and is sent again after the Load.
        BothHalves set = NewSet(new SetShape { Wishes = new SetConfiguration { Features = VdFeatures.LikeTape } }).Running();
        using var stored = new MemoryStream();
        byte[] stream = new byte[6 * 1024];
        new Random(12).NextBytes(stream);
        SentCommand[] sent = [.. Enumerable.Range(0, 6).Select(i => set.Server.SendWrite(stream.AsSpan(i * 1024, 1024)))];
        ClientCommand[] held = [.. Enumerable.Range(0, 4).Select(_ => set.Client.Expect(CommandCode.Write))];
        Store(held[0], 1024, CompletionCode.Success);
        Store(held[1], 1024, CompletionCode.Success);
        Store(held[2], 512, CompletionCode.EndOfMedia);

        Assert.Equal((CompletionCode.EndOfMedia, 512u), (sent[2].AwaitCompletion(), sent[2].Command.BytesTransferred));
        Assert.Equal(CompletionCode.IODevice, sent[5].AwaitCompletion());
        Assert.Equal(Reaction.ChangeMedium, CompletionReaction.Of(CommandCode.Write, CompletionCode.EndOfMedia, 1024, 512));

        // What is pending must be known as stored or not before the next medium: nothing of the fourth is stored here.
        set.Client.Complete(in held[3], CompletionCode.EndOfMedia, 0);
        Assert.Equal((CompletionCode.EndOfMedia, 0u), (sent[3].AwaitCompletion(), sent[3].Command.BytesTransferred));
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        set.Client.Serve(CommandCode.ClearError);
        clear.AwaitCompletion();
        SentCommand load = set.Server.Send(CommandCode.Load);
        set.Client.Serve(CommandCode.Load);
        load.AwaitCompletion();

        int at = (2 * 1024) + (int)sent[2].Command.BytesTransferred;
        while (at < stream.Length)
        {
            int size = Math.Min(512, stream.Length - at);
            SentCommand again = set.Server.SendWrite(stream.AsSpan(at, size));
            Store(set.Client.Expect(CommandCode.Write), size, CompletionCode.Success);
            again.AwaitCompletion();
            Assert.Equal(VdResult.Ok, set.ServerSet.FreeBuffer(again.Command.Buffer));
            at += size;
        }

        Assert.Equal(stream, stored.ToArray());
        set.ClosedInOrder();

        void Store(ClientCommand command, int bytes, CompletionCode code)
        {
            stored.Write(command.Buffer.Span[..bytes]);
            set.Client.Complete(in command, code, (uint)bytes);
        }
    }

    [Theory, InlineData(0u), InlineData(1u << 20)]
    [Spec("F3")]
    public void Configuration_OfTheWarningZone_ReachesTheServer(uint zone)
    {
        // Keeping clear of the zone is the engine's; that it knows the zone is ours.
        BothHalves set = NewSet(new SetShape { Wishes = new SetConfiguration { EomWarningSizeBytes = zone } }).Connected();
        Assert.Equal(VdResult.Ok, set.ServerSet.GetConfiguration(out SetConfiguration? wishes));
        Assert.Equal(zone, wishes!.EomWarningSizeBytes);
    }

    [Theory, InlineData(CompletionCode.NoDataDetected), InlineData(CompletionCode.HandleEof)]
    [InlineData(CompletionCode.FilemarkDetected)]
    [Spec("F4"), Spec("K15"), Spec("D6")]
    public void Read_AtTheEndOfAMedium_LetsTheServerWaitForTheRestAndLoadTheNext(CompletionCode end)
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { Features = VdFeatures.LikeTape },
            ServerBits = VdFeatures.ReadMedia,
        }).Running();
        SentCommand[] reads = [.. Enumerable.Range(0, 3).Select(_ => set.Server.Send(CommandCode.Read, set.Server.Allocate()))];
        ClientCommand first = set.Client.Expect(CommandCode.Read);
        ClientCommand second = set.Client.Expect(CommandCode.Read);
        set.Client.Complete(in first, end, 512);
        Assert.Equal((end, 512u), (reads[0].AwaitCompletion(), reads[0].Command.BytesTransferred));

        // The other outstanding I/O comes in first; only then ClearError, and Load behind it.
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
        set.Client.Complete(in second, end, 0);
        set.Client.Serve(CommandCode.ClearError);
        clear.AwaitCompletion();
        SentCommand load = set.Server.Send(CommandCode.Load);
        set.Client.Serve(CommandCode.Load);
        Assert.Equal(CompletionCode.Success, load.AwaitCompletion());
        SentCommand next = set.Server.Send(CommandCode.Read, reads[0].Command.Buffer);
        set.Client.Serve(CommandCode.Read);
        Assert.Equal(CompletionCode.Success, next.AwaitCompletion());
        Assert.Equal([end, end, CompletionCode.IODevice], reads.Select(r => r.CodeInCallback));
    }

    [Fact, Spec("F5")]
    public void Write_WhileTheClientChangesMediaItself_NeverShowsIt()
    {
        // A client that hides the end of its media answers with success only: the server sees one endless device.
        BothHalves set = NewSet().Running();
        List<MemoryStream> media = [new()];
        byte[] stream = new byte[8 * 1024];
        new Random(5).NextBytes(stream);
        SentCommand[] sent = [.. Enumerable.Range(0, 8).Select(i => set.Server.SendWrite(stream.AsSpan(i * 1024, 1024)))];
        for (int i = 0; i < 8; i++)
        {
            if (media[^1].Length >= 3 * 1024)
            {
                media.Add(new MemoryStream());
            }

            ClientCommand command = set.Client.Expect(CommandCode.Write);
            media[^1].Write(command.Buffer.Span);
            set.Client.Complete(in command);
        }

        Assert.All(sent, s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
        Assert.Equal(3, media.Count);
        Assert.Equal(stream, media.SelectMany(m => m.ToArray()));
        set.ClosedInOrder();
    }

    [Theory, InlineData(0u), InlineData(65536u)]
    [Spec("F6")]
    public void Configuration_OfSoftFileMarks_ReachesTheServer(uint size)
    {
        // Writing it into the MTF blocks is the engine's; the value comes to it unchanged.
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { Features = VdFeatures.LikeTape, SoftFileMarkBlockSizeBytes = size },
        }).Connected();
        Assert.Equal(VdResult.Ok, set.ServerSet.GetConfiguration(out SetConfiguration? wishes));
        Assert.Equal(size, wishes!.SoftFileMarkBlockSizeBytes);
    }

    [Fact, Spec("F7"), Spec("K5")]
    public void Read_ThroughAMark_YieldsFilemarkDetectedAndGoesOnBehindIt()
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { Features = VdFeatures.LikeTape },
            ServerBits = VdFeatures.ReadMedia,
        }).Running();
        DeviceBuffer buffer = set.Server.Allocate();
        SentCommand read = set.Server.Send(CommandCode.Read, buffer);
        ClientCommand command = set.Client.Expect(CommandCode.Read);
        command.Buffer.Span[..1024].Fill(1);
        set.Client.Complete(in command, CompletionCode.FilemarkDetected, 1024);
        Assert.Equal((CompletionCode.FilemarkDetected, 1024u), (read.AwaitCompletion(), read.Command.BytesTransferred));
        Assert.Equal(Reaction.UseBytesThenEnd, CompletionReaction.Of(CommandCode.Read, read.CodeInCallback, 65536, 1024));
        Assert.Equal(VdResult.IOError, set.Server.TrySend(CommandCode.Read, buffer).Result);
    }

    [Fact, Spec("F8")]
    public void Mark_BehindAFailure_FollowsTheClearError()
    {
        BothHalves set = NewSet(new SetShape { Wishes = new SetConfiguration { Features = VdFeatures.LikeTape } }).Running();
        SentCommand write = set.Server.SendWrite(new byte[512]);
        set.Client.Serve(CommandCode.Write, CompletionCode.EndOfMedia, 512);
        write.AwaitCompletion();
        SentCommand early = set.Server.TrySend(CommandCode.WriteMark);
        Assert.Equal((VdResult.IOError, CompletionCode.IODevice), (early.Result, early.CodeInCallback));
        SentCommand clear = set.Server.Send(CommandCode.ClearError);
        set.Client.Serve(CommandCode.ClearError);
        clear.AwaitCompletion();
        SentCommand mark = set.Server.Send(CommandCode.WriteMark);
        set.Client.Serve(CommandCode.WriteMark);
        Assert.Equal(CompletionCode.Success, mark.AwaitCompletion());
    }
}

[Collection(InProcessCollection.Name)]
public sealed class EndOfMediaInProcess(InProcessKind kind) : EndOfMedia(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class EndOfMediaSharedMemory(SharedMemoryKind kind) : EndOfMedia(kind), IClassFixture<SharedMemoryKind>;
