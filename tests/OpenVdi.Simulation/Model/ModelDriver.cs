using System.Globalization;
using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Simulation.Model;

/// <summary>Makes random calls on both real halves and on the model, on one thread and without waiting, and compares every
/// code, callback, state and reason. All randomness comes from the seed.</summary>
internal sealed partial class ModelDriver
{
    private const int HistoryLength = 60;
    private const long BufferLimitBytes = 48 << 20;

    private static readonly string[] s_names = ["set", "Set"];

    private readonly int _seed;
    private readonly Random _random;
    private readonly Sut _sut;
    private readonly ModelNames _names = new();
    private readonly ClientParty[] _clients;
    private readonly ServerParty[] _servers;
    private readonly List<ModelCallback> _expected = [];
    private readonly List<ModelCallback> _actual = [];
    private readonly string[] _history = new string[HistoryLength];
    private readonly Dictionary<(string Function, string Code), long> _seen = [];
    private readonly Action<ServerCommand> _onCompleted;

    public ModelDriver(int seed, Sut? sut = null)
    {
        _seed = seed;
        _random = new Random(seed);
        _sut = sut ?? new Sut();
        var transport = new InProcessTransport(BufferLimitBytes, "NAMED");
        _clients = [.. Enumerable.Range(0, 3).Select(index => new ClientParty(
            $"client {index}", new ModelClient(_names), new ClientVirtualDeviceSet(transport)))];
        _servers = [.. Enumerable.Range(0, 2).Select(index => new ServerParty(
            $"server {index}", new ModelServer(_names), new ServerVirtualDeviceSet(transport)))];
        _onCompleted = OnCompleted;
    }

    /// <summary>Calls compared so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Callbacks compared so far.</summary>
    public long Callbacks { get; private set; }

    /// <summary>How often each function returned each code.</summary>
    public IReadOnlyDictionary<(string Function, string Code), long> Seen => _seen;

    /// <summary>Runs until so many calls have been compared; throws at the first divergence.</summary>
    public void Run(long steps)
    {
        while (Steps < steps)
        {
            ClientParty client = PickBusy(_clients, static party => party.Devices.Exists(party.IsBusy));
            ServerParty server = PickBusy(_servers, static party => party.Devices.Exists(party.IsBusy));
            bool isIdle = !server.Devices.Exists(server.IsBusy) && !client.Devices.Exists(client.IsBusy);
            switch (_random.Next(isIdle && !OneIn(3) ? 180 : 1000))
            {
                case < 100: StepClientLife(Pick(_clients)); break;
                case < 180: StepServerLife(Pick(_servers)); break;
                case < 380: Send(server); break;
                case < 590: Get(client); break;
                case < 780: Complete(client); break;
                case < 890: RunAgent(server); break;
                case < 925: AllocateBuffer(server); break;
                case < 945: FreeBuffer(server); break;
                case < 957: QueryBuffers(server); break;
                case < 962: CloseDevice(server); break;
                case < 970: UseHandle(client); break;
                case < 997: CallAnything(client, server); break;
                case 997: Burst(server); break;
                case 998: End(client); break;
                default: End(server); break;
            }
        }
    }

    /// <summary>The pairs of function and code that were seen, with their counts.</summary>
    public IEnumerable<string> Histogram() => _seen
        .OrderBy(static pair => pair.Key.Function, StringComparer.Ordinal).ThenByDescending(static pair => pair.Value)
        .Select(static pair => string.Create(
            CultureInfo.InvariantCulture, $"{pair.Key.Function,-34} {pair.Key.Code,-18} {pair.Value,9:N0}"));

    private void CallAnything(ClientParty client, ServerParty server)
    {
        switch (_random.Next(22))
        {
            case 0: Create(client); break;
            case 1: Join(client); break;
            case 2: GetConfiguration(client); break;
            case 3: OpenDevice(client); break;
            case 4: Get(client); break;
            case 5: Complete(client); break;
            case 6: UseHandle(client); break;
            case 7: Open(server); break;
            case 8: GetConfiguration(server); break;
            case 9: BeginConfiguration(server); break;
            case 10: RequestBuffers(server); break;
            case 11: EndConfiguration(server); break;
            case 12: OpenDevice(server); break;
            case 13: RefusedAgent(server); break;
            case 14: AllocateBuffer(server); break;
            case 15: FreeBuffer(server); break;
            case 16: QueryBuffers(server); break;
            case 17: SendWrongTransfer(server); break;
            case 18: CloseDevice(server); break;
            case 19: Send(server); break;
            case 20: End(client); break;
            default: End(server); break;
        }
    }

    private T Pick<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    /// <summary>Mostly one that is in the middle of something.</summary>
    private T PickBusy<T>(IReadOnlyList<T> items, Predicate<T> isBusy)
    {
        T item = Pick(items);
        for (int attempt = 0; attempt < 6 && !isBusy(item); attempt++)
        {
            item = Pick(items);
        }

        return item;
    }

    private T? PickEnd<T>(List<T> ends, Predicate<T> isBusy)
        where T : class => ends.Count == 0 ? null : PickBusy(ends, end => isBusy(end) || OneIn(8));

