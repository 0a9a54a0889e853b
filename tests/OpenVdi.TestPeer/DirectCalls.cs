using System.Collections.Concurrent;
using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.TestPeer;

/// <summary>One call of the interface for one request: the result code, and what else the call gave.</summary>
internal sealed class DirectCalls(
    Request request,
    EventWriter events,
    Func<string, ClientVirtualDeviceSet> client,
    Func<string, ServerVirtualDeviceSet> server)
{
    private static readonly ConcurrentDictionary<string, ClientVirtualDevice> s_devices = new();
    private static readonly ConcurrentDictionary<string, ClientCommand> s_commands = new();

    private readonly string _run = request["run"];

    public void Run()
    {
        switch (request.Verb)
        {
            case "create":
                Create();
                break;
            case "join":
                Answer(client(_run).OpenInSecondary(request["set"]), client(_run).LastFailure);
                break;
            case "getconfiguration":
                Answer(client(_run).GetConfiguration(request.Timeout("timeout"), out _), client(_run).LastFailure);
                break;
            case "opendevice":
                VdResult opened = client(_run).OpenDevice(request["name"], out ClientVirtualDevice? device);
                if (device is not null)
                {
                    s_devices[_run + "/" + request["name"]] = device;
                }

                Answer(opened, client(_run).LastFailure);
                break;
            case "getcommand":
                GetCommand();
                break;
            case "complete":
                ClientCommand held = s_commands[request["command"]];
                Answer(Device().CompleteCommand(
                    held, (CompletionCode)request.Number("code", 0), (uint)request.Number("bytes", held.SizeBytes)));
                break;
            case "gethandle":
                VdResult found = client(_run).GetBufferHandle(s_commands[request["command"]].Buffer.Address, out uint handle);
                Answer(found, null, ("handle", handle));
                break;
            case "maphandle":
                MapHandle();
                break;
            case "open":
                Answer(server(_run).Open(request.Text("instance", string.Empty), request["set"]), server(_run).LastFailure);
                break;
            case "serveropen":
                Answer(server(_run).OpenDevice(request["name"], out _), server(_run).LastFailure);
                break;
            case "configure":
                Configure();
                break;
            default:
                throw new ArgumentException($"verb '{request.Verb}' is not one of the peer's");
        }
    }

    private void Create()
    {
        // Several processes spin to the same instant of the same clock, so that their calls overlap.
        long start = request.Number("at", 0);
        while (EventWriter.Now < start)
        {
            Thread.SpinWait(20);
        }

        var wishes = new SetConfiguration { DeviceCount = (uint)request.Number("devices", 1) };
        Answer(client(_run).Create(request["set"], wishes), client(_run).LastFailure);
    }

    private void GetCommand()
    {
        VdResult result = Device().GetCommand(request.Timeout("timeout"), out ClientCommand command);
        s_commands[request["command"]] = command;
        Answer(result, null, ("command", (int)command.Code), ("size", command.SizeBytes));
    }

    private void MapHandle()
    {
        uint handle = (uint)request.Number("handle", 0);
        uint size = (uint)request.Number("size", 0);
        VdResult result = client(_run).MapBufferHandle(handle, size, out DeviceBuffer buffer);
        long mismatch = -2;
        if (result == VdResult.Ok && request.Has("seed"))
        {
            // The helper's view of the bytes; then it changes them, for the others to see.
            mismatch = StreamPattern.Mismatch(buffer.Span, request.Seed("seed"), 0, 0);
            StreamPattern.Fill(buffer.Span, request.Seed("seed") + 1, 0, 0);
        }

        Answer(result, client(_run).LastFailure, ("mismatch", mismatch));
    }

    private void Configure()
    {
        ServerVirtualDeviceSet set = server(_run);
        // After VD_E_MEMORY the set is still Configurable: only smaller requirements are restated (B6).
        VdResult result = request.Has("again")
            ? VdResult.Ok
            : set.BeginConfiguration(VdFeatures.WriteMedia, 512, 0, 65536, TimeSpan.Zero);
        if (result == VdResult.Ok)
        {
            result = set.RequestBuffers((uint)request.Number("size", 65536), 0, (uint)request.Number("count", 4));
        }

        if (result == VdResult.Ok)
        {
            result = set.EndConfiguration();
        }

        Answer(result, set.LastFailure);
    }

    private ClientVirtualDevice Device() => s_devices[_run + "/" + request["name"]];

    private void Answer(VdResult result, VdFailure? failure = null, (string Name, object? Value) extra = default) =>
        Answer(result, failure, extra, default);

    private void Answer(
        VdResult result, VdFailure? failure, (string Name, object? Value) extra, (string Name, object? Value) second) =>
        events.Write(
            "result",
            _run,
            ("id", request.Text("id", string.Empty)),
            ("code", result),
            ("words", result == VdResult.Ok ? null : failure?.ToString()),
            (extra.Name ?? "extra", extra.Value),
            (second.Name ?? "second", second.Value));
}
