using System.Globalization;
using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>Commands and their queue: section 6.1, M1 to M8, Q1 to Q5, E1 to E4.</summary>
public abstract class Commands(TransportKind kind) : ConformanceSuite(kind)
{
    /// <summary>The numbers of 6.1, and some that nobody has given.</summary>
    public static TheoryData<int> Codes
    {
        get
        {
            var data = new TheoryData<int>();
            data.AddRange(
                [.. SpecDocument.Vdi.Table("6.1", "Command").Column("No").Select(n => int.Parse(n, CultureInfo.InvariantCulture))]);
            data.AddRange(20, 99, int.MaxValue, -1);
            return data;
        }
    }

    [Fact, Spec("M2"), Spec("M8")]
    public void CommandCodes_ByNumber_AreThoseOfTheTable()
    {
        SpecTable table = SpecDocument.Vdi.Table("6.1", "Command");
        Assert.Equal(
            table.Column("No").Zip(table.Column("Command")),
            Enum.GetValues<CommandCode>().Select(c => (((int)c).ToString(CultureInfo.InvariantCulture), $"VDC_{c}")));
    }

    [Theory, MemberData(nameof(Codes))]
    [Spec("M1"), Spec("M7"), Spec("M8"), Spec("K26"), Spec("Q1")]
    public void Command_OfEveryNumber_ArrivesAsSentAndEndsOnce(int number)
    {
        var code = (CommandCode)number;
        bool isTransfer = code is CommandCode.Read or CommandCode.Write;
        BothHalves set = NewSet().Running();
        DeviceBuffer buffer = isTransfer ? set.Server.Allocate() : default;
        SentCommand sent = set.Server.Send(code, buffer, sizeBytes: 1024, position: 0xFEDC_BA98_7654_3210);
        ClientCommand command = set.Client.Expect(code);
        Assert.Equal(
            (1024u, 0xFEDC_BA98_7654_3210ul, isTransfer ? 1024 : 0),
            (command.SizeBytes, command.Position, command.Buffer.SizeBytes));

        // M7: a client that does not know a number says so.
        bool isKnown = Enum.IsDefined(code);
        CompletionCode answer = isKnown ? CompletionCode.Success : CompletionCode.NotSupported;
        set.Client.Complete(in command, answer, isTransfer ? 1024u : 0u);
        Assert.Equal(answer, sent.AwaitCompletion());
        Assert.Equal(1, sent.CallbackCount);
        Assert.Equal(
            isKnown ? Reaction.Continue : Reaction.NotSupported, CompletionReaction.Of(code, sent.CodeInCallback, 1024, 1024));
    }

