using System.Text.RegularExpressions;
using OpenVdi.Diagnostics;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>Lines on standard error: for calls that fail, and only when they are asked for. Spec: U17.</summary>
public sealed partial class DiagnosticsTests(Compiler compiler) : NativeTestBase(compiler)
{
    [Theory]
    [InlineData("sqlvdi", 7)]
    [InlineData("", 0)]
    [InlineData("off", 0)]
    public void FailingCalls_AreLinesWhenTheyAreAskedFor(string trace, int lineCount)
    {
        NativeProgram.Outcome outcome = Fail((TelemetryNames.TraceVariable, trace), out string name);
        string[] lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lineCount == lines.Length, $"expected {lineCount} lines, found\n{outcome.Error}");
        Assert.All(lines, line => Assert.Matches(Line(), line));
        if (lineCount == 0)
        {
            return;
        }

        // Before there is a set, the library; then the set, or the device, that it happened to.
        string[] starts =
        [
            "libsqlvdi: Close: ", $"{name}: Create: ", $"{name}: OpenDevice: ", $"{name}: CompleteCommand: ",
            $"{name}: GetCommand: ", $"{name}: GetConfiguration: ", $"{name}: OpenDevice: ",
        ];
        uint[] codes = [0x8077000C, 0x8077000C, 0x8077000D, 0x80770006, 0x80770004, 0x80770004, 0x80770004];
        for (int i = 0; i < lines.Length; i++)
        {
            Assert.StartsWith(starts[i], lines[i]);
            Assert.EndsWith($": error 0x{codes[i]:X8}", lines[i]);
        }

        // Why the set was aborted, in the words of who did it.
        Assert.Contains("no room on the tape", lines[4]);
    }

    [GeneratedRegex("^[^:]+: [A-Za-z]+: .+: error 0x8077[0-9A-F]{4}$")]
    private static partial Regex Line();

    /// <summary>Calls that fail, among others that succeed, have their time over, or find the end.</summary>
    private NativeProgram.Outcome Fail((string Name, string Value) trace, out string name)
    {
        name = NewName();
        CallingClient client = NewClient(trace);
        ScriptedServer server = NewServer();
        Assert.Equal("VD_E_PROTOCOL", client.Call($"close"));
        client.Do($"create {name} 1");
        Assert.Equal("VD_E_PROTOCOL", client.Call($"create {name} 1"));
        Assert.Equal("VD_E_TIMEOUT", client.Call($"config 0"));
        server.Open(name).Begin(VdFeatures.WriteMedia).Request(65536, 4).End();
        server.OpenDevice(name);
        client.Do($"config -1");
        server.StartAgent();
        client.Do($"open {name}");
        Assert.Equal("VD_E_OPEN", client.Call($"open {name}"));
        Assert.Equal("VD_E_TIMEOUT", client.Call($"get 0 0"));
        server.SendWrite(new byte[512]);
        client.Do($"get 0 -1");
        Assert.Equal("VD_E_INVALID", client.Call($"complete 0 0 0 513"));
        Assert.Equal(VdResult.Ok, server.Set.SignalAbort("no room on the tape"));
        Assert.Equal("VD_E_ABORT", client.Call($"get 0 -1"));
        Assert.Equal("VD_E_ABORT", client.Call($"config 0"));
        Assert.Equal("VD_E_ABORT", client.Call($"open {name}"));
        client.Do($"close");
        return client.Program.Finish().ExpectSuccess();
    }
}
