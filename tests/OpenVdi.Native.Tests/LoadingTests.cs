using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>The library at the beginning and the end of a process, and loaded by name.</summary>
public sealed class LoadingTests(Compiler compiler) : NativeTestBase(compiler)
{
    [Fact]
    public void Library_LoadedAndUnloadedAHundredTimes_WorksEachTime()
    {
        string program = Compiler.CompileUnlinked("g++", "reload", "reload.cpp");
        NativeProgram.Outcome outcome =
            Own(NativeProgram.Start(program, [NativePrefix.Library, NewName()])).Finish().ExpectSuccess();
        Assert.Empty(outcome.Error);
        AssertNoLeftovers();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(41)]
    [Spec("X3")]
    public void StaticSets_WorkBeforeMain_AndCloseWhenTheProgramEnds(int exitCode)
    {
        string name = NewName();
        NativeProgram program = Start("statics", name, $"{exitCode}");
        program.Expect("created");
        ScriptedServer server = NewServer().Open(name).Begin(VdFeatures.WriteMedia).Request(65536, 4).End();
        server.OpenDevice(name);
        server.StartAgent();
        SentCommand sent = server.SendWrite(new byte[512]);
        NativeProgram.Outcome outcome = program.Finish().ExpectExit(exitCode);
        Assert.Empty(outcome.Error);
        Assert.Equal(CompletionCode.OperationAborted, sent.AwaitCompletion());
        Assert.Equal(VdResult.Aborted, server.AwaitAgent());
        AssertNoLeftovers();
    }
}
