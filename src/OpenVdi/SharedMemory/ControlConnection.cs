using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>A connection to another party of the set, and that party's process. Any thread may send.</summary>
internal sealed class ControlConnection : IDisposable
{
    private readonly SafeFileHandle _socket;

    public ControlConnection(SafeFileHandle socket)
    {
        _socket = socket;
        PeerProcessId = Interop.GetPeerProcessId(socket);

        // A process that has forked may leave its socket to a child and die; its own end is seen through this. The handle
        // is invalid when the kernel will not give one (another process name space): the socket's end remains as a sign.
        PeerProcess = Interop.PidfdOpen(PeerProcessId, out _);
    }

    /// <summary>The peer's process as the kernel knows it; 0 when it cannot say.</summary>
    public int PeerProcessId { get; }

    /// <summary>Becomes readable when the peer's process ends; may be invalid.</summary>
    public SafeFileHandle PeerProcess { get; }

    /// <summary>What the peer said it is; null before its Hello.</summary>
    public PeerRole? Role { get; set; }

    /// <summary>For poll.</summary>
    public int SocketNumber => (int)_socket.DangerousGetHandle();

    /// <summary>For poll; -1 when there is none.</summary>
    public int ProcessNumber => PeerProcess.IsInvalid ? -1 : (int)PeerProcess.DangerousGetHandle();

    /// <summary>Whether the peer has ended the connection, though what it said before may still be unread.</summary>
    public bool HasHungUp
    {
        get
        {
            ReadOnlySpan<Interop.PollFile> files = [new() { File = SocketNumber }];
            return Interop.Poll(files, 0) > 0 && (files[0].Found & Interop.PollGone) != 0;
        }
    }

    /// <summary>Sends a message; false when the peer is gone, or does not read. Never blocks.</summary>
    public bool TrySend(in ControlMessage message, SafeFileHandle? attached = null)
    {
        try
        {
            return Interop.SendMessage(_socket, message.Written, attached) == 0;
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended the connection, or the set was closed here, between our look and our word.
            return false;
        }
    }

    /// <summary>Waits until the peer's process has ended, for at most that long.</summary>
    public void AwaitPeerEnd(int milliseconds)
    {
        if (!PeerProcess.IsInvalid)
        {
            Interop.Poll([new Interop.PollFile { File = ProcessNumber, Wanted = Interop.PollIn }], milliseconds);
        }
    }

    /// <summary>Takes a message; see <see cref="Interop.ReceiveMessage"/>.</summary>
    public int Receive(Span<byte> buffer, out SafeFileHandle? attached, out int errno) =>
        Interop.ReceiveMessage(_socket, buffer, out attached, out errno);

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        PeerProcess.Dispose();
    }
}
