using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Simulation.Threads;

/// <summary>How a round is ended before its time; in the middle of everything, from a thread of its own or from within a
/// callback.</summary>
public enum Interruption
{
    None, ClientAborts, ServerAborts, ClientCloses, ServerCloses, BothClose, ServerClosesInCallback, ServerAbortsInCallback,
    CallbackThrows,
}

/// <summary>One set with real threads and waits without end: an agent, a thread for each client device, and an interruption
/// after a number of commands. What is promised whatever the threads do is checked when all have ended.</summary>
internal sealed class StressRound : IDisposable
{
    private const int PieceBytes = 4096;
    private const int Depth = 4;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly string _name = $"stress-{Guid.NewGuid():D}";
    private readonly VdiTransport _transport;
    private readonly Interruption _interruption;
    private readonly int _deviceCount;
    private readonly int _perDevice;
    private readonly int _interruptAt;
    private readonly ClientVirtualDeviceSet _client;
    private readonly ServerVirtualDeviceSet _server;
    private readonly List<ServerVirtualDevice> _lanes = [];
    private readonly int[] _sent;
    private readonly int[] _ended;
    private readonly List<string> _problems = [];
    private readonly List<(string Name, Thread Thread)> _threads = [];
    private readonly ManualResetEventSlim _interrupt = new();
    private readonly ManualResetEventSlim _isAgentRunning = new();
    private int _callbackCount;
    private int _sendCount;
    private VdResult _agentResult = VdResult.Unexpected;

    public StressRound(VdiTransport transport, Interruption interruption, Random random)
    {
        _transport = transport;
        _interruption = interruption;
        _deviceCount = random.Next(1, 5);
        _perDevice = random.Next(20, 200);
        _interruptAt = random.Next(1, _deviceCount * _perDevice);
        _client = new ClientVirtualDeviceSet(transport);
        _server = new ServerVirtualDeviceSet(transport);
        _sent = new int[_deviceCount];
        _ended = new int[_deviceCount];
    }

    public IReadOnlyList<string> Problems => _problems;

    public StressRound Run()
    {
        Require("CreateEx", _client.CreateEx(null, _name, new SetConfiguration { DeviceCount = (uint)_deviceCount }));
        Start("client", RunClient);
        Require("Open", _server.Open(null, _name));
        Require("BeginConfiguration", _server.BeginConfiguration(VdFeatures.WriteMedia, 512, 0, 65536, TimeSpan.Zero));
        Require("RequestBuffers", _server.RequestBuffers(PieceBytes, 0, (uint)(_deviceCount * Depth)));
        Require("EndConfiguration", _server.EndConfiguration());
        Start("agent", RunAgent);
        Await(_isAgentRunning, "the agent");
        for (int index = 0; index < _deviceCount; index++)
        {
            Require("OpenDevice", _server.OpenDevice(index == 0 ? _name : $"d{index}", out ServerVirtualDevice? device));
            _lanes.Add(device!);
        }

        Start("interrupter", Interrupt);
        for (int index = 0; index < _deviceCount; index++)
        {
            for (int depth = 0; depth < Depth; depth++)
            {
                if (_server.AllocateBuffer(out DeviceBuffer buffer, PieceBytes, 0) == VdResult.Ok)
                {
                    SendNext(index, new ServerCommand { Buffer = buffer });
                }
            }
        }

        JoinAll();
        Finish();
        return this;
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _interrupt.Dispose();
        _isAgentRunning.Dispose();
    }

    private void RunAgent()
    {
        try
        {
            _agentResult = _server.ExecuteCompletionAgent(_isAgentRunning.Set);
        }
        catch (InvalidTimeZoneException)
        {
            // The one that the callback threw; it leaves here when all others have been called back.
            _agentResult = VdResult.Aborted;
        }

        if (_agentResult is not (VdResult.Ok or VdResult.Aborted))
        {
            Report($"the agent returned {_agentResult.SpecName()}");
        }

        // Whoever waits for a count that never comes.
        _interrupt.Set();
    }

    private void RunClient()
    {
        VdResult result = _client.GetConfiguration(Timeout.InfiniteTimeSpan, out _);
        Allow("GetConfiguration", result, VdResult.Ok, VdResult.Aborted);
        var workers = new List<Thread>();
        for (int index = 0; index < _deviceCount && result == VdResult.Ok; index++)
        {
            result = _client.OpenDevice(index == 0 ? _name : $"d{index}", out ClientVirtualDevice? device);
            Allow("OpenDevice", result, VdResult.Ok, VdResult.Aborted, VdResult.ProtocolError);
            if (device is not null)
            {
                var worker = new Thread(() => RunWorker(device)) { IsBackground = true, Name = device.Name };
                worker.Start();
                workers.Add(worker);
            }
        }

        foreach (Thread worker in workers)
        {
            if (!worker.Join(s_limit))
            {
                Report($"device '{worker.Name}' still waits, set {_client.State}");
            }
        }
    }

    private void RunWorker(ClientVirtualDevice device)
    {
        while (true)
        {
            VdResult result = device.GetCommand(Timeout.InfiniteTimeSpan, out ClientCommand command);
            Allow("GetCommand", result, VdResult.Ok, VdResult.Closed, VdResult.Aborted, VdResult.ProtocolError);
            if (result != VdResult.Ok)
            {
                return;
            }

            result = device.CompleteCommand(command, CompletionCode.Success, command.SizeBytes);
            Allow("CompleteCommand", result, VdResult.Ok, VdResult.Aborted, VdResult.ProtocolError);
        }
    }

