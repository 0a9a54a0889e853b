using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.Native.Tests;

/// <summary>Wrong pointers, objects, names, numbers and times: a code for each, never a crash. Spec: 14.7.</summary>
public sealed class MisuseTests(Compiler compiler, ITestOutputHelper output) : NativeTestBase(compiler)
{
    private const int UsualSeed = 7;

    [Fact]
    [Spec("D26"), Spec("D27"), Spec("V1"), Spec("V2"), Spec("V4"), Spec("V5"), Spec("N9"), Spec("C1n")]
    public void Functions_WithArgumentsAndObjectsThatAreWrong_SayItsCode()
    {
        int seed = TestSeed.Choose(UsualSeed);
        output.WriteLine($"{TestSeed.Variable}={seed}");
        string name = NewName();
        NativeProgram program = Start("misuse", name, $"{seed}");
        program.Expect("created");
        ScriptedServer server = NewServer().Open(name).Begin(VdFeatures.WriteMedia).Request(65536, 8).End();
        server.OpenDevice(name);
        server.OpenDevice("device2");
        server.StartAgent();
        SentCommand first = server.SendWrite(new byte[512]);
        SentCommand second = server.SendWrite(new byte[512]);
        server.SendWrite(new byte[512], device: 1);
        server.SendWrite(new byte[512], device: 1);

        program.Expect("waiting");
        Await.Until(() => program.IsAsleep, "the program to wait");
        SentCommand late = server.Send(CommandCode.Flush);
        Assert.Equal(CompletionCode.Success, late.AwaitCompletion());
        Assert.Equal((CompletionCode)int.MinValue, second.AwaitCompletion());
        Assert.Equal(CompletionCode.Success, first.AwaitCompletion());
        Assert.Equal(512u, (uint)first.Command.BytesTransferred);
        program.Say("end");
        NativeProgram.Outcome outcome = program.Finish().ExpectSuccess();
        Assert.Empty(outcome.Error);
        Assert.Equal(VdResult.Aborted, server.AwaitAgent());
    }
}
