using System.Diagnostics;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>What the engine sees when a C++ backup program ends in mid-transfer, in whatever way.</summary>
public sealed class DeathTests(Compiler compiler) : NativeTestBase(compiler)
{
    private const int CommandCount = 6;

    private static readonly TimeSpan s_noticeLimit = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("kill", 137)]
    [InlineData("_exit 7", 7)]
    [InlineData("return 0", 0)]
    [InlineData("return 9", 9)]
    [Spec("X5"), Spec("Y6"), Spec("A7"), Spec("AT11")]
    public void Program_ThatEndsInMidTransfer_IsAnAbortWithinASecond(string how, int exitCode)
    {
        (CallingClient client, ScriptedServer server) = Transfer();

        long ended = Stopwatch.GetTimestamp();
        End(client, how);

        Assert.All(server.Sent, sent => Assert.Equal(CompletionCode.OperationAborted, sent.AwaitCompletion()));
        Assert.Equal(VdResult.Aborted, server.AwaitAgent());
        Assert.InRange(Stopwatch.GetElapsedTime(ended), TimeSpan.Zero, s_noticeLimit);
        Assert.All(server.Sent, sent => Assert.Equal(1, sent.CallbackCount));
        // An end without Close is the end that the program wanted, and no message of ours.
        NativeProgram.Outcome outcome = client.Program.Finish().ExpectExit(exitCode);
        Assert.Empty(outcome.Error);
        Assert.Equal(VdResult.Ok, server.Set.Close());
        AssertNoLeftovers();
    }

    [Fact]
    [Spec("C9n"), Spec("X3")]
    public void Destructor_OfAnOpenSet_IsAClose()
    {
        (CallingClient client, ScriptedServer server) = Transfer();
        client.Do($"delete");
        Assert.All(server.Sent, sent => Assert.Equal(CompletionCode.OperationAborted, sent.AwaitCompletion()));
        Assert.Equal(VdResult.Aborted, server.AwaitAgent());
        AssertNoLeftovers();
        // The program lives on.
        client.Do($"create {NewName()} 1");
        client.Do($"close");
        client.Program.Finish().ExpectSuccess();
    }

    [Fact]
    [Spec("X6"), Spec("Y2"), Spec("AT12")]
    public void Engine_ThatAborts_EndsTheCallThatWaits()
    {
        (CallingClient client, ScriptedServer server) = Transfer();
        for (int i = 1; i < CommandCount; i++)
        {
            client.Do($"get 0 -1");
        }

        client.Program.Say("get 0 -1");
        Assert.Equal(VdResult.Ok, server.Set.SignalAbort());
        client.Program.Expect("VD_E_ABORT");
        Assert.Equal("VD_E_ABORT", client.Call($"complete 0 0 0 512"));
        client.Do($"close");
    }

    private static void End(CallingClient client, string how)
    {
        if (how == "kill")
        {
            client.Program.Kill();
        }
        else
        {
            client.Program.Say(how);
        }
    }

    /// <summary>A program that holds the first of several commands.</summary>
    private (CallingClient Client, ScriptedServer Server) Transfer()
    {
        string name = NewName();
        CallingClient client = NewClient();
        ScriptedServer server = NewServer();
        client.Do($"create {name} 1");
        server.Open(name).Begin(VdFeatures.WriteMedia).Request(65536, CommandCount).End();
        client.Do($"config -1");
        server.OpenDevice(name);
        server.StartAgent();
        client.Do($"open {name}");
        for (int i = 0; i < CommandCount; i++)
        {
            server.SendWrite(new byte[512]);
        }

        client.Do($"get 0 -1");
        return (client, server);
    }
}