    private void SendNext(int index, ServerCommand command)
    {
        if (Interlocked.Increment(ref _sent[index]) > _perDevice)
        {
            // The last one closes; others may still be on their way, which CloseDevice lets pass (T2).
            if (Volatile.Read(ref _sent[index]) == _perDevice + Depth)
            {
                VdResult closed = _lanes[index].CloseDevice();
                Allow("CloseDevice", closed, VdResult.Ok, VdResult.Aborted, VdResult.ProtocolError);
            }

            return;
        }

        command.Code = CommandCode.Write;
        command.SizeBytes = PieceBytes;
        command.CompletionContext = index;
        command.CompletionRoutine = OnCompleted;
        Interlocked.Increment(ref _sendCount);
        VdResult result = _lanes[index].SendCommand(command);
        Allow("SendCommand", result, VdResult.Ok, VdResult.Aborted, VdResult.ProtocolError);
    }

    private void OnCompleted(ServerCommand command)
    {
        int index = (int)command.CompletionContext!;
        Interlocked.Increment(ref _ended[index]);
        bool isTime = Interlocked.Increment(ref _callbackCount) == _interruptAt;
        if (isTime)
        {
            switch (_interruption)
            {
                case Interruption.ServerClosesInCallback:
                    Allow("Close", _server.Close(), VdResult.Ok, VdResult.ProtocolError);
                    break;
                case Interruption.ServerAbortsInCallback:
                    Allow("SignalAbort", _server.SignalAbort(), VdResult.Ok);
                    break;
                case Interruption.CallbackThrows:
                    throw new InvalidTimeZoneException("a callback that throws");
                default:
                    _interrupt.Set();
                    break;
            }
        }

        if (command.CompletionCode == CompletionCode.Success)
        {
            SendNext(index, command);
        }
    }

    private void Interrupt()
    {
        Await(_interrupt, "the moment");
        switch (_interruption)
        {
            case Interruption.ClientAborts:
                _client.SignalAbort();
                break;
            case Interruption.ServerAborts:
                _server.SignalAbort();
                break;
            case Interruption.ClientCloses:
                Allow("client Close", _client.Close(), VdResult.Ok, VdResult.DevicesOpen);
                break;
            case Interruption.ServerCloses:
                Allow("server Close", _server.Close(), VdResult.Ok, VdResult.ProtocolError);
                break;
            case Interruption.BothClose:
                Start("server closer", () => Allow("server Close", _server.Close(), VdResult.Ok, VdResult.ProtocolError));
                Allow("client Close", _client.Close(), VdResult.Ok, VdResult.DevicesOpen);
                break;
            default:
                break;
        }
    }

    private void JoinAll()
    {
        // The list grows while an interrupter starts another; who is there last has no one behind.
        for (int i = 0; i < Count(); i++)
        {
            (string name, Thread thread) = At(i);
            if (!thread.Join(s_limit))
            {
                Report($"thread '{name}' has not ended: client {_client.State}, server {_server.State}, "
                    + $"{_callbackCount} callbacks of {_sendCount}, interruption at {_interruptAt}");
            }
        }

        int Count()
        {
            lock (_threads)
            {
                return _threads.Count;
            }
        }

        (string Name, Thread Thread) At(int index)
        {
            lock (_threads)
            {
                return _threads[index];
            }
        }
    }

    private void Finish()
    {
        Allow("Close at the end", _server.Close(), VdResult.Ok, VdResult.ProtocolError);
        Allow("Close at the end", _client.Close(), VdResult.Ok, VdResult.ProtocolError, VdResult.DevicesOpen);
        if (_callbackCount != _sendCount)
        {
            Report($"{_sendCount} commands sent, {_callbackCount} callbacks");
        }

        if (_interruption == Interruption.None && (_agentResult != VdResult.Ok || _callbackCount != _deviceCount * _perDevice))
        {
            Report($"nothing was wrong, and yet: agent {_agentResult.SpecName()}, {_callbackCount} commands, abort {_server.Abort}");
        }

        if (_transport.ListSets().Any(set => set.Name == _name))
        {
            Report("the name is still there");
        }
    }

    private void Start(string name, ThreadStart body)
    {
        var thread = new Thread(body) { IsBackground = true, Name = name };
        lock (_threads)
        {
            _threads.Add((name, thread));
        }

        thread.Start();
    }

    private void Await(ManualResetEventSlim signal, string what)
    {
        if (!signal.Wait(s_limit))
        {
            Report($"waited {s_limit.TotalSeconds} s for {what}");
        }
    }

    private void Require(string what, VdResult result)
    {
        if (result != VdResult.Ok)
        {
            throw new InvalidOperationException($"{what}: {result.SpecName()}: {_server.LastFailure} {_client.LastFailure}");
        }
    }

    private void Allow(string what, VdResult found, params ReadOnlySpan<VdResult> allowed)
    {
        if (!allowed.Contains(found))
        {
            Report($"{what}: {found.SpecName()}");
        }
    }

    private void Report(string problem)
    {
        lock (_problems)
        {
            _problems.Add(problem);
        }
    }
}
