using OpenVdi.Client;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>Completion codes, what reaches the server of them, and its reaction: K1 to K26.</summary>
/// <remarks>The reaction is the engine's; what this library offers it is <see cref="CompletionReaction"/>, asked here with
/// what a real callback was given.</remarks>
public abstract class Completions(TransportKind kind) : ConformanceSuite(kind)
{
    private const uint Size = 4096;

    /// <summary>Row, command, code, bytes answered, the reaction that the row wants.</summary>
    public static TheoryData<string, CommandCode, CompletionCode, uint, Reaction> Rows => new()
    {
        { "K1", CommandCode.Read, CompletionCode.Success, Size, Reaction.Continue },
        { "K2", CommandCode.Read, CompletionCode.Success, 100, Reaction.UseBytes },
        { "K2", CommandCode.Read, CompletionCode.Success, 0, Reaction.UseBytes },
        { "K3", CommandCode.Read, CompletionCode.HandleEof, 1000, Reaction.UseBytesThenEnd },
        { "K3", CommandCode.Read, CompletionCode.HandleEof, 0, Reaction.UseBytesThenEnd },
        { "K4", CommandCode.Read, CompletionCode.NoDataDetected, 512, Reaction.UseBytesThenEnd },
        { "K5", CommandCode.Read, CompletionCode.FilemarkDetected, 512, Reaction.UseBytesThenEnd },
        { "K6", CommandCode.Write, CompletionCode.Success, Size, Reaction.Continue },
        { "K7", CommandCode.Write, CompletionCode.DiskFull, 0, Reaction.Fail },
        { "K8", CommandCode.Write, CompletionCode.EomOverflow, 512, Reaction.Fail },
        { "K9", CommandCode.Write, CompletionCode.EndOfMedia, Size, Reaction.ChangeMedium },
        { "K9", CommandCode.Write, CompletionCode.EndOfMedia, 1024, Reaction.ChangeMedium },
        { "K10", CommandCode.Write, CompletionCode.Success, 1024, Reaction.Fail },
        { "K11", CommandCode.Flush, CompletionCode.Success, 0, Reaction.Continue },
        { "K12", CommandCode.Flush, CompletionCode.DiskFull, 0, Reaction.Fail },
        { "K12", CommandCode.Flush, CompletionCode.WriteProtect, 0, Reaction.Fail },
        { "K13", CommandCode.ClearError, CompletionCode.Success, 0, Reaction.Continue },
        { "K14", CommandCode.Rewind, CompletionCode.Success, 0, Reaction.Continue },
        { "K14", CommandCode.Rewind, CompletionCode.BeginningOfMedia, 0, Reaction.UseBytesThenEnd },
        { "K14", CommandCode.WriteMark, CompletionCode.EndOfMedia, 0, Reaction.UseBytesThenEnd },
        { "K14", CommandCode.SkipMarks, CompletionCode.NoDataDetected, 0, Reaction.UseBytesThenEnd },
        { "K14", CommandCode.SkipBlocks, CompletionCode.FilemarkDetected, 0, Reaction.UseBytesThenEnd },
        { "K14", CommandCode.SkipBlocks, CompletionCode.BusReset, 0, Reaction.Fail },
        { "K15", CommandCode.Load, CompletionCode.Success, 0, Reaction.Continue },
        { "K16", CommandCode.Load, CompletionCode.NoMediaInDrive, 0, Reaction.Fail },
        { "K19", CommandCode.Discard, CompletionCode.Success, 0, Reaction.Continue },
        { "K20", CommandCode.Snapshot, CompletionCode.Success, 0, Reaction.Continue },
        { "K21", CommandCode.Snapshot, CompletionCode.OperationAborted, 0, Reaction.Fail },
        { "K22", CommandCode.MountSnapshot, CompletionCode.Success, 0, Reaction.Continue },
        { "K23", CommandCode.PrepareToFreeze, CompletionCode.Success, 0, Reaction.Continue },
        { "K24", CommandCode.Complete, CompletionCode.Success, 0, Reaction.Continue },
        { "K25", CommandCode.Complete, CompletionCode.DiskFull, 0, Reaction.Fail },
        { "K26", CommandCode.GetError, CompletionCode.NotSupported, 0, Reaction.NotSupported },
        { "K26", CommandCode.Write, CompletionCode.NotSupported, 0, Reaction.NotSupported },
    };

    [Theory, MemberData(nameof(Rows))]
    [Spec("K1"), Spec("K2"), Spec("K3"), Spec("K4"), Spec("K5"), Spec("K6"), Spec("K7"), Spec("K8"), Spec("K9"), Spec("K10")]
    [Spec("K11"), Spec("K12"), Spec("K13"), Spec("K14"), Spec("K15"), Spec("K16"), Spec("K19"), Spec("K20"), Spec("K21")]
    [Spec("K22"), Spec("K23"), Spec("K24"), Spec("K25"), Spec("K26"), Spec("D4")]
    public void Completion_OfEachRow_ReachesTheServerWholeAndAsksForTheRowsReaction(
        string row, CommandCode code, CompletionCode answer, uint bytes, Reaction reaction)
    {
        Assert.True(SpecDocument.Vdi.Contains(row), row);
        bool isTransfer = code is CommandCode.Read or CommandCode.Write;
        BothHalves set = NewSet().Running();
        SentCommand sent = set.Server.Send(code, isTransfer ? set.Server.Allocate() : default, isTransfer ? Size : 0);
        set.Client.Serve(code, answer, bytes);

        Assert.Equal((answer, isTransfer ? bytes : 0), (sent.AwaitCompletion(), sent.Command.BytesTransferred));
        Assert.Equal(reaction, CompletionReaction.Of(code, sent.CodeInCallback, Size, sent.Command.BytesTransferred));
        Assert.Equal(answer == CompletionCode.Success ? DeviceState.Active : DeviceState.IOError, set.ServerDevice.State);

        // Whatever it was: the server can go on after a ClearError, or end in order.
        if (answer != CompletionCode.Success)
        {
            SentCommand clear = set.Server.Send(CommandCode.ClearError);
            set.Client.Serve(CommandCode.ClearError);
            Assert.Equal(CompletionCode.Success, clear.AwaitCompletion());
        }

        set.ClosedInOrder();
    }

