using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The buffer functions and who owns a buffer when: B1 to B12, B24 to B26, B30 to B35.</summary>
public abstract class Buffers(TransportKind kind) : ConformanceSuite(kind)
{
    /// <summary>More than any machine has: 4000 buffers of 768 MiB.</summary>
    private const uint HugeSizeBytes = 3u << 28, HugeCount = 4000;

    [Fact, Spec("B1"), Spec("R13")]
    public void RequestBuffers_SeveralTimesInConfigurable_SumsUp()
    {
        BothHalves set = NewSet().Begun();
        set.Server.Request(65536, 3).Request(4096, 5).Request(65536, 1);
        set.Server.End();

        // One pool: the small ones first, so that they do not take the large ones' places.
        for (int i = 0; i < 5; i++)
        {
            set.Server.Allocate(4096);
        }

        Assert.Equal(4, AllocateAll(set, 65536).Count);
    }

    [Theory, InlineData("Initializing"), InlineData("Active")]
    [Spec("B2"), Spec("B26"), Spec("AT19"), Spec("S4/Initializing"), Spec("S4/Active")]
    public void RequestBuffers_AfterConfiguration_AddsAnAreaWhoseCommandsTheClientCanUse(string state)
    {
        BothHalves set = NewSet(new SetShape { BufferCount = 1 });
        _ = state == "Initializing" ? set.Configured() : set.Running();
        DeviceBuffer first = set.Server.Allocate();
        Assert.Equal(VdResult.OutOfMemory, set.ServerSet.AllocateBuffer(out _, 65536, 0));
        set.Server.Request(65536, 2);
        DeviceBuffer second = set.Server.Allocate();
        second.Span.Fill(0x5A);
        if (state == "Initializing")
        {
            set.Server.OpenDevice(set.Name);
            set.Server.StartAgent();
            set.Client.OpenDevice(set.Name);
        }

        SentCommand sent = set.Server.Send(CommandCode.Write, second);
        ClientCommand command = set.Client.Expect(CommandCode.Write);
        Assert.NotEqual(0, command.Buffer.Address);
        Assert.Equal(65536, command.Buffer.SizeBytes);
        Assert.Equal(-1, command.Buffer.Span.IndexOfAnyExcept((byte)0x5A));
        set.Client.Complete(in command);
        Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
        Assert.NotEqual(first, second);
    }

