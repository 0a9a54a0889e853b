using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Text;
using OpenVdi.Diagnostics;
using OpenVdi.Streaming;
using OpenVdi.Tests.Streaming;

namespace OpenVdi.Tests.Diagnostics;

/// <summary>What listeners see of a whole backup, on both halves.</summary>
[Collection(AloneCollection.Name)]
public sealed class WholeBackupTests
{
    private const int WriteCount = 10;

    [Fact]
    public async Task Meter_OfAWholeBackup_CountsSetsCommandsBytesAndDurations()
    {
        ConcurrentDictionary<string, long> sums = new();
        ConcurrentDictionary<string, int> durations = new();
        using MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == TelemetryNames.Meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            sums.AddOrUpdate(Key(instrument, tags), value, (_, old) => old + value));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Assert.InRange(value, 0, 60);
            durations.AddOrUpdate(Key(instrument, tags), 1, static (_, old) => old + 1);
        });
        listener.Start();
        await BackUp(abort: false);

        Assert.Equal(1, sums["openvdi.sets.created"]);
        foreach (string half in new[] { "client", "server" })
        {
            Assert.Equal(1, sums[$"openvdi.sets.opened {half}"]);
            Assert.Equal(1, sums[$"openvdi.sets.closed {half}"]);
            Assert.Equal(0, sums[$"openvdi.sets.live {half}"]);
            Assert.Equal(WriteCount, sums[$"openvdi.commands {half} VDC_Write ERROR_SUCCESS"]);
            Assert.Equal(1, sums[$"openvdi.commands {half} VDC_Flush ERROR_SUCCESS"]);
            Assert.Equal(WriteCount * SessionPair.TransferBytes, sums[$"openvdi.bytes {half} write"]);
            Assert.Equal(WriteCount, durations[$"openvdi.command.duration {half} VDC_Write"]);
            Assert.Equal(1, durations[$"openvdi.command.duration {half} VDC_Flush"]);
        }

        Assert.DoesNotContain(sums.Keys, static key => key.StartsWith("openvdi.aborts", StringComparison.Ordinal));
        sums.Clear();
        await BackUp(abort: true);
        Assert.Equal(1, sums["openvdi.aborts client ServerSignalled"]);
        Assert.Equal(1, sums["openvdi.aborts server ServerSignalled"]);
        Assert.Equal(0, sums["openvdi.sets.live client"]);
        Assert.Equal(0, sums["openvdi.sets.live server"]);
    }

    [Fact]
    public async Task Events_OfAWholeBackup_TellTheWholeStory()
    {
        using RecordingListener listener = new();
        string set = await BackUp(abort: false);
        string[] events = listener.Of(set);

        Assert.Single(events, "SetOpened client");
        Assert.Single(events, "SetOpened server");
        Assert.Single(events, "SetClosed client");
        Assert.Single(events, "SetClosed server");
        Assert.Equal(WriteCount, events.Count(static text => text == "CommandSent VDC_Write 65536"));
        foreach (string half in new[] { "client", "server" })
        {
            Assert.Equal(
                WriteCount, events.Count(text => text == $"CommandCompleted {half} VDC_Write 0 65536"));
            Assert.Single(events, $"CommandCompleted {half} VDC_Flush 0 0");
        }

        Assert.Single(events, "Call client CreateEx NOERROR");
        Assert.Single(events, "Call server EndConfiguration NOERROR");
        Assert.Single(events, "Call client GetCommand VD_E_CLOSE");
        Assert.Single(events, "Call server ExecuteCompletionAgent NOERROR");

        set = await BackUp(abort: true);
        events = listener.Of(set);
        Assert.Single(events, "Aborted client ServerSignalled no more tape");
        Assert.Single(events, "Aborted server ServerSignalled no more tape");
    }

    [Fact]
    public async Task Activities_OfTwoBackups_SpanTheSetsOnEachHalf()
    {
        ConcurrentQueue<Activity> stopped = new();
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == TelemetryNames.ActivitySource,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using Activity parent = new Activity("statement").Start();
        string good = await BackUp(abort: false);
        string bad = await BackUp(abort: true);
        Assert.Same(parent, Activity.Current);

        Activity[] activities = [.. stopped];
        Assert.Equal(4, activities.Length);
        Assert.All(activities, static activity => Assert.Equal(TelemetryNames.SetActivity, activity.OperationName));
        foreach (string half in new[] { "client", "server" })
        {
            Activity of = Assert.Single(activities, activity => IsOf(activity, good, half));
            Assert.Equal(ActivityStatusCode.Unset, of.Status);
            Activity aborted = Assert.Single(activities, activity => IsOf(activity, bad, half));
            Assert.Equal(ActivityStatusCode.Error, aborted.Status);
            Assert.Equal("ServerSignalled", aborted.GetTagItem(TelemetryNames.ReasonTag));
        }

        Assert.Equal(
            parent.SpanId,
            Assert.Single(activities, activity => IsOf(activity, good, "client")).ParentSpanId);
    }

    // A line for each call and each command of each half, and for the abort.
    [Fact]
    public async Task Trace_OfAWholeBackup_HasALinePerCallAndCommand()
    {
        ListSink sink = new();
        ProtocolTrace? before = ProtocolTrace.Current;
        ProtocolTrace.Current = new ProtocolTrace(sink);
        try
        {
            string set = await BackUp(abort: true);
            string[] lines = [.. sink.Lines.Where(line => line.Contains($"set=\"{set}\"", StringComparison.Ordinal))];
            foreach (string half in new[] { "client", "server" })
            {
                Assert.Equal(WriteCount, Count(lines, half, "command=VDC_Write event=completed completion=ERROR_SUCCESS bytes=65536 us="));
                Assert.Equal(1, Count(lines, half, "event=aborted reason=ServerSignalled detail=\"no more tape\""));
                Assert.Equal(1, Count(lines, half, "call=Close result="));
            }

            Assert.Equal(WriteCount, Count(lines, "server", "command=VDC_Write event=sent size=65536"));
            Assert.Equal(
                WriteCount, Count(lines, "client", "call=GetCommand command=VDC_Write size=65536 result=NOERROR us="));
            Assert.Equal(1, Count(lines, "client", "call=GetCommand command=VDC_Flush size=0 result=NOERROR us="));
            Assert.Equal(1, Count(lines, "client", "call=CreateEx devices=1 features=0x0 result=NOERROR us="));
            Assert.Equal(1, Count(lines, "server", "call=RequestBuffers size=65536 alignment=0 count=4 result=NOERROR us="));
            Assert.Equal(1, Count(lines, "client", "call=GetCommand result=VD_E_ABORT us="));
            Assert.Equal(1, Count(lines, "server", "call=SignalAbort result=NOERROR us="));
            Assert.Equal(1, Count(lines, "server", "call=ExecuteCompletionAgent result=VD_E_ABORT us="));
        }
        finally
        {
            ProtocolTrace.Current = before;
        }
    }

    private static async Task<string> BackUp(bool abort)
    {
        SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        Task serving = pair.Client.RunAsync(static _ => new FuncHandler(static (command, _) =>
            new(DeviceAnswer.Transferred((int)command.SizeBytes))));
        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[WriteCount * SessionPair.TransferBytes]).Within("the writes");
        await device.FlushAsync().Within("the flush");
        if (abort)
        {
            pair.Engine.Abort("no more tape");
            await Assert.ThrowsAsync<VirtualDeviceException>(() => serving.Within("the abort"));
        }
        else
        {
            await device.CloseAsync().Within("the close");
            await serving.Within("the device");
        }

        await pair.DisposeAsync();
        return pair.Client.Name;
    }

    private static string Key(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        StringBuilder key = new(instrument.Name);
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            key.Append(CultureInfo.InvariantCulture, $" {tag.Value}");
        }

        return key.ToString();
    }

    private static bool IsOf(Activity activity, string set, string half) =>
        (string?)activity.GetTagItem(TelemetryNames.SetTag) == set
        && (string?)activity.GetTagItem(TelemetryNames.HalfTag) == half;

    private static int Count(string[] lines, string half, string part) => lines.Count(line =>
        line.Contains($" half={half} ", StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal));

    private sealed class RecordingListener : EventListener
    {
        private readonly ConcurrentQueue<(string Set, string Text)> _events = new();

        public string[] Of(string set) => [.. _events.Where(one => one.Set == set).Select(static one => one.Text)];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == TelemetryNames.EventSource)
            {
                EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventSource.Name != TelemetryNames.EventSource || eventData.PayloadNames is null)
            {
                return;
            }

            Dictionary<string, object?> payload = eventData.PayloadNames
                .Zip(eventData.Payload!).ToDictionary(static both => both.First, static both => both.Second);
            string[] shown = ["half", "function", "command", "sizeBytes", "completion", "bytes", "reason", "detail", "resultName"];
            IEnumerable<object?> parts = shown.Where(payload.ContainsKey).Select(name => payload[name]);
            _events?.Enqueue(((string)payload["set"]!, $"{eventData.EventName} {string.Join(' ', parts)}"));
        }
    }
}
