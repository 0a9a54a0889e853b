using System.Collections.Concurrent;
using OpenVdi.Client;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Tests.Sqlite;

/// <summary>A backup program in the test's hands: keeps streams in memory, and does at each command what the script says.</summary>
internal sealed class ScriptedClient : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly ClientVirtualDeviceSet _set;
    private readonly List<Thread> _threads = [];
    private readonly ConcurrentQueue<Exception> _exceptions = new();
    private int _commandCount;

    public ScriptedClient(VdiTransport transport, int deviceCount, VdFeatures features = VdFeatures.LikePipe, string? name = null)
    {
        _set = new ClientVirtualDeviceSet(transport);
        Name = name ?? Guid.NewGuid().ToString();
        DeviceNames = [Name, .. Enumerable.Range(1, deviceCount - 1).Select(static i => $"device {i}")];
        Streams = [.. DeviceNames.Select(static _ => new MemoryStream())];
        Ends = new VdResult[deviceCount];
        Commands = [.. DeviceNames.Select(static _ => new List<CommandCode>(4096))];
        Assert.Equal(VdResult.Ok, _set.Create(Name, new SetConfiguration { DeviceCount = (uint)deviceCount, Features = features }));
    }

    public string Name { get; }

    public string[] DeviceNames { get; }

    /// <summary>What was written; or what will be read.</summary>
    public MemoryStream[] Streams { get; }

    /// <summary>What the last GetCommand of each device returned.</summary>
    public VdResult[] Ends { get; }

    /// <summary>The commands of each device in order.</summary>
    public List<CommandCode>[] Commands { get; }

    public SetConfiguration? Configuration { get; private set; }

    public AbortNotice? Abort => _set.Abort;

    /// <summary>Asked for each command, by its number over all devices from 1: how to complete it; null to do it well.</summary>
    public Func<int, ClientCommand, CompletionCode?>? Fault { get; set; }

    /// <summary>Called for each command of a device before it is completed; may wait.</summary>
    public Action<int, ClientCommand>? Held { get; set; }

    /// <summary>At this command, of all devices, the client aborts instead; 0: never.</summary>
    public int AbortAt { get; set; }

    /// <summary>When set, reads give a random part of what was asked, and up to this many commands are held and completed in
    /// any order.</summary>
    public Random? Disorder { get; set; }

    /// <summary>Whether writes are answered without being kept.</summary>
    public bool IsDiscarding { get; set; }

    public int CommandCount => _commandCount;

    /// <summary>Starts the client: a thread for each device.</summary>
    public void Start()
    {
        var configured = new Thread(() => Guard(() =>
        {
            VdResult result = _set.GetConfiguration(s_limit, out SetConfiguration? configuration);
            if (result != VdResult.Ok)
            {
                Array.Fill(Ends, result);
                return;
            }

            Configuration = configuration;
            var threads = new List<Thread>();
            for (int i = 0; i < DeviceNames.Length; i++)
            {
                int index = i;
                int seed = Disorder?.Next() ?? 0;
                Random? disorder = Disorder is null ? null : new Random(seed);
                Thread thread = new(() => Guard(() => Serve(index, disorder)));
                threads.Add(thread);
                thread.Start();
            }

            threads.ForEach(static thread => thread.Join());
        }));
        _threads.Add(configured);
        configured.Start();
    }

    /// <summary>Waits for the end of all devices, and closes.</summary>
    public VdResult Finish()
    {
        foreach (Thread thread in _threads)
        {
            Assert.True(thread.Join(s_limit), "a thread of the client did not end");
        }

        VdResult result = _set.Close();
        Assert.Empty(_exceptions);
        return result;
    }

    public void Dispose() => _set.Dispose();

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            _exceptions.Enqueue(exception);
            _set.SignalAbort(exception.Message);
        }
    }

    private void Serve(int index, Random? disorder)
    {
        Ends[index] = _set.OpenDevice(DeviceNames[index], out ClientVirtualDevice? device);
        if (Ends[index] != VdResult.Ok)
        {
            return;
        }

        var held = new List<(ClientCommand Command, CompletionCode Code, uint Bytes)>();
        while (true)
        {
            Ends[index] = device!.GetCommand(held.Count > 0 ? TimeSpan.Zero : s_limit, out ClientCommand command);
            if (Ends[index] == VdResult.Ok)
            {
                Commands[index].Add(command.Code);
                int number = Interlocked.Increment(ref _commandCount);
                if (number == AbortAt)
                {
                    _set.SignalAbort("the script says so");
                    continue;
                }

                Held?.Invoke(index, command);
                (CompletionCode code, uint bytes) = Carry(index, command, number, disorder);
                held.Add((command, code, bytes));
                if (disorder is not null && held.Count < 4)
                {
                    continue;
                }
            }
            else if (Ends[index] != VdResult.TimedOut || held.Count == 0)
            {
                return;
            }

            while (held.Count > 0)
            {
                // Failures last: an error behind which a success comes is another test's.
                int pick = disorder is null ? 0 : disorder.Next(held.Count);
                pick = held[pick].Code == CompletionCode.Success
                    ? pick
                    : Math.Max(0, held.FindIndex(static one => one.Code == CompletionCode.Success));
                (ClientCommand done, CompletionCode doneCode, uint doneBytes) = held[pick];
                held.RemoveAt(pick);
                VdResult result = device.CompleteCommand(done, doneCode, doneBytes);
                if (result != VdResult.Ok)
                {
                    Assert.Equal(VdResult.Aborted, result);
                    Ends[index] = result;
                    return;
                }
            }
        }
    }

    private (CompletionCode Code, uint Bytes) Carry(int index, ClientCommand command, int number, Random? disorder)
    {
        if (Fault?.Invoke(number, command) is { } code)
        {
            return (code, 0);
        }

        switch (command.Code)
        {
            case CommandCode.Write when IsDiscarding:
                return (CompletionCode.Success, command.SizeBytes);
            case CommandCode.Write:
                Streams[index].Write(command.Buffer.Span);
                return (CompletionCode.Success, command.SizeBytes);
            case CommandCode.Read:
                int wanted = (int)command.SizeBytes;
                wanted = disorder is null || disorder.Next(2) == 0 ? wanted : disorder.Next(wanted + 1);
                int read = Streams[index].Read(command.Buffer.Span[..wanted]);
                return (read == 0 && wanted > 0 ? CompletionCode.HandleEof : CompletionCode.Success, (uint)read);
            case CommandCode.Flush or CommandCode.Complete:
                return (CompletionCode.Success, 0);
            default:
                return (CompletionCode.NotSupported, 0);
        }
    }
}
