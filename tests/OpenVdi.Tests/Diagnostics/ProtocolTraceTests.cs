using System.Text;
using OpenVdi.Diagnostics;

namespace OpenVdi.Tests.Diagnostics;

public sealed class ProtocolTraceTests
{
    [Fact]
    public void Call_WithNamesAndArguments_WritesOneLine()
    {
        ListSink sink = new();
        new ProtocolTrace(sink).Call(Half.Client, "GetCommand", "a \"set\"\n", "dev\\1", VdResult.TimedOut, 12, "timeout=90");

        string line = Assert.Single(sink.Lines);
        Assert.Matches(
            "^[0-9T:.-]+Z pid=[0-9]+ tid=[0-9]+ half=client set=\"a \\\\\"set\\\\\" \" device=\"dev\\\\\\\\1\" "
            + "call=GetCommand timeout=90 result=VD_E_TIMEOUT us=12\n$",
            line);
    }

    [Fact]
    public void Call_WithoutStamp_HasNoDuration()
    {
        ListSink sink = new();
        new ProtocolTrace(sink).Call(Half.Server, "Open", null, null, VdResult.Invalid, -1, null);
        Assert.EndsWith(" half=server call=Open result=VD_E_INVALID\n", Assert.Single(sink.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_KnownAndUnknown_AreNamedOrNumbered()
    {
        ListSink sink = new();
        ProtocolTrace trace = new(sink);
        trace.CommandSent("s", "d", CommandCode.Write, 65536);
        trace.CommandCompleted(Half.Server, "s", "d", (CommandCode)77, (CompletionCode)4242, 0, 5);
        trace.Aborted(Half.Client, "s", new AbortNotice(AbortReason.ServerDied, "gone"));

        Assert.EndsWith("command=VDC_Write event=sent size=65536\n", sink.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("command=77 event=completed completion=4242 bytes=0 us=5\n", sink.Lines[1], StringComparison.Ordinal);
        Assert.EndsWith("event=aborted reason=ServerDied detail=\"gone\"\n", sink.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Line_LongerThanTheLimit_IsCutButEnds()
    {
        ListSink sink = new();
        new ProtocolTrace(sink).Aborted(
            Half.Client, "s", new AbortNotice(AbortReason.ClientSignalled, new string('\u20AC', 5000)));

        string line = Assert.Single(sink.Lines);
        Assert.InRange(Encoding.UTF8.GetByteCount(line), TraceLine.MaxBytes - 4, TraceLine.MaxBytes);
        Assert.EndsWith("\n", line, StringComparison.Ordinal);
    }

    [Fact]
    public void FromEnvironment_OffValues_AreOff()
    {
        Assert.Null(ProtocolTrace.FromEnvironment(null));
        Assert.Null(ProtocolTrace.FromEnvironment(""));
        Assert.Null(ProtocolTrace.FromEnvironment("0"));
    }

    // Two sinks stand for two processes: each has its own open file, as they would have.
    [Fact]
    public void AppendFile_TwoWriters_KeepEveryLineWhole()
    {
        const int LineCount = 2000;
        string path = Path.Combine(Path.GetTempPath(), $"openvdi-trace-{Guid.NewGuid():N}");
        try
        {
            Thread[] writers = [.. new[] { "one", "two" }.Select(name => new Thread(() =>
            {
                using AppendFileSink sink = new(path);
                ProtocolTrace trace = new(sink);
                for (int i = 0; i < LineCount; i++)
                {
                    trace.CommandSent(name, "d", CommandCode.Write, (uint)i);
                }
            }))];
            Array.ForEach(writers, writer => writer.Start());
            Array.ForEach(writers, writer => Assert.True(writer.Join(TimeSpan.FromSeconds(30)), "awaiting a writer"));

            string[] lines = File.ReadAllLines(path);
            Assert.Equal(2 * LineCount, lines.Length);
            Assert.Equal(LineCount, lines.Count(line => line.Contains("set=\"one\"", StringComparison.Ordinal)));
            Assert.All(lines, line => Assert.Matches("Z pid=.* command=VDC_Write event=sent size=[0-9]+$", line));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