    [Fact, Spec("B3"), Spec("B20")]
    public void RequestBuffers_ByAlignment_TakesTheSetsOrAStricterOne()
    {
        BothHalves set = NewSet(new SetShape { AlignmentBytes = 2048 }).Begun();
        Assert.Equal(VdResult.Ok, set.ServerSet.RequestBuffers(512, 0, 4));
        Assert.Equal(VdResult.Ok, set.ServerSet.RequestBuffers(1024, 16384, 4));
        Assert.Equal(VdResult.Invalid, set.ServerSet.RequestBuffers(512, 3000, 1));
        Assert.Equal(VdResult.Invalid, set.ServerSet.RequestBuffers(512, 131072, 1));
        Assert.Equal(VdResult.Invalid, set.ServerSet.RequestBuffers(0, 0, 1));
        Assert.Equal(VdResult.Invalid, set.ServerSet.RequestBuffers(512, 0, 0));
        set.Server.End();

        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(0, set.Server.Allocate(1024, 16384).Address % 16384);
            Assert.Equal(0, set.Server.Allocate(512).Address % 2048);
        }
    }

    [Fact, Spec("B4")]
    public void RequestBuffers_BySize_AddsPrefixZonesAndPaddingItself()
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { PrefixZoneSizeBytes = 1000 },
            AlignmentBytes = 4096,
            BufferCount = 7,
        }).Running();

        // All seven are there at their full size, each with its zone, none overlapping another.
        List<DeviceBuffer> all = AllocateAll(set, 65536);
        Assert.Equal(7, all.Count);
        nint[] starts = [.. all.Select(b => b.Address).Order()];
        for (int i = 1; i < starts.Length; i++)
        {
            Assert.True(starts[i] - 1000 >= starts[i - 1] + 65536, "a prefix zone overlaps the neighbour's data");
        }
    }

    [Fact, Spec("B5"), Spec("B6"), Spec("AT20"), Spec("S6/Configurable"), Spec("R15")]
    public void EndConfiguration_WithAnImpossibleSum_StaysConfigurableAndTakesASmallerOne()
    {
        BothHalves set = NewSet().Begun();
        Assert.Equal(VdResult.Ok, set.ServerSet.RequestBuffers(HugeSizeBytes, 0, HugeCount));
        Assert.Equal(VdResult.OutOfMemory, set.ServerSet.EndConfiguration());
        Assert.Equal(ServerSetState.Configurable, set.ServerSet.State);
        Assert.NotNull(set.ServerSet.LastFailure);
        Assert.Matches("[0-9]", set.ServerSet.LastFailure.Message);
        Assert.Equal(VdResult.TimedOut, set.ClientSet.GetConfiguration(TimeSpan.Zero, out _));
        Assert.Equal(VdResult.ProtocolError, set.ServerSet.AllocateBuffer(out _, 512, 0));

        // B6: the impossible requirement is forgotten; what is restated is all there is.
        set.Server.Request(65536, 2).End();
        set.Client.GetConfiguration();
        Assert.Equal(2, AllocateAll(set, 65536).Count);
    }

    [Fact, Spec("B2"), Spec("R13")]
    public void RequestBuffers_ForTheImpossibleInActive_IsOutOfMemoryWithoutHarm()
    {
        BothHalves set = NewSet(new SetShape { BufferCount = 1 }).Running();
        Assert.Equal(VdResult.OutOfMemory, set.ServerSet.RequestBuffers(HugeSizeBytes, 0, HugeCount));
        Assert.Single(AllocateAll(set, 65536));
        set.Server.Send(CommandCode.Flush);
        set.Client.Serve(CommandCode.Flush);
    }

    [Fact, Spec("B7"), Spec("R14"), Spec("S5")]
    public void QueryAvailableBuffers_BeforeAndAfterConfiguration_CountsWhatCouldBeHad()
    {
        BothHalves set = NewSet().Begun();
        Assert.Equal(0u, Available(set, 65536));
        set.Server.Request(65536, 3);
        Assert.Equal(3u, Available(set, 65536));
        set.Server.Request(65536, 2);
        Assert.Equal(5u, Available(set, 65536));
        set.Server.End();
        Assert.Equal(5u, Available(set, 65536));
        DeviceBuffer taken = set.Server.Allocate();
        Assert.Equal(4u, Available(set, 65536));
        Assert.Equal(VdResult.Ok, set.ServerSet.FreeBuffer(taken));
        Assert.Equal(5u, Available(set, 65536));
        Assert.Equal(0u, Available(set, 1 << 20));
        uint small = Available(set, 4096);
        Assert.Equal(small, (uint)AllocateAll(set, 4096).Count);
        Assert.Equal(0u, Available(set, 4096));
        Assert.Equal(VdResult.Invalid, set.ServerSet.QueryAvailableBuffers(0, 0, out _));
        Assert.Equal(VdResult.Invalid, set.ServerSet.QueryAvailableBuffers(512, 3, out _));
    }

    [Fact, Spec("B8"), Spec("R18"), Spec("S9/Initializing")]
    public void AllocateBuffer_ByItsArguments_AnswersAsTheRowSays()
    {
        BothHalves set = NewSet(new SetShape { BufferCount = 2, AlignmentBytes = 1024 }).Configured();
        Assert.Equal(VdResult.Invalid, set.ServerSet.AllocateBuffer(out DeviceBuffer none, 512, 3));
        Assert.True(none.IsEmpty);
        Assert.Equal(VdResult.Invalid, set.ServerSet.AllocateBuffer(out none, 0, 0));
        Assert.Equal(VdResult.Ok, set.ServerSet.AllocateBuffer(out DeviceBuffer buffer, 65536, 0));
        Assert.Equal(0, buffer.Address % 1024);
        Assert.Equal(65536, buffer.SizeBytes);
        Assert.NotEqual(0, buffer.Address);
        Assert.Equal(VdResult.Ok, set.ServerSet.AllocateBuffer(out _, 65536, 0));
        Assert.Equal(VdResult.OutOfMemory, set.ServerSet.AllocateBuffer(out none, 65536, 0));
        Assert.True(none.IsEmpty);
        Assert.Equal(0, none.Address);
    }

    [Fact, Spec("B9"), Spec("B24")]
    public void AllocateBuffer_OfASizeNeverRequested_IsGivenWhereItFits()
    {
        BothHalves set = NewSet(new SetShape { BufferCount = 1 }).Configured();
        Assert.Equal(VdResult.OutOfMemory, set.ServerSet.AllocateBuffer(out _, 1 << 20, 0));
        Assert.Equal(VdResult.Ok, set.ServerSet.AllocateBuffer(out DeviceBuffer small, 1536, 0));
        Assert.Equal(1536, small.SizeBytes);
        Assert.Equal(VdResult.Ok, set.ServerSet.FreeBuffer(small.Address, 1536));
        Assert.Single(AllocateAll(set, 65536));
    }

    [Fact, Spec("B10"), Spec("R19"), Spec("S10/Initializing"), Spec("S10/Active")]
    public void FreeBuffer_OfAnythingButAnAllocatedBuffer_IsInvalid()
    {
        BothHalves set = NewSet(new SetShape { BufferCount = 2 }).Running();
        DeviceBuffer buffer = set.Server.Allocate();
        Assert.Equal(VdResult.Invalid, set.ServerSet.FreeBuffer(0, 65536));
        Assert.Equal(VdResult.Invalid, set.ServerSet.FreeBuffer(buffer.Address + 512, 65536));
        Assert.Equal(VdResult.Invalid, set.ServerSet.FreeBuffer(buffer.Address, 512));
        Assert.Equal(VdResult.Ok, set.ServerSet.FreeBuffer(buffer.Address, 65536));
        Assert.Equal(VdResult.Invalid, set.ServerSet.FreeBuffer(buffer.Address, 65536));
        Assert.Equal(2, AllocateAll(set, 65536).Count);
    }

    [Fact, Spec("B12"), Spec("T5")]
    public void Close_WithBuffersAllocated_FreesThemImplicitly()
    {
        BothHalves set = NewSet().Running();
        DeviceBuffer[] buffers = [set.Server.Allocate(), set.Server.Allocate()];
        set.ClosedInOrder();

        Assert.All(buffers, b => Assert.Equal(0, b.Address));
        Assert.Equal(VdResult.ProtocolError, set.ServerSet.FreeBuffer(buffers[0]));
    }

    [Fact, Spec("B24")]
    public void Buffers_OfOnePool_ServeEveryDevice()
    {
        BothHalves set = NewSet(new SetShape { DeviceCount = 2, BufferCount = 1 }).Running();
        DeviceBuffer buffer = set.Server.Allocate();
        for (int device = 0; device < 2; device++)
        {
            SentCommand sent = set.Server.Send(CommandCode.Write, buffer, device: device);
            set.Client.Serve(CommandCode.Write, device: device);
            Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
        }
    }

    [Fact, Spec("B25")]
    public void GetCommand_WithABuffer_GivesAnAddressThatIsThisClientsOwn()
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        set.Client.OpenDevice(set.Name);
        ScriptedClient secondary = NewClient().Join(set.Name);
        secondary.OpenDevice("b");
        DeviceBuffer buffer = set.Server.Allocate();
        buffer.Span.Fill(7);

        // One buffer, seen by three parties in turn: each under an address of its own mapping, the same bytes.
        set.Server.Send(CommandCode.Write, buffer, device: 0);
        ClientCommand inPrimary = set.Client.Expect(CommandCode.Write);
        Assert.Equal(VdResult.Ok, set.ClientSet.GetBufferHandle(inPrimary.Buffer.Address, out uint handle));
        Assert.Equal(VdResult.Ok, secondary.Set.MapBufferHandle(handle, out nint _));
        Assert.Equal(7, inPrimary.Buffer.Span[65535]);
        set.Client.Complete(in inPrimary);
        set.Server.Sent[0].AwaitCompletion();
        set.Server.Send(CommandCode.Write, buffer, device: 1);
        ClientCommand inSecondary = secondary.Expect(CommandCode.Write);
        Assert.Equal(7, inSecondary.Buffer.Span[0]);
        secondary.Complete(in inSecondary);
    }

    [Fact, Spec("B30"), Spec("B31"), Spec("B32"), Spec("Q5")]
    public void Buffer_FromSendCommandToItsCompletion_IsTouchedByTheClientAlone()
    {
        // The interface itself neither reads nor writes a buffer while a command has it: what is there is what the
        // parties put there. That the engine keeps away is the engine's duty.
        BothHalves set = NewSet(new SetShape { ServerBits = VdFeatures.ReadMedia }).Running();
        DeviceBuffer buffer = set.Server.Allocate();
        buffer.Span.Fill(1);
        SentCommand sent = set.Server.Send(CommandCode.Read, buffer);
        ClientCommand command = set.Client.Expect(CommandCode.Read);
        Assert.Equal(-1, command.Buffer.Span.IndexOfAnyExcept((byte)1));
        command.Buffer.Span.Fill(2);
        Assert.Equal(0, sent.CallbackCount);
        set.Client.Complete(in command);

        // Control is back with the server by the completion alone (B32).
        sent.AwaitCompletion();
        Assert.Equal(-1, buffer.Span.IndexOfAnyExcept((byte)2));
        Assert.Equal(buffer, sent.Command.Buffer);
        Assert.Equal(VdResult.Ok, set.ServerSet.FreeBuffer(buffer));
    }

    [Fact, Spec("B33"), Spec("Y8")]
    public void Buffers_AfterAnAbort_StayUsableOnBothSidesUntilTheirOwnClose()
    {
        BothHalves set = NewSet().Running();
        DeviceBuffer buffer = set.Server.Allocate();
        set.Server.Send(CommandCode.Write, buffer);
        ClientCommand command = set.Client.Expect(CommandCode.Write);
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());

        buffer.Span.Fill(3);
        command.Buffer.Span[0] = 4;
        command.Buffer.PrefixZone.Clear();
        Assert.Equal(4, buffer.Span[0]);
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        command.Buffer.Span.Fill(5);
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
    }

    [Theory, InlineData(false), InlineData(true)]
    [Spec("B34")]
    public void Buffers_AfterClose_AreInvalidInThatHalfOnly(bool serverFirst)
    {
        // A raw address would fault; the buffer's own members say so instead.
        BothHalves set = NewSet().Running();
        DeviceBuffer atServer = set.Server.Allocate();
        set.Server.Send(CommandCode.Write, atServer);
        DeviceBuffer atClient = set.Client.Expect(CommandCode.Write).Buffer;
        (DeviceBuffer closed, DeviceBuffer open) = serverFirst ? (atServer, atClient) : (atClient, atServer);
        _ = serverFirst ? set.ServerSet.Close() : set.ClientSet.Close();

        Assert.Equal(0, closed.Address);
        Assert.Throws<ObjectDisposedException>(() => closed.Span.Length);
        open.Span.Fill(9);
        Assert.NotEqual(0, open.Address);
    }

    [Fact, Spec("B35"), Spec("M8")]
    public void Command_InTheClientsHands_IsAReadOnlyValueUntilCompleted()
    {
        BothHalves set = NewSet().Running();
        set.Server.Send(CommandCode.SkipMarks, sizeBytes: 3);
        set.Server.Send(CommandCode.SetPosition, sizeBytes: 1, position: 44);
        ClientCommand first = set.Client.Expect(CommandCode.SkipMarks);
        ClientCommand second = set.Client.Expect(CommandCode.SetPosition);

        // Nothing can be written through it, and a later command does not change an earlier one.
        Assert.All(typeof(ClientCommand).GetProperties(), p => Assert.False(p.CanWrite));
        Assert.Equal((CommandCode.SkipMarks, 3u, 0ul, true), (first.Code, first.SizeBytes, first.Position, first.Buffer.IsEmpty));
        set.Client.Complete(in second, position: 44);
        Assert.Equal((CommandCode.SkipMarks, 3u), (first.Code, first.SizeBytes));
        set.Client.Complete(in first);
    }

    private static List<DeviceBuffer> AllocateAll(BothHalves set, uint sizeBytes)
    {
        var all = new List<DeviceBuffer>();
        while (set.ServerSet.AllocateBuffer(out DeviceBuffer buffer, sizeBytes, 0) == VdResult.Ok)
        {
            all.Add(buffer);
        }

        return all;
    }

    private static uint Available(BothHalves set, uint sizeBytes)
    {
        Assert.Equal(VdResult.Ok, set.ServerSet.QueryAvailableBuffers(sizeBytes, 0, out uint count));
        return count;
    }
}

[Collection(InProcessCollection.Name)]
public sealed class BuffersInProcess(InProcessKind kind) : Buffers(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class BuffersSharedMemory(SharedMemoryKind kind) : Buffers(kind), IClassFixture<SharedMemoryKind>;
