using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.TestPeer;

/// <summary>Runs what a test asks for, each request on a thread of its own, and prints what came of it. The test orders
/// requests by awaiting the events of the earlier ones.</summary>
/// <remarks>Every request names a <c>run</c>: the set object that it is about. A direct call answers with a
/// <c>result</c> event that repeats the request's <c>id</c>.</remarks>
internal sealed class PeerHost(VdiTransport transport, TextReader input, EventWriter events)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ClientVirtualDeviceSet> _clients = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServerVirtualDeviceSet> _servers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServeJob> _jobs = new(StringComparer.Ordinal);

    /// <summary>Until the test closes the pipe: by purpose, or because it is gone.</summary>
    public void Run()
    {
        events.Write("ready", string.Empty, ("process", Environment.ProcessId));
        while (input.ReadLine() is { } line)
        {
            Request request = Request.Parse(line);
            if (request.Verb == "stop")
            {
                Job(request["run"])?.Stop();
                continue;
            }

            new Thread(() => Execute(request)) { IsBackground = true }.Start();
        }
    }

    private void Execute(Request request)
    {
        try
        {
            Dispatch(request);
        }
        catch (Exception e)
        {
            // The peer lives on and the test decides: an exception out of the interface is never right.
            events.Write("exception", request.Text("run", string.Empty), ("verb", request.Verb), ("error", e.ToString()));
        }
    }

    private void Dispatch(Request request)
    {
        string run = request.Text("run", string.Empty);
        switch (request.Verb)
        {
            case "primary":
                SelfKill.Arm(request, events);
                new StoreJob(request, Client(run), events).Run(isPrimary: true);
                break;
            case "secondary":
                SelfKill.Arm(request, events);
                new StoreJob(request, Client(run), events).Run(isPrimary: false);
                break;
            case "serve":
                SelfKill.Arm(request, events);
                Serve(request, run);
                break;
            case "notify":
                Job(run)!.NotifyAfter((int)request.Number("device", 0), request.Number("count", 1));
                break;
            case "close" or "abort":
                Answer(request, End(request, run));
                break;
            case "forget":
                Forget(run);
                Answer(request, VdResult.Ok);
                break;
            case "vitals":
                Vitals.Report(request, events);
                break;
            case "scribble":
                Scribbler.Run(request, events);
                break;
            case "child":
                Child.Start(request, events);
                break;
            case "truncate":
                Vitals.Truncate(request, events);
                break;
            case "sweep":
                Sweep(request, run);
                break;
            default:
                new DirectCalls(request, events, Client, Server).Run();
                break;
        }
    }

    private void Serve(Request request, string run)
    {
        var job = new ServeJob(request, Server(run), events);
        lock (_lock)
        {
            _jobs[run] = job;
        }

        job.Run();
    }

    private VdResult End(Request request, string run)
    {
        bool isServer;
        lock (_lock)
        {
            isServer = _servers.ContainsKey(run);
        }

        bool isClose = request.Verb == "close";
        return isServer
            ? isClose ? Server(run).Close() : Server(run).SignalAbort(request.Text("reason", "test"))
            : isClose ? Client(run).Close() : Client(run).SignalAbort(request.Text("reason", "test"));
    }

    private void Forget(string run)
    {
        lock (_lock)
        {
            _clients.Remove(run);
            _servers.Remove(run);
            _jobs.Remove(run);
        }
    }

    private void Sweep(Request request, string run)
    {
        var names = new List<string>();
        for (long i = request.Number("times", 1); i > 0; i--)
        {
            names.AddRange(transport.Sweep());
        }

        events.Write("swept", run, ("names", string.Join(',', names)));
    }

    private void Answer(Request request, VdResult result) =>
        events.Write("result", request.Text("run", string.Empty), ("id", request.Text("id", string.Empty)), ("code", result));

    private ClientVirtualDeviceSet Client(string run)
    {
        lock (_lock)
        {
            return _clients.TryGetValue(run, out ClientVirtualDeviceSet? set)
                ? set
                : _clients[run] = new ClientVirtualDeviceSet(transport);
        }
    }

    private ServerVirtualDeviceSet Server(string run)
    {
        lock (_lock)
        {
            return _servers.TryGetValue(run, out ServerVirtualDeviceSet? set)
                ? set
                : _servers[run] = new ServerVirtualDeviceSet(transport);
        }
    }

    private ServeJob? Job(string run)
    {
        lock (_lock)
        {
            return _jobs.GetValueOrDefault(run);
        }
    }
}
