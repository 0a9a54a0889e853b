using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Native.Tests;

/// <summary>Backup programs of several processes. Spec: section 10.</summary>
public sealed class SecondaryTests(Compiler compiler) : NativeTestBase(compiler)
{
    private const string Second = "device2";
    private const int RoundCount = 50, SizeBytes = 65536;

    [Fact]
    [Spec("P1"), Spec("P2"), Spec("P3"), Spec("P10"), Spec("P11"), Spec("AT21")]
    public void Secondaries_EachWithADevice_PassBuffersByNumber()
    {
        string name = NewName();
        NativeProgram primary = Start("mprocess", "primary", name, name, Second);
        primary.Expect("created");
        ScriptedServer server = NewServer().Open(name).Begin(VdFeatures.WriteMedia).Request(SizeBytes, 4).End();
        server.OpenDevice(name);
        server.OpenDevice(Second);
        server.StartAgent();
        byte[] written = new byte[SizeBytes];
        DeviceBuffer read = server.Allocate(SizeBytes);
        for (int round = 0; round < RoundCount; round++)
        {
            new Random(round).NextBytes(written);
            SentCommand write = server.SendWrite(written);
            read.Span.Fill((byte)round);
            SentCommand fill = server.Send(CommandCode.Read, read, device: 1);
            Assert.Equal(CompletionCode.Success, write.AwaitCompletion());
            Assert.Equal(CompletionCode.Success, fill.AwaitCompletion());
            Assert.Equal(SizeBytes, (int)fill.Command.BytesTransferred);
            Assert.Equal(-1, FirstOther(read.Span));
            Assert.Equal(VdResult.Ok, server.Set.FreeBuffer(write.Command.Buffer));
        }

        server.CloseDevices();
        primary.Finish().ExpectSuccess();
        Assert.Equal(VdResult.Ok, server.AwaitAgent());
        server.Close();
        AssertNoLeftovers();
    }

    [Fact]
    [Spec("X7"), Spec("P8"), Spec("AT13")]
    public void Kill_ASecondaryThatHoldsACommand_ChangesNothingUntilThePrimaryAborts()
    {
        Situation s = Drive();
        SentCommand held = s.Server.SendWrite(new byte[512], device: 1);
        s.Secondary.Do($"get 0 -1");

        s.Secondary.Program.Kill();

        for (int i = 0; i < RoundCount; i++)
        {
            SentCommand flush = s.Server.Send(CommandCode.Flush);
            s.Primary.Do($"get 0 -1");
            s.Primary.Do($"complete 0 {i} 0 0");
            Assert.Equal(CompletionCode.Success, flush.AwaitCompletion());
        }

        Assert.Equal(0, held.CallbackCount);
        s.Primary.Do($"abort");
        Assert.Equal(CompletionCode.OperationAborted, held.AwaitCompletion());
        Assert.Equal(VdResult.Aborted, s.Server.AwaitAgent());
        Assert.Equal("VD_E_ABORT", s.Primary.Call($"get 0 -1"));
        s.Primary.Do($"close");
    }

    [Fact]
    [Spec("P5")]
    public void OpenDevice_OfOneThatIsOpenInAnotherProcess_IsRefused()
    {
        Situation s = Drive(deviceCount: 3);
        Assert.Equal("VD_E_PROTOCOL", s.Secondary.Call($"open {s.Name}"));
        Assert.Equal("VD_E_PROTOCOL", s.Primary.Call($"open {Second}"));
        s.Primary.Do($"open device3");
        Assert.Equal("VD_E_OPEN", s.Secondary.Call($"open device3"));
    }

    [Fact]
    [Spec("P4"), Spec("C2n")]
    public void OpenInSecondary_BeforeThePrimaryIsConfigured_IsRefused()
    {
        string name = NewName();
        CallingClient primary = NewClient(), secondary = NewClient();
        Assert.Equal("VD_E_PROTOCOL", secondary.Call($"join {name}"));
        primary.Do($"create {name} 1");
        Assert.Equal("VD_E_PROTOCOL", secondary.Call($"join {name}"));
        NewServer().Open(name).Begin(VdFeatures.WriteMedia).Request(SizeBytes, 1).End();
        primary.Do($"config -1");
        secondary.Do($"join {name}");
        primary.Do($"abort");
        Assert.Equal("VD_E_ABORT", NewClient().Call($"join {name}"));
    }

    [Theory]
    [InlineData("abort", "NOERROR")]
    [InlineData("close", "VD_E_OPEN")]
    [Spec("P6"), Spec("P7"), Spec("X3")]
    public void Secondary_ThatAbortsOrClosesWithItsDeviceOpen_AbortsTheSet(string call, string code)
    {
        Situation s = Drive();
        s.Primary.Program.Say("get 0 -1");
        Assert.Equal(code, s.Secondary.Call($"{call}"));
        s.Primary.Program.Expect("VD_E_ABORT");
        Assert.Equal(VdResult.Aborted, s.Server.AwaitAgent());
        s.Primary.Do($"close");
    }

    [Fact]
    [Spec("P9")]
    public void Close_ByThePrimaryWhileASecondaryHasItsDeviceOpen_AbortsTheSecondary()
    {
        Situation s = Drive();
        Assert.Equal(VdResult.Ok, s.Server.Devices[0].CloseDevice());
        Assert.Equal("VD_E_CLOSE", s.Primary.Call($"get 0 -1"));
        s.Secondary.Program.Say("get 0 -1");
        Assert.Equal("VD_E_OPEN", s.Primary.Call($"close"));
        s.Secondary.Program.Expect("VD_E_ABORT");
        Assert.Equal("NOERROR", s.Secondary.Call($"close"));
        Assert.Equal(VdResult.Aborted, s.Server.AwaitAgent());
    }

    private static int FirstOther(ReadOnlySpan<byte> bytes)
    {
        int index = 0;
        while (index < bytes.Length && bytes[index] == index % 251)
        {
            index++;
        }

        return index == bytes.Length ? -1 : index;
    }

    /// <summary>Primary and secondary with a device each, and the agent running.</summary>
    private Situation Drive(uint deviceCount = 2)
    {
        Situation s = new(NewClient(), NewClient(), NewServer(), NewName());
        s.Primary.Do($"create {s.Name} {deviceCount}");
        s.Server.Open(s.Name).Begin(VdFeatures.WriteMedia).Request(SizeBytes, 4).End();
        s.Primary.Do($"config -1");
        s.Server.OpenDevice(s.Name);
        for (int i = 2; i <= deviceCount; i++)
        {
            s.Server.OpenDevice($"device{i}");
        }

        s.Server.StartAgent();
        s.Primary.Do($"open {s.Name}");
        s.Secondary.Do($"join {s.Name}");
        s.Secondary.Do($"open {Second}");
        return s;
    }

    private sealed record Situation(CallingClient Primary, CallingClient Secondary, ScriptedServer Server, string Name);
}