    private T? PickOrNone<T>(IReadOnlyList<T> items)
        where T : class => items.Count == 0 ? null : Pick(items);

    private bool OneIn(int count) => _random.Next(count) == 0;

    private string PickSetName() => OneIn(8) ? s_names[1] : s_names[0];

    private void OnCompleted(ServerCommand command)
    {
        var callback = new ModelCallback(
            (ModelCommand)command.CompletionContext!, command.CompletionCode, command.BytesTransferred, command.OutPosition);
        callback = _sut.Callback(callback);
        for (int count = _sut.Callbacks(callback); count > 0; count--)
        {
            _actual.Add(callback);
        }
    }

    /// <summary>One call is over: its code, its callbacks and all states must be what the model says.</summary>
    private void Check(string who, string function, object? argument, VdResult expected, VdResult actual)
    {
        actual = _sut.Result(function, actual);
        string code = actual.SpecName();
        _history[Steps++ % HistoryLength] = $"{who}.{function}({argument}) = {code}";
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_seen, (function, code), out _)++;
        if (expected != actual)
        {
            throw Divergence($"{who}.{function}({argument}): expected {expected.SpecName()}, found {code}");
        }

        CheckCallbacks();
        CheckParties();
    }

    private void CheckCallbacks()
    {
        Callbacks += _expected.Count;
        CompareCallbacks(InDeviceOrder(_expected), InDeviceOrder(_actual));
        _expected.Clear();
        _actual.Clear();
    }

    // The order among devices is nobody's promise; within one it is the order of the stream.
    private static List<ModelCallback> InDeviceOrder(List<ModelCallback> callbacks) =>
        callbacks.Count < 2 ? callbacks : [.. callbacks.OrderBy(static callback => callback.Command.Device)];

    private void CompareCallbacks(List<ModelCallback> expected, List<ModelCallback> actual)
    {
        for (int i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            ModelCallback? wanted = i < expected.Count ? expected[i] : null;
            ModelCallback? found = i < actual.Count ? actual[i] : null;
            if (wanted != found)
            {
                throw Divergence($"callback {i}: expected {wanted?.ToString() ?? "none"}, found {found?.ToString() ?? "none"}");
            }
        }
    }

    private void CheckParties()
    {
        foreach (ClientParty client in _clients)
        {
            CheckEqual(client.Name, "state", client.Model.State, client.Sut.State);
            if (client.Model.Set is { } set)
            {
                CheckEqual(client.Name, "reason", set.Reason, client.Sut.Abort?.Reason ?? AbortReason.None);
            }
        }

        foreach (ServerParty server in _servers)
        {
            CheckEqual(server.Name, "state", server.Model.State, server.Sut.State);
            if (server.Model.Set is { } set)
            {
                CheckEqual(server.Name, "reason", set.Reason, server.Sut.Abort?.Reason ?? AbortReason.None);
            }
        }
    }

    private void CheckEqual<T>(string who, string what, T expected, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw Divergence($"{who}: {what}: expected {expected}, found {actual}");
        }
    }

    private DivergenceException Divergence(string what)
    {
        IEnumerable<string> last = Enumerable.Range(0, HistoryLength)
            .Select(back => _history[(Steps + back) % HistoryLength]).Where(static line => line is not null);
        return new DivergenceException(
            $"seed {_seed}, step {Steps}: {what}\nthe last calls:\n  {string.Join("\n  ", last)}");
    }

    /// <summary>A client object, its model, and the devices that it has opened, also in sets that are gone.</summary>
    private sealed record ClientParty(string Name, ModelClient Model, ClientVirtualDeviceSet Sut)
    {
        public List<ClientEnd> Devices { get; } = [];

        /// <summary>Whether the object belongs to the set that the client is in now.</summary>
        public bool IsLive(ClientEnd end) => Model.Set is not null && end.Entry == Model.EntryCount;

        public bool IsBusy(ClientEnd end) => IsLive(end) && end.Model.ClientState is (DeviceState.Active or DeviceState.IOError);
    }

    /// <summary>A server object, its model, and the devices that it has opened, also in sets that are gone.</summary>
    private sealed record ServerParty(string Name, ModelServer Model, ServerVirtualDeviceSet Sut)
    {
        public List<ServerEnd> Devices { get; } = [];

        /// <summary>Whether the object belongs to the set that the server is in now.</summary>
        public bool IsLive(ServerEnd end) => ReferenceEquals(Model.Set, end.Set);

        public bool IsBusy(ServerEnd end) => IsLive(end) && end.Model.ServerState is (DeviceState.Active or DeviceState.IOError);
    }

    private sealed record ClientEnd(int Entry, ModelDevice Model, ClientVirtualDevice Sut)
    {
        /// <summary>A command that was completed, to be completed again.</summary>
        public ModelCommand? Spent { get; set; }

        public override string ToString() => $"device {Model.Index}";
    }

    private sealed record ServerEnd(ModelSet Set, ModelDevice Model, ServerVirtualDevice Sut)
    {
        public override string ToString() => $"device {Model.Index}";
    }
}
