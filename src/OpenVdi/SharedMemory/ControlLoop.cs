using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>The thread of a set that listens to the other parties: new connections, messages, and deaths, in one poll.</summary>
internal sealed class ControlLoop : IDisposable
{
    /// <summary>A set has a server, up to 64 secondaries, and now and then somebody who lists sets. More connections than
    /// this are not let in.</summary>
    private const int MaxConnections = 160;

    // A process without free descriptors cannot take a connection that waits, and poll would report it again at once.
    private const int AcceptPauseMilliseconds = 100;

    // How often those who sleep on shared words look around in any case: a peer that overwrites a word cannot make them sleep
    // for ever. Here rather than as a limit of each sleep, for a sleep with a limit costs the kernel a timer: 0.3 us each.
    private const int LookAroundMilliseconds = 500;

    private readonly IControlHandler _handler;
    private readonly SafeFileHandle? _listener;
    private readonly SafeFileHandle _stop;
    private readonly List<ControlConnection> _connections = [];
    private readonly Thread _thread;
    private readonly byte[] _buffer = new byte[ControlMessage.MaxBytes];
    private bool _isAcceptPaused;
    private volatile bool _isStopping;

    private ControlLoop(IControlHandler handler, SafeFileHandle? listener, ControlConnection? first, SafeFileHandle stop, string name)
    {
        _handler = handler;
        _listener = listener;
        _stop = stop;
        if (first is not null)
        {
            _connections.Add(first);
        }

        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Starts the thread. The loop owns the listener and the connections.</summary>
    public static VdFailure? TryStart(
        IControlHandler handler, SafeFileHandle? listener, ControlConnection? first, string name, out ControlLoop? loop)
    {
        SafeFileHandle stop = Interop.EventFd(out int errno);
        if (errno != 0)
        {
            loop = null;
            return SystemFailure.Of(errno, "an event cannot be made");
        }

        loop = new ControlLoop(handler, listener, first, stop, name);
        loop._thread.Start();
        return null;
    }

    /// <summary>Ends the thread and then all connections: the peers see their end.</summary>
    public void Dispose()
    {
        _isStopping = true;
        Interop.SetEvent(_stop);
        _thread.Join();
        foreach (ControlConnection connection in _connections)
        {
            connection.Dispose();
        }

        _listener?.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        Interop.PollFile[] files = [];
        long lookAroundTime = Environment.TickCount64 + LookAroundMilliseconds;
        while (!_isStopping)
        {
            if (Environment.TickCount64 >= lookAroundTime)
            {
                _handler.WakeSleepers();
                lookAroundTime = Environment.TickCount64 + LookAroundMilliseconds;
            }

            int count = 2 + (2 * _connections.Count);
            if (files.Length < count)
            {
                files = new Interop.PollFile[count * 2];
            }

            // A negative number is passed over by poll.
            files[0] = Wish((int)_stop.DangerousGetHandle());
            files[1] = Wish(_listener is null || _isAcceptPaused ? -1 : (int)_listener.DangerousGetHandle());
            for (int index = 0; index < _connections.Count; index++)
            {
                files[2 + (2 * index)] = Wish(_connections[index].SocketNumber);
                files[3 + (2 * index)] = Wish(_connections[index].ProcessNumber);
            }

            int ready = Interop.Poll(files.AsSpan(0, count), _isAcceptPaused ? AcceptPauseMilliseconds : LookAroundMilliseconds);
            Invariant.That(ready >= 0 || Marshal.GetLastPInvokeError() == Interop.Errno.EINTR);
            _isAcceptPaused = false;
            if (ready <= 0 || _isStopping)
            {
                continue;
            }

            // Backwards: an ended connection is removed on the way, and those behind have been served.
            for (int index = _connections.Count - 1; index >= 0; index--)
            {
                Serve(index, files[2 + (2 * index)].Found, files[3 + (2 * index)].Found);
            }

            if (files[1].Found != 0)
            {
                Accept();
            }
        }
    }

    private static Interop.PollFile Wish(int number) => new() { File = number, Wanted = Interop.PollIn };

    private void Serve(int index, short socketFound, short processFound)
    {
        ControlConnection connection = _connections[index];
        string? end = null;
        if (socketFound != 0)
        {
            end = Drain(connection);
        }
        else if (processFound != 0)
        {
            // The process is gone though its socket is not: a child holds it. What it had sent is still taken.
            end = Drain(connection) ?? $"process {connection.PeerProcessId} ended";
        }

        if (end is not null)
        {
            _connections.RemoveAt(index);
            _handler.HandleEnd(connection, end);
            connection.Dispose();
        }
    }

    /// <summary>Handles what there is; says how the connection ended, if it did.</summary>
    private string? Drain(ControlConnection connection)
    {
        while (!_isStopping)
        {
            int length = connection.Receive(_buffer, out SafeFileHandle? attached, out int errno);
            if (length < 0)
            {
                return errno switch
                {
                    Interop.Errno.EAGAIN => null,
                    Interop.Errno.EINVAL => $"process {connection.PeerProcessId} sent a malformed message",
                    _ => $"the connection to process {connection.PeerProcessId} broke (errno {errno})",
                };
            }

            if (length == 0)
            {
                attached?.Dispose();
                return $"process {connection.PeerProcessId} ended, or closed its side";
            }

            ControlMessage message = ControlMessage.Read(_buffer.AsSpan(0, length));
            if (message.IsMalformed)
            {
                attached?.Dispose();
                return $"process {connection.PeerProcessId} sent a malformed message";
            }

            if (!_handler.Handle(connection, ref message, attached))
            {
                return $"the connection to process {connection.PeerProcessId} was ended";
            }
        }

        return null;
    }

    private void Accept()
    {
        while (true)
        {
            SafeFileHandle socket = Interop.Accept(_listener!, out int errno);
            if (errno != 0)
            {
                socket.Dispose();
                _isAcceptPaused = errno != Interop.Errno.EAGAIN;
                return;
            }

            if (_connections.Count >= MaxConnections && !TryDropMute())
            {
                socket.Dispose();
                continue;
            }

            _connections.Add(new ControlConnection(socket));
        }
    }

    /// <summary>Ends the oldest connection that has not said what it is: nobody shuts a set for the others by silence.</summary>
    private bool TryDropMute()
    {
        int index = _connections.FindIndex(static connection => connection.Role is null);
        if (index < 0)
        {
            return false;
        }

        _connections[index].Dispose();
        _connections.RemoveAt(index);
        return true;
    }
}