    [Fact, Spec("K3"), Spec("K2"), Spec("K4"), Spec("K5")]
    public void Read_EndingShort_DeliversExactlyTheBytesThatCount()
    {
        foreach (CompletionCode end in new[]
            { CompletionCode.Success, CompletionCode.HandleEof, CompletionCode.NoDataDetected, CompletionCode.FilemarkDetected })
        {
            BothHalves set = NewSet(new SetShape { ServerBits = VdFeatures.ReadMedia }).Running();
            DeviceBuffer buffer = set.Server.Allocate();
            buffer.Span.Clear();
            SentCommand sent = set.Server.Send(CommandCode.Read, buffer);
            ClientCommand command = set.Client.Expect(CommandCode.Read);
            command.Buffer.Span[..777].Fill(9);
            set.Client.Complete(in command, end, 777);
            sent.AwaitCompletion();

            Assert.Equal(777u, sent.Command.BytesTransferred);
            Assert.Equal(-1, buffer.Span[..777].IndexOfAnyExcept((byte)9));
            Assert.Equal(-1, buffer.Span[777..].IndexOfAnyExcept((byte)0));
        }
    }

    [Fact, Spec("K1"), Spec("M3"), Spec("R6")]
    public void CompleteCommand_WithMoreBytesThanAskedFor_IsInvalidAndTheCommandStaysOpen()
    {
        BothHalves set = NewSet().Running();
        SentCommand sent = set.Server.Send(CommandCode.Read, set.Server.Allocate(), Size);
        ClientCommand command = set.Client.Expect(CommandCode.Read);
        Assert.Equal(VdResult.Invalid, set.ClientDevice.CompleteCommand(in command, CompletionCode.Success, Size + 1));
        Assert.Equal(0, sent.CallbackCount);
        set.Client.Complete(in command);
        Assert.Equal((CompletionCode.Success, Size), (sent.AwaitCompletion(), sent.Command.BytesTransferred));
    }

    [Theory, InlineData(CommandCode.GetPosition), InlineData(CommandCode.SetPosition)]
    [Spec("K17"), Spec("K18")]
    public void Positions_OfBothCommands_TravelWholeBothWays(CommandCode code)
    {
        BothHalves set = NewSet(new SetShape { Wishes = new SetConfiguration { Features = VdFeatures.LikeDisk } }).Running();
        foreach (ulong position in new[] { 0ul, 1ul, 0x1_0000_0000ul, ulong.MaxValue })
        {
            SentCommand sent = set.Server.Send(code, sizeBytes: 2, position: position);
            ClientCommand command = set.Client.Expect(code);
            Assert.Equal((position, 2u), (command.Position, command.SizeBytes));
            set.Client.Complete(in command, position: ~position);
            Assert.Equal((CompletionCode.Success, ~position), (sent.AwaitCompletion(), sent.Command.OutPosition));
        }
    }

    [Theory, InlineData(-1), InlineData(int.MinValue), InlineData(5)]
    [Spec("K14"), Spec("M8")]
    public void SkipCounts_ForwardsAndBackwards_TravelAsTwosComplement(int count)
    {
        BothHalves set = NewSet(new SetShape { Wishes = new SetConfiguration { Features = VdFeatures.LikeTape } }).Running();
        set.Server.Send(CommandCode.SkipBlocks, sizeBytes: unchecked((uint)count));
        Assert.Equal(count, unchecked((int)set.Client.Serve(CommandCode.SkipBlocks).SizeBytes));
    }

    [Fact, Spec("K12"), Spec("K25"), Spec("D5")]
    public void FlushFailing_WithCompleteBehindIt_KeepsCompleteFromTheClient()
    {
        // A backup that is not durable must not be called complete: what follows a failure is never seen (D5).
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { Features = VdFeatures.RequestComplete },
            ServerBits = VdFeatures.WriteMedia | VdFeatures.CompleteEnabled,
        }).Running();
        SentCommand flush = set.Server.Send(CommandCode.Flush);
        SentCommand complete = set.Server.Send(CommandCode.Complete);
        set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull);
        Assert.Equal(CompletionCode.DiskFull, flush.AwaitCompletion());
        Assert.Equal(CompletionCode.IODevice, complete.AwaitCompletion());
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class CompletionsInProcess(InProcessKind kind) : Completions(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class CompletionsSharedMemory(SharedMemoryKind kind) : Completions(kind), IClassFixture<SharedMemoryKind>;
