using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OpenVdi.SharedMemory;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>The control plane seen by somebody who keeps no rules: raw sockets and raw messages.</summary>
internal sealed unsafe partial class HostileSocket : IDisposable
{
    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private const int NoSignal = 0x4000;
    private const int HeaderBytes = 16;

    private readonly SafeFileHandle _socket;
    private readonly string? _ownedPath;

    private HostileSocket(SafeFileHandle socket, string? ownedPath)
    {
        _socket = socket;
        _ownedPath = ownedPath;
    }

    /// <summary>Where a set has its name.</summary>
    public static string PathOf(string set) => new Rendezvous(new SharedMemoryOptions().Folder).PathOf(set);

    /// <summary>Connects to a set's primary.</summary>
    public static HostileSocket Connect(string set)
    {
        SafeFileHandle socket = Interop.LocalSocket(out int errno);
        Assert.Equal(0, errno);
        Assert.Equal(0, Interop.Connect(socket, PathOf(set)));
        return new HostileSocket(socket, null);
    }

    /// <summary>Takes a set's name, as a primary does.</summary>
    public static HostileSocket Listen(string set)
    {
        SafeFileHandle socket = Interop.LocalSocket(out int errno);
        Assert.Equal(0, errno);
        Assert.Equal(0, Interop.Bind(socket, PathOf(set)));
        Assert.Equal(0, Interop.Listen(socket, 16));
        return new HostileSocket(socket, PathOf(set));
    }

    /// <summary>Waits for whoever connects.</summary>
    public HostileSocket Accept()
    {
        Await("a connection");
        SafeFileHandle connection = Interop.Accept(_socket, out int errno);
        Assert.Equal(0, errno);
        return new HostileSocket(connection, null);
    }

    /// <summary>Waits for a message, or the end of the connection.</summary>
    /// <returns>Its length; 0 for the end.</returns>
    public int Receive(Span<byte> buffer)
    {
        Await("a message");
        int length = Interop.ReceiveMessage(_socket, buffer, out SafeFileHandle? attached, out _);
        attached?.Dispose();
        return Math.Max(0, length);
    }

    /// <summary>Sends bytes and descriptors, as many as the kernel takes. It does not matter whether anybody takes them.</summary>
    public void Send(ReadOnlySpan<byte> bytes, params ReadOnlySpan<SafeFileHandle> descriptors)
    {
        int controlBytes = HeaderBytes + (descriptors.Length * sizeof(int));
        byte* control = stackalloc byte[(controlBytes + 7) & ~7];
        *(nint*)control = controlBytes;
        *(int*)(control + 8) = SolSocket;
        *(int*)(control + 12) = ScmRights;
        for (int i = 0; i < descriptors.Length; i++)
        {
            *(int*)(control + HeaderBytes + (i * sizeof(int))) = (int)descriptors[i].DangerousGetHandle();
        }

        fixed (byte* first = bytes)
        {
            nint* vector = stackalloc nint[] { (nint)first, bytes.Length };
            // struct msghdr: name, its length, vector, count, control, its length, flags.
            nint* header = stackalloc nint[] { 0, 0, (nint)vector, 1, (nint)control, (controlBytes + 7) & ~7, 0 };
            header[4] = descriptors.IsEmpty ? 0 : header[4];
            header[5] = descriptors.IsEmpty ? 0 : header[5];
            _ = SendMessage((int)_socket.DangerousGetHandle(), header, NoSignal);
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        if (_ownedPath is not null)
        {
            File.Delete(_ownedPath);
        }
    }

    private void Await(string what)
    {
        Interop.PollFile[] files = [new() { File = (int)_socket.DangerousGetHandle(), Wanted = Interop.PollIn }];
        int ready = Interop.Poll(files, (int)Peer.Limit.TotalMilliseconds);
        Assert.True(ready > 0, $"expected {what} within {Peer.Limit.TotalSeconds} s, found none");
    }

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    private static partial nint SendMessage(int socket, void* header, int flags);
}
