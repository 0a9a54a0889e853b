using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>A real process on the other end of two pipes: requests go in, events come out. Any thread may wait for an
/// event; an event is handed out once.</summary>
internal sealed partial class Peer : IDisposable
{
    /// <summary>No test waits longer for anything: generous, so that a loaded machine is not taken for a hang.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public const int Sigcont = 18;
    public const int Sigstop = 19;

    private const int Sigkill = 9;
    private const int KeptLineCount = 40;

    private readonly Process _process;
    private readonly object _lock = new();
    private readonly List<PeerEvent> _events = [];
    private readonly Queue<string> _lastLines = new();
    private readonly StringBuilder _errors = new();
    private readonly Thread _reader;
    private bool _isOver;
    private int _requestCount;

    private Peer(string name, Process process)
    {
        Name = name;
        _process = process;
        _process.ErrorDataReceived += (_, line) => KeepError(line.Data);
        _process.BeginErrorReadLine();
        _reader = new Thread(ReadEvents) { IsBackground = true, Name = $"events of {name}" };
        _reader.Start();
    }

    public string Name { get; }

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Exceptions that came out of the interface in this peer: never right.</summary>
    public List<string> Exceptions { get; } = [];

    /// <summary>Starts a peer without waiting for it.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="environment">Variables beside this process's own.</param>
    /// <param name="launcher">A program that starts it, with its arguments; none for this process.</param>
    public static Peer Start(
        string name, IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? launcher = null)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "OpenVdi.TestPeer");
        var start = new ProcessStartInfo(launcher is null ? program : launcher[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        foreach (string argument in launcher is null ? [] : launcher.Skip(1).Append(program))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_gcServer"] = "0";
        foreach ((string variable, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[variable] = value;
        }

        return new Peer(name, Process.Start(start)!);
    }

    /// <summary>Sends a request and answers its number, which direct calls repeat in their result.</summary>
    public string Send(Request request)
    {
        string id = (++_requestCount).ToString(CultureInfo.InvariantCulture);
        try
        {
            _process.StandardInput.WriteLine(request.With("id", id).ToString());
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It was killed: whoever waits for its answer is told so.
        }

        return id;
    }

    /// <summary>Makes a direct call and waits for its result.</summary>
    public PeerEvent Call(Request request)
    {
        string id = Send(request);
        return Expect("result", request["run"], result => result.Text("id") == id, what: request.Verb);
    }

    /// <summary>Waits for an event. It fails, naming the event, when the limit is over or the peer has died.</summary>
    public PeerEvent Expect(
        string name, string? run = null, Func<PeerEvent, bool>? where = null, string? what = null, TimeSpan? limit = null) =>
        TryExpect(name, run, where, limit)
            ?? throw new PeerException(
                $"{this}: expected the event '{name}'{(what is null ? string.Empty : $" of '{what}'")} of run '{run}' within "
                + $"{(limit ?? Limit).TotalSeconds} s, {(HasEnded ? "the process has ended" : "found none")}. Last seen:\n{Tail()}");

    /// <summary>Waits for an event. Null when the limit is over, or the peer has died.</summary>
    public PeerEvent? TryExpect(string name, string? run = null, Func<PeerEvent, bool>? where = null, TimeSpan? limit = null)
    {
        long deadline = Stopwatch.GetTimestamp() + (long)((limit ?? Limit).TotalSeconds * Stopwatch.Frequency);
        lock (_lock)
        {
            while (true)
            {
                int found = _events.FindIndex(
                    seen => seen.Name == name && (run is null || seen.Run == run) && where?.Invoke(seen) != false);
                if (found >= 0)
                {
                    PeerEvent result = _events[found];
                    _events.RemoveAt(found);
                    return result;
                }

                TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), deadline);
                if (_isOver || left <= TimeSpan.Zero || !Monitor.Wait(_lock, left))
                {
                    return null;
                }
            }
        }
    }

    /// <summary>Drops what this peer has said of a run.</summary>
    public void Forget(string run)
    {
        lock (_lock)
        {
            _events.RemoveAll(seen => seen.Run == run);
        }
    }

    /// <summary>Kills it for real, and waits until it is gone.</summary>
    /// <returns>The moment just before, in microseconds.</returns>
    public long Kill()
    {
        long at = EventWriter.Now;
        Signal(Sigkill);
        AwaitExit();
        return at;
    }

    public void AwaitExit()
    {
        if (!_process.WaitForExit(Limit))
        {
            throw new PeerException($"{this}: expected the process to end within {Limit.TotalSeconds} s");
        }
    }

    public void Signal(int signal) => _ = SendSignal(_process.Id, signal);

    public void Dispose()
    {
        Signal(Sigcont);
        Signal(Sigkill);
        _process.WaitForExit(Limit);
        _reader.Join(TimeSpan.FromSeconds(1));
        _process.Dispose();
    }

    public override string ToString() => $"{Name} (process {_process.Id})";

    private bool HasEnded
    {
        get
        {
            lock (_lock)
            {
                return _isOver;
            }
        }
    }

    /// <summary>Its last events, of one run or of all, and what it wrote to standard error.</summary>
    public string Tail(string run = "")
    {
        lock (_lock)
        {
            return string.Join('\n', _lastLines.Where(line => line.Contains(run, StringComparison.Ordinal))) + "\n" + _errors;
        }
    }

    private void ReadEvents()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            lock (_lock)
            {
                _lastLines.Enqueue(line);
                if (_lastLines.Count > KeptLineCount)
                {
                    _lastLines.Dequeue();
                }

                // A kill can cut a line short.
                if (line.EndsWith('}'))
                {
                    Keep(new PeerEvent(line));
                }
            }
        }

        lock (_lock)
        {
            _isOver = true;
            Monitor.PulseAll(_lock);
        }
    }

    private void Keep(PeerEvent seen)
    {
        if (seen.Name == "exception")
        {
            Exceptions.Add($"{this}: {seen}");
        }

        _events.Add(seen);
        Monitor.PulseAll(_lock);
    }

    private void KeepError(string? line)
    {
        lock (_lock)
        {
            _errors.AppendLine(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