    [Fact, Spec("M2"), Spec("Y6")]
    public void Commands_OutstandingAtAnAbort_GetOperationAbortedFromTheInterface()
    {
        BothHalves set = NewSet().Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 4).Select(_ => set.Server.Send(CommandCode.Flush))];
        set.Client.Expect(CommandCode.Flush);
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
        Assert.All(sent, s => Assert.Equal(CompletionCode.OperationAborted, s.AwaitCompletion()));
        Assert.Equal(995, (int)CompletionCode.OperationAborted);
    }

    [Fact, Spec("M2")]
    public void CompletionCodes_ByNumber_AreThoseOfTheTable()
    {
        // 14.4 has two pairs of columns; the names differ from ours only in dress.
        SpecTable table = SpecDocument.Vdi.Table("14.4", "Name");
        var numbers = table.Rows.SelectMany(r => new[] { (r[0], r[1]), (r[2], r[3]) })
            .Where(p => p.Item1.Length > 0)
            .ToDictionary(
                p => p.Item1["ERROR_".Length..].Replace("_", "", StringComparison.Ordinal), p => p.Item2,
                StringComparer.OrdinalIgnoreCase);
        Assert.Equal(numbers.Count, Enum.GetValues<CompletionCode>().Length);
        Assert.All(Enum.GetValues<CompletionCode>(), c => Assert.Equal(
            numbers[c.ToString()], ((int)c).ToString(CultureInfo.InvariantCulture)));
    }

    [Fact, Spec("M3")]
    public void CompleteCommand_ByCommand_CarriesBytesAndPositionWhereTheyCount()
    {
        BothHalves set = NewSet(new SetShape { ServerBits = VdFeatures.ReadMedia }).Running();
        foreach (CommandCode code in Enum.GetValues<CommandCode>())
        {
            bool transfers = code is CommandCode.Read or CommandCode.Write;
            bool positions = code is CommandCode.GetPosition or CommandCode.SetPosition;
            DeviceBuffer buffer = transfers ? set.Server.Allocate() : default;
            SentCommand sent = set.Server.Send(code, buffer, sizeBytes: 4096);
            set.Client.Serve(code, bytes: 1024, position: 555);
            sent.AwaitCompletion();

            Assert.Equal((transfers ? 1024u : 0, positions ? 555ul : 0), (sent.Command.BytesTransferred, sent.Command.OutPosition));
        }
    }

    [Theory, InlineData(511u), InlineData(513u), InlineData(1u), InlineData(131072u)]
    [Spec("M4")]
    public void SendCommand_OfATransferThatIsNoMultipleOrTooLarge_IsTheCallersMistake(uint sizeBytes)
    {
        // An engine's error, refused before any effect: so a client never sees another size.
        BothHalves set = NewSet(new SetShape { BufferSizeBytes = 131072 }).Running();
        DeviceBuffer buffer = set.Server.Allocate(131072);
        int callbacks = 0;
        var command = new ServerCommand
        {
            Code = CommandCode.Write,
            Buffer = buffer,
            SizeBytes = sizeBytes,
            CompletionRoutine = _ => callbacks++,
        };
        Assert.Throws<ArgumentException>(() => set.ServerDevice.SendCommand(command));
        Assert.Equal(0, callbacks);
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.Zero, out _));
    }

    [Fact, Spec("M5"), Spec("M6"), Spec("AT4")]
    public void Read_InAnySizesBetweenBlockAndMaximum_GivesTheSameStream()
    {
        BothHalves backup = NewSet(new SetShape { BlockSizeBytes = 1024, MaxTransferSizeBytes = 65536 }).Running();
        var random = new Random(20260101);
        byte[] stream = new byte[400 * 1024];
        random.NextBytes(stream);
        using var stored = new MemoryStream();
        for (int at = 0; at < stream.Length; at += 40 * 1024)
        {
            SentCommand write = backup.Server.SendWrite(stream.AsSpan(at, 40 * 1024));
            ClientCommand command = backup.Client.Expect(CommandCode.Write);
            stored.Write(command.Buffer.Span);
            backup.Client.Complete(in command);
            write.AwaitCompletion();
            Assert.Equal(VdResult.Ok, backup.ServerSet.FreeBuffer(write.Command.Buffer));
        }

        // The block size is the backup's (M6); the sizes are others, down to one block and up to the maximum (M5).
        BothHalves restore = NewSet(new SetShape { BlockSizeBytes = 1024, ServerBits = VdFeatures.ReadMedia }).Running();
        using var read = new MemoryStream();
        stored.Position = 0;
        DeviceBuffer buffer = restore.Server.Allocate();
        while (read.Length < stream.Length)
        {
            uint size = Math.Min((uint)random.Next(1, 65) * 1024, (uint)(stream.Length - read.Length));
            SentCommand sent = restore.Server.Send(CommandCode.Read, buffer, size);
            ClientCommand command = restore.Client.Expect(CommandCode.Read);
            Assert.Equal((int)size, command.Buffer.SizeBytes);
            stored.ReadExactly(command.Buffer.Span);
            restore.Client.Complete(in command);
            sent.AwaitCompletion();
            read.Write(buffer.Span[..(int)sent.Command.BytesTransferred]);
        }

        Assert.Equal(stream, read.ToArray());
    }

    [Fact, Spec("Q1")]
    public void GetCommand_OverTheWholeQueue_KeepsTheOrderOfSendCommand()
    {
        BothHalves set = NewSet(2).Running();
        for (uint i = 0; i < 64; i++)
        {
            set.Server.Send(CommandCode.SkipBlocks, sizeBytes: i, device: (int)(i % 2));
        }

        for (uint i = 0; i < 64; i++)
        {
            Assert.Equal(i, set.Client.Serve(CommandCode.SkipBlocks, device: (int)(i % 2)).SizeBytes);
        }

        Assert.All(set.Server.Sent, s => Assert.Equal(CompletionCode.Success, s.AwaitCompletion()));
    }

    [Fact, Spec("Q2"), Spec("AT5")]
    public void CompleteCommand_InReverseOrder_ReachesTheRightCommands()
    {
        BothHalves set = NewSet(new SetShape { ServerBits = VdFeatures.ReadMedia }).Running();
        SentCommand[] sent = [.. Enumerable.Range(0, 4).Select(_ => set.Server.Send(CommandCode.Read, set.Server.Allocate()))];
        ClientCommand[] held = [.. Enumerable.Range(0, 4).Select(_ => set.Client.Expect(CommandCode.Read))];
        for (int i = 3; i >= 0; i--)
        {
            held[i].Buffer.Span.Fill((byte)(i + 1));
            set.Client.Complete(in held[i], bytes: (uint)(i + 1) * 512);
        }

        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(CompletionCode.Success, sent[i].AwaitCompletion());
            Assert.Equal((uint)(i + 1) * 512, sent[i].Command.BytesTransferred);
            Assert.Equal((byte)(i + 1), sent[i].Command.Buffer.Span[65535]);
            Assert.Equal(4 - i, sent[i].CallbackOrder);
            Assert.Same(sent[i].Command, sent[i].CalledWith);
        }
    }

    [Theory, InlineData(1u), InlineData(56u), InlineData(100u), InlineData(500u)]
    [Spec("Q3"), Spec("Q4"), Spec("E1"), Spec("D2/Active")]
    public void SendCommand_UntilTheQueueIsFull_TakesAtLeastBuffersPlusEightAndThenSaysSo(uint bufferCount)
    {
        BothHalves set = NewSet(new SetShape { BufferSizeBytes = 512, BufferCount = bufferCount }).Running();
        int accepted = 0;
        SentCommand sent;
        while ((sent = set.Server.TrySend(CommandCode.Flush)).Result == VdResult.Ok)
        {
            accepted++;
            Assert.True(accepted < 100_000, "the queue has no bound");
        }

        // The mark that closes a device takes none of these places.
        Assert.True(accepted >= Math.Max(64, bufferCount + 8), $"{accepted} accepted with {bufferCount} buffers");
        Assert.Equal(
            (VdResult.QueueFull, CompletionCode.NoSystemResources, 1), (sent.Result, sent.CodeInCallback, sent.CallbackCount));
        Assert.Equal(1450, (int)sent.Command.CompletionCode);
        Assert.Equal(Environment.CurrentManagedThreadId, sent.CallbackThreadId);

        // Nothing was lost by it, and there is room again when one is done; the device can be closed from a full queue.
        set.Client.Serve(CommandCode.Flush);
        set.Server.Sent[0].AwaitCompletion();
        set.Server.Send(CommandCode.Rewind);
        set.Server.CloseDevices();
        for (int i = 1; i < accepted; i++)
        {
            set.Client.Serve(CommandCode.Flush);
        }

        set.Client.Serve(CommandCode.Rewind);
        set.Client.ExpectEnd(VdResult.Closed);
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        Assert.All(set.Server.Sent, s => Assert.Equal(1, s.CallbackCount));
    }

    [Fact, Spec("Q5"), Spec("A5")]
    public void ServerCommand_OnceItsCallbackHasBegun_MayBeSentAgain()
    {
        BothHalves set = NewSet().Running();
        int rounds = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var command = new ServerCommand { Code = CommandCode.SkipBlocks, SizeBytes = 0 };
        command.CompletionRoutine = c =>
        {
            if (++rounds == 100)
            {
                done.SetResult();
                return;
            }

            c.SizeBytes++;
            Assert.Equal(VdResult.Ok, set.ServerDevice.SendCommand(c));
        };
        Assert.Equal(VdResult.Ok, set.ServerDevice.SendCommand(command));
        for (uint i = 0; i < 100; i++)
        {
            Assert.Equal(i, set.Client.Serve(CommandCode.SkipBlocks).SizeBytes);
        }

        Await.Signalled(done.Task, "100 callbacks of one command");
    }

    [Fact, Spec("E3"), Spec("A2"), Spec("R23")]
    public void SendCommand_WhereItIsAProtocolError_CompletesWithInvalidHandleFirst()
    {
        // Without an agent (A2), on a closed device, and on a set that is gone: always 6, always one callback, here.
        BothHalves set = NewSet(2).Opened();
        Check(set.Server.TrySend(CommandCode.Flush));
        set.Server.StartAgent();
        Assert.Equal(VdResult.Ok, set.ServerDevice.CloseDevice());
        Check(set.Server.TrySend(CommandCode.Flush));
        Check(set.Server.TrySend(CommandCode.ClearError));
        set.ServerSet.Close();
        Check(set.Server.TrySend(CommandCode.Flush, device: 1));

        static void Check(SentCommand sent) => Assert.Equal(
            (VdResult.ProtocolError, CompletionCode.InvalidHandle, 1, Environment.CurrentManagedThreadId),
            (sent.Result, sent.CodeInCallback, sent.CallbackCount, sent.CallbackThreadId));
    }

    [Fact, Spec("E4"), Spec("Y3"), Spec("S12/Abort")]
    public void SendCommand_AfterAnAbort_CompletesWithOperationAborted()
    {
        BothHalves set = NewSet().Running();
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        SentCommand sent = set.Server.TrySend(CommandCode.Flush);
        Assert.Equal(
            (VdResult.Aborted, CompletionCode.OperationAborted, 1, Environment.CurrentManagedThreadId),
            (sent.Result, sent.CodeInCallback, sent.CallbackCount, sent.CallbackThreadId));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class CommandsInProcess(InProcessKind kind) : Commands(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class CommandsSharedMemory(SharedMemoryKind kind) : Commands(kind), IClassFixture<SharedMemoryKind>;
