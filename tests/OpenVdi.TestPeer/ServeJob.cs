using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.TestPeer;

/// <summary>An engine: opens a set, configures it, feeds its devices, and says what it saw and when.</summary>
/// <remarks>Events: <c>step</c> after each call of the set-up; <c>agent</c> when ExecuteCompletionAgent has returned;
/// <c>served</c> with the sums; the set stays open until the test asks for Close.</remarks>
internal sealed class ServeJob
{
    private readonly Request _request;
    private readonly EventWriter _events;
    private readonly string _run;
    private readonly long _endOffset;
    private readonly uint _transferBytes;
    private readonly long _plantAt;
    private readonly bool _isVaried;
    private DeviceFeed[] _feeds = [];
    private volatile bool _isStopping;
    private long _plantCount;

    public ServeJob(Request request, ServerVirtualDeviceSet set, EventWriter events)
    {
        _request = request;
        Set = set;
        _events = events;
        _run = request["run"];
        IsBackup = request.Text("direction", "backup") == "backup";
        Seed = request.Seed("seed");
        long bytes = request.Number("bytes", -1);
        _endOffset = bytes < 0 ? long.MaxValue : bytes;
        _transferBytes = (uint)request.Number("transfer", 65536);
        _isVaried = request.Number("varied", 0) != 0;
        IsHashing = request.Number("hash", 0) != 0;
        IsCompleting = request.Number("complete", 1) != 0;
        _plantAt = request.Number("plant", -1);
    }

    public ServerVirtualDeviceSet Set { get; }

    public CallbackLedger Ledger { get; } = new();

    public bool IsBackup { get; }

    public bool IsHashing { get; }

    /// <summary>Whether VDC_Complete is sent behind the last Flush.</summary>
    public bool IsCompleting { get; }

    public ulong Seed { get; }

    public bool IsAtEnd(long offset) => offset >= _endOffset || _isStopping;

    /// <summary>The size of the transfer at an offset: a multiple of the block size, never past the end.</summary>
    public long NextSize(int device, long offset)
    {
        long size = _isVaried ? 512 * (1 + ((((offset / 512) * 7919) + device) % (_transferBytes / 512))) : _transferBytes;
        return Math.Min(size, _endOffset - offset);
    }

    /// <summary>Ends the stream of an endless run at the next command of each device.</summary>
    public void Stop() => _isStopping = true;

    public void NotifyAfter(int device, long count) => _feeds[device].NotifyAfter(count);

    public void Reached(int device, long count) => _events.Write("reached", _run, ("device", device), ("count", count));

    /// <summary>What the client sent is not what it was asked for: no fault of this side.</summary>
    public void Mislead(string detail) => _events.Write("misled", _run, ("detail", detail));

    /// <summary>A wrong result that the test planted, to see its checker find it: one byte too many, once.</summary>
    public uint PlantedError(CallbackLedger.Entry entry)
    {
        if (_plantAt < 0 || Interlocked.Increment(ref _plantCount) != _plantAt)
        {
            return 0;
        }

        _events.Write("planted", _run, ("entry", entry.Name));
        return _transferBytes + 1;
    }

    public void Run()
    {
        VdResult result = SetUp(out ServerVirtualDevice[] devices);
        VdResult agent = result;
        if (result == VdResult.Ok)
        {
            agent = Feed(devices);
        }

        Ledger.Finish();
        bool isGood = agent == VdResult.Ok && _feeds.Length > 0 && _feeds.All(static feed => feed.IsGood);
        _events.Write(
            "served",
            _run,
            ("code", agent),
            ("good", isGood),
            ("state", Set.State),
            ("sent", Ledger.SentCount),
            ("called", Ledger.CalledCount),
            ("aborted", Ledger.AbortedCount),
            ("bytes", _feeds.Sum(static feed => feed.SentBytes)),
            ("counts", string.Join(',', _feeds.Select(static feed => feed.CompletedCount))),
            ("failures", string.Join(',', _feeds.Select(static feed => (int)feed.Failure))),
            ("hashes", IsHashing ? string.Join(',', _feeds.Select(static feed => feed.Hash)) : string.Empty),
            ("abort", Set.Abort?.Reason),
            ("words", Set.Abort?.Detail ?? Set.LastFailure?.ToString()),
            ("violations", Ledger.Violations));
    }

    private VdResult SetUp(out ServerVirtualDevice[] devices)
    {
        string name = _request["set"];
        devices = [];
        VdResult result = Step("Open", Set.Open(null, name));
        if (result != VdResult.Ok)
        {
            return result;
        }

        result = Step("GetConfiguration", Set.GetConfiguration(out SetConfiguration? wishes));
        if (result != VdResult.Ok)
        {
            return result;
        }

        VdFeatures features = wishes!.Features | (IsBackup ? VdFeatures.WriteMedia : VdFeatures.ReadMedia);
        features |= wishes.Features.HasFlag(VdFeatures.RequestComplete) ? VdFeatures.CompleteEnabled : 0;
        result = Step("BeginConfiguration", Set.BeginConfiguration(features, 512, 0, RoundUp(_transferBytes), TimeSpan.Zero));
        if (result != VdResult.Ok)
        {
            return result;
        }

        uint bufferCount = (uint)(_request.Number("buffers", 4) * wishes.DeviceCount);
        result = Step("RequestBuffers", Set.RequestBuffers(_transferBytes, 0, bufferCount));
        if (result != VdResult.Ok)
        {
            return result;
        }

        result = Step("EndConfiguration", Set.EndConfiguration());
        devices = new ServerVirtualDevice[wishes.DeviceCount];
        for (int i = 0; i < devices.Length && result == VdResult.Ok; i++)
        {
            result = Set.OpenDevice(DeviceName(name, i), out ServerVirtualDevice? device);
            devices[i] = device!;
        }

        return Step("OpenDevice", result);
    }

    private VdResult Feed(ServerVirtualDevice[] devices)
    {
        _feeds = [.. devices.Select((device, index) => new DeviceFeed(this, device, index))];
        VdResult agentResult = VdResult.Ok;
        using var running = new ManualResetEventSlim();
        var agent = new Thread(() =>
        {
            agentResult = Set.ExecuteCompletionAgent(running.Set);
            running.Set();
            _events.Write("agent", _run, ("code", agentResult));
        });
        agent.Start();
        running.Wait();
        for (long i = _request.Number("buffers", 4) - 1; i >= 0; i--)
        {
            foreach (DeviceFeed feed in _feeds)
            {
                if (Set.AllocateBuffer(out DeviceBuffer buffer, _transferBytes, 0) == VdResult.Ok)
                {
                    feed.Start(buffer);
                }
            }
        }

        if (_request.Number("closeearly", 0) != 0)
        {
            Array.ForEach(_feeds, static feed => feed.CloseEarly());
        }

        _events.Write("feeding", _run);
        agent.Join();
        return agentResult;
    }

    public static string DeviceName(string set, int index) => index == 0 ? set : $"{set}-{index}";

    private static uint RoundUp(uint transferBytes) => (transferBytes + 65535) & ~65535u;

    private VdResult Step(string call, VdResult result)
    {
        _events.Write("step", _run, ("call", call), ("code", result), ("words", Set.LastFailure?.ToString()));
        return result;
    }
}
