using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OpenVdi.Diagnostics;

/// <summary>The protocol trace: one line for each call and command, on each half, as <c>key=value</c> pairs.</summary>
/// <remarks>Switched on by the environment variable OPENVDI_TRACE when the process starts: <c>1</c> or <c>stderr</c>, or a
/// file's path, to which several processes may append. A line is one write, never torn. A sink that fails loses lines and
/// nothing else. The format is documented in docs/reference/tracing.md.</remarks>
internal sealed class ProtocolTrace
{
    /// <summary>The value of the variable that asks the native library for lines in the shape of the library that it replaces;
    /// elsewhere it asks for nothing.</summary>
    internal const string SqlVdiStyle = "sqlvdi";

    private static ProtocolTrace? s_current = FromEnvironment(Environment.GetEnvironmentVariable(TelemetryNames.TraceVariable));

    private readonly ITraceSink _sink;

    public ProtocolTrace(ITraceSink sink) => _sink = sink;

    /// <summary>The trace of this process, null when it is off.</summary>
    public static ProtocolTrace? Current
    {
        // Pairs with the write below; whoever sees the trace sees its sink.
        get => Volatile.Read(ref s_current);
        set => Volatile.Write(ref s_current, value);
    }

    /// <summary>The trace that a value of the variable asks for.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification =
        "A trace that cannot be opened is told once, on standard error, and must not stop the host.")]
    internal static ProtocolTrace? FromEnvironment(string? value)
    {
        switch (value)
        {
            case null or "" or "0" or SqlVdiStyle:
                return null;
            case "1" or "stderr":
                return new ProtocolTrace(new StandardErrorSink());
            default:
                try
                {
                    return new ProtocolTrace(new AppendFileSink(value));
                }
                catch (Exception failure)
                {
                    new StandardErrorSink().Write(Encoding.UTF8.GetBytes(
                        $"openvdi: trace file '{value}': cannot be opened: {failure.Message} "
                        + $"HINT: set {TelemetryNames.TraceVariable} to a file that this user can write, or to stderr.\n"));
                    return null;
                }
        }
    }

    public void Call(
        Half half, string function, string? set, string? device, VdResult result, long microseconds, string? arguments)
    {
        TraceLine line = TraceLine.Begin(half, set, device);
        line.Pair("call"u8, function);
        if (!string.IsNullOrEmpty(arguments))
        {
            line.Raw(" "u8);
            line.Text(arguments);
        }

        line.Pair("result"u8, result.SpecName());
        Duration(ref line, microseconds);
        _sink.Write(line.End());
    }

    public void CommandSent(string set, string device, CommandCode code, uint size)
    {
        TraceLine line = TraceLine.Begin(Half.Server, set, device);
        Command(ref line, code);
        line.Pair("event"u8, "sent");
        line.Pair("size"u8, size);
        _sink.Write(line.End());
    }

    public void CommandCompleted(
        Half half, string set, string device, CommandCode code, CompletionCode completion, uint bytes, long microseconds)
    {
        TraceLine line = TraceLine.Begin(half, set, device);
        Command(ref line, code);
        line.Pair("event"u8, "completed");
        string name = SpecNames.Of(completion);
        if (ReferenceEquals(name, SpecNames.Other))
        {
            line.Pair("completion"u8, (int)completion);
        }
        else
        {
            line.Pair("completion"u8, name);
        }

        line.Pair("bytes"u8, bytes);
        Duration(ref line, microseconds);
        _sink.Write(line.End());
    }

    public void Aborted(Half half, string set, AbortNotice notice)
    {
        TraceLine line = TraceLine.Begin(half, set, null);
        line.Pair("event"u8, "aborted");
        line.Pair("reason"u8, SpecNames.Of(notice.Reason));
        line.Quoted("detail"u8, notice.Detail);
        _sink.Write(line.End());
    }

    private static void Command(ref TraceLine line, CommandCode code)
    {
        string name = SpecNames.Of(code);
        if (ReferenceEquals(name, SpecNames.Other))
        {
            line.Pair("command"u8, (int)code);
        }
        else
        {
            line.Pair("command"u8, name);
        }
    }

    private static void Duration(ref TraceLine line, long microseconds)
    {
        if (microseconds >= 0)
        {
            line.Pair("us"u8, microseconds);
        }
    }
}
