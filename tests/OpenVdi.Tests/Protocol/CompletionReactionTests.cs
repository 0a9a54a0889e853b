using OpenVdi.Testing;
using static OpenVdi.CommandCode;
using static OpenVdi.CompletionCode;
using static OpenVdi.Reaction;

namespace OpenVdi.Tests.Protocol;

public class CompletionReactionTests
{
    private const uint Size = 65536;

    [Fact]
    [Spec("K1")]
    public void Of_FullRead_Continues() => AssertReaction(Continue, Read, Success);

    [Fact]
    [Spec("K2")]
    public void Of_ShortRead_UsesTheBytes()
    {
        AssertReaction(UseBytes, Read, Success, bytes: Size - 512);
        AssertReaction(UseBytes, Read, Success, bytes: 0);
    }

    [Theory]
    [Spec("K3")]
    [Spec("K4")]
    [Spec("K5")]
    [Spec("F4")]
    [Spec("F7")]
    [InlineData(HandleEof)]
    [InlineData(NoDataDetected)]
    [InlineData(FilemarkDetected)]
    public void Of_ReadAtTheEnd_UsesTheBytesAndEnds(CompletionCode code)
    {
        AssertReaction(UseBytesThenEnd, Read, code, bytes: 0);
        AssertReaction(UseBytesThenEnd, Read, code, bytes: 1024);
        AssertReaction(UseBytesThenEnd, Read, code, bytes: Size);
    }

    [Fact]
    [Spec("K6")]
    public void Of_FullWrite_Continues() => AssertReaction(Continue, Write, Success);

    [Theory]
    [Spec("K7")]
    [Spec("K8")]
    [Spec("F1")]
    [InlineData(DiskFull)]
    [InlineData(EomOverflow)]
    [InlineData(HandleDiskFull)]
    public void Of_WriteWithoutSpace_Fails(CompletionCode code) => AssertReaction(Fail, Write, code, bytes: 0);

    [Theory]
    [Spec("K9")]
    [Spec("F2")]
    [InlineData(Size)]
    [InlineData(512u)]
    [InlineData(0u)]
    public void Of_WriteAtTheWarning_ChangesTheMedium(uint bytes) => AssertReaction(ChangeMedium, Write, EndOfMedia, bytes);

    [Theory]
    [Spec("K10")]
    [InlineData(Size - 1)]
    [InlineData(0u)]
    public void Of_ShortWriteWithSuccess_Fails(uint bytes) => AssertReaction(Fail, Write, Success, bytes);

    [Theory]
    [Spec("M3")]
    [InlineData(Read, Success)]
    [InlineData(Read, HandleEof)]
    [InlineData(Write, Success)]
    [InlineData(Write, EndOfMedia)]
    public void Of_MoreBytesThanAsked_Fails(CommandCode command, CompletionCode code) =>
        AssertReaction(Fail, command, code, bytes: Size + 1);

    [Theory]
    [Spec("M3")]
    [InlineData(Flush)]
    [InlineData(ClearError)]
    [InlineData(GetPosition)]
    public void Of_OtherCommand_DoesNotLookAtTheBytes(CommandCode command) =>
        AssertReaction(Continue, command, Success, bytes: uint.MaxValue);

    [Theory]
    [Spec("K11")]
    [Spec("K13")]
    [Spec("K14")]
    [Spec("K15")]
    [Spec("K17")]
    [Spec("K18")]
    [Spec("K19")]
    [Spec("K20")]
    [Spec("K22")]
    [Spec("K23")]
    [Spec("K24")]
    [InlineData(Flush)]
    [InlineData(ClearError)]
    [InlineData(Rewind)]
    [InlineData(WriteMark)]
    [InlineData(SkipMarks)]
    [InlineData(SkipBlocks)]
    [InlineData(Load)]
    [InlineData(GetPosition)]
    [InlineData(SetPosition)]
    [InlineData(Discard)]
    [InlineData(Snapshot)]
    [InlineData(MountSnapshot)]
    [InlineData(PrepareToFreeze)]
    [InlineData(Complete)]
    public void Of_SuccessOfACommandWithoutTransfer_Continues(CommandCode command) =>
        AssertReaction(Continue, command, Success, bytes: 0);

    [Theory]
    [Spec("K12")]
    [Spec("K16")]
    [Spec("K25")]
    [InlineData(Flush, DiskFull)]
    [InlineData(Flush, IODevice)]
    [InlineData(Flush, EndOfMedia)]
    [InlineData(Load, NoMediaInDrive)]
    [InlineData(Complete, DiskFull)]
    [InlineData(Complete, (CompletionCode)123456)]
    public void Of_ErrorOfACommandThatMustSucceed_Fails(CommandCode command, CompletionCode code) =>
        AssertReaction(Fail, command, code, bytes: 0);

    [Theory]
    [Spec("K14")]
    [InlineData(EndOfMedia)]
    [InlineData(BeginningOfMedia)]
    [InlineData(FilemarkDetected)]
    [InlineData(NoDataDetected)]
    public void Of_TapeCodeOfATapeCommand_SaysWhereTheDeviceStands(CompletionCode code)
    {
        foreach (CommandCode command in (CommandCode[])[Rewind, WriteMark, SkipMarks, SkipBlocks])
        {
            AssertReaction(UseBytesThenEnd, command, code, bytes: 0);
        }
    }

    [Fact]
    [Spec("K21")]
    public void Of_SnapshotGivenUp_FailsTheBackupNotTheSet() => AssertReaction(Fail, Snapshot, OperationAborted, bytes: 0);

    [Theory]
    [Spec("K16")]
    [Spec("M2")]
    [InlineData(Read)]
    [InlineData(Write)]
    [InlineData(Flush)]
    [InlineData(Load)]
    public void Of_OperationAborted_EndsTheSet(CommandCode command) =>
        AssertReaction(Aborted, command, OperationAborted, bytes: 0);

    [Fact]
    [Spec("K26")]
    [Spec("M7")]
    public void Of_NotSupported_LeavesItToTheServer()
    {
        foreach (CommandCode command in (CommandCode[])[.. Enum.GetValues<CommandCode>(), (CommandCode)77])
        {
            AssertReaction(Reaction.NotSupported, command, CompletionCode.NotSupported, bytes: 0);
        }
    }

    private static void AssertReaction(Reaction expected, CommandCode command, CompletionCode code, uint bytes = Size) =>
        Assert.Equal(expected, CompletionReaction.Of(command, code, Size, bytes));
}
