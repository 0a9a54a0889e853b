using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>The names of sets on this machine: a socket in a folder that all parties see. Made exclusively, with a mode of its
/// own, and told from what a crash left by asking whether somebody listens.</summary>
/// <param name="folder">Normally /dev/shm, where SQL Server's own library keeps its names.</param>
internal sealed class Rendezvous(string folder)
{
    /// <summary>What every name of this library begins with.</summary>
    public const string Prefix = "openvdi.";

    private const string LockSuffix = ".lock";
    private const int Backlog = 128;

    // rw for the owner; for the owner and a group.
    private const uint OwnerMode = 0x180, GroupMode = 0x1B0;

    // A creation takes far less than a millisecond; but who is at it may have to wait for its turn on a busy machine.
    private static readonly TimeSpan s_lockLimit = TimeSpan.FromSeconds(2);

    private const string SafeCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_{}";

    /// <summary>How a probe of a name ended.</summary>
    internal enum Probe
    {
        /// <summary>There is no such name.</summary>
        Free,

        /// <summary>Somebody listens, or it cannot be told that nobody does.</summary>
        Live,

        /// <summary>The name is there and its owner is gone.</summary>
        Stale,
    }

    /// <summary>The path of a set's name. Characters that a path cannot have are escaped; what is too long for a socket's
    /// address is cut and made unique again by a hash.</summary>
    public string PathOf(string setName)
    {
        StringBuilder key = new();
        foreach (byte unit in Encoding.UTF8.GetBytes(setName))
        {
            if (unit < 128 && SafeCharacters.Contains((char)unit, StringComparison.Ordinal))
            {
                key.Append((char)unit);
            }
            else
            {
                key.Append('%').Append(Convert.ToHexString([unit]));
            }
        }

        const int HashCharacters = 32;
        int room = Interop.MaxSocketPathBytes - Encoding.UTF8.GetByteCount(folder) - 1 - Prefix.Length - LockSuffix.Length;
        if (key.Length > room)
        {
            string hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(setName)))[..HashCharacters];
            key.Length = room - HashCharacters - 1;
            key.Append('~').Append(hash);
        }

        return $"{folder}/{Prefix}{key}";
    }

    /// <summary>Takes a name. VD_E_PROTOCOL when it is in use (C1n2).</summary>
    /// <param name="path">From <see cref="PathOf"/>.</param>
    /// <param name="group">The group that may connect too, or null.</param>
    /// <param name="listener">A listening socket.</param>
    public static VdFailure? TryTake(string path, uint? group, out SafeFileHandle? listener)
    {
        listener = null;

        // One creator of a name at a time: between "nobody listens" and "the name is ours" there must be nobody else.
        using SafeFileHandle? creation = TryLock(path + LockSuffix, s_lockLimit, out VdFailure? failure);
        if (creation is null)
        {
            return failure;
        }

        try
        {
            switch (ProbeName(path))
            {
                case Probe.Live:
                    return InUse(path);
                case Probe.Stale:
                    Interop.Unlink(path);
                    break;
            }

            return Listen(path, group, out listener);
        }
        finally
        {
            Interop.Unlink(path + LockSuffix);
        }
    }

    /// <summary>Connects to a set's primary. Null when nobody listens there, or there is no access.</summary>
    public static ControlConnection? TryConnect(string path)
    {
        SafeFileHandle socket = Interop.LocalSocket(out int errno);
        if (errno == 0 && Interop.Connect(socket, path) == 0)
        {
            return new ControlConnection(socket);
        }

        socket.Dispose();
        return null;
    }

    /// <summary>Whether a name is free, live or stale.</summary>
    public static Probe ProbeName(string path)
    {
        using SafeFileHandle socket = Interop.LocalSocket(out int errno);
        if (errno != 0)
        {
            return Probe.Live;
        }

        switch (Interop.Connect(socket, path))
        {
            case Interop.Errno.ENOENT:
                return Probe.Free;
            case Interop.Errno.ECONNREFUSED:
                return Probe.Stale;
            case 0:
                // Somebody listens; but it may be a child that a dead primary has left its socket to. The kernel keeps who
                // called listen.
                using (ControlConnection connection = new(socket))
                {
                    return connection.PeerProcessId != 0 && connection.PeerProcess.IsInvalid
                        && !Directory.Exists($"/proc/{connection.PeerProcessId}")
                        ? Probe.Stale
                        : Probe.Live;
                }

            default:
                return Probe.Live;
        }
    }

    /// <summary>Removes a name if its owner is gone.</summary>
    public static bool TryRemoveStale(string path)
    {
        if (ProbeName(path) != Probe.Stale)
        {
            return false;
        }

        using SafeFileHandle? creation = TryLock(path + LockSuffix, TimeSpan.Zero, out _);
        if (creation is null)
        {
            return false;
        }

        // Asked again: now nobody can take the name between the answer and the removal.
        bool removed = ProbeName(path) == Probe.Stale && Interop.Unlink(path) == 0;
        Interop.Unlink(path + LockSuffix);
        return removed;
    }

    /// <summary>The paths of all names, and of creations that were cut off.</summary>
    public IEnumerable<string> ListPaths() =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder, Prefix + "*") : [];

    /// <summary>Removes what crashed processes left; never what a living one holds.</summary>
    public List<string> Sweep()
    {
        List<string> removed = [];
        foreach (string path in ListPaths())
        {
            bool isGone = path.EndsWith(LockSuffix, StringComparison.Ordinal)
                ? TryRemoveLock(path)
                : TryRemoveStale(path);
            if (isGone)
            {
                removed.Add(path);
            }
        }

        return removed;
    }

    /// <summary>Whether a path is that of a creation in progress, or of one that was cut off.</summary>
    public static bool IsLock(string path) => path.EndsWith(LockSuffix, StringComparison.Ordinal);

    private static bool TryRemoveLock(string path)
    {
        using SafeFileHandle? creation = TryLock(path, TimeSpan.Zero, out _);
        return creation is not null && Interop.Unlink(path) == 0;
    }

    /// <summary>Takes the lock of a name's creation. Null when another process has it, for as long as the limit.</summary>
    private static SafeFileHandle? TryLock(string path, TimeSpan limit, out VdFailure? failure)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            SafeFileHandle file = Interop.OpenLockFile(path, out int errno);
            if (errno != 0)
            {
                failure = errno == Interop.Errno.EACCES
                    ? InUse(path[..^LockSuffix.Length])
                    : SystemFailure.Of(errno, $"'{path}' cannot be made");
                return null;
            }

            if (!Interop.TryLock(file))
            {
                // Another creation, or a sweep, of this name: over in far less than a millisecond, if its process lives on.
                file.Dispose();
                if (Stopwatch.GetElapsedTime(started) >= limit)
                {
                    failure = InUse(path[..^LockSuffix.Length]);
                    return null;
                }

                Thread.Yield();
                continue;
            }

            if (Interop.GetFileFacts(file, out _, out uint linkCount) == 0 && linkCount > 0)
            {
                failure = null;
                return file;
            }

            // Its last holder removed the name between our open and our lock: what we locked is no name any more.
            file.Dispose();
        }
    }

    private static VdFailure? Listen(string path, uint? group, out SafeFileHandle? listener)
    {
        SafeFileHandle socket = Interop.LocalSocket(out int errno);

        // Set before bind: the name has no moment with another mode. Until listen, nobody can connect.
        errno = errno != 0 ? errno : Interop.FChMod(socket, OwnerMode);
        errno = errno != 0 ? errno : Interop.Bind(socket, path);
        bool isBound = errno == 0;
        if (errno == 0 && group is { } groupId)
        {
            errno = Interop.ChangeGroup(path, groupId);
        }

        errno = errno != 0 ? errno : Interop.ChMod(path, group is null ? OwnerMode : GroupMode);
        errno = errno != 0 ? errno : Interop.Listen(socket, Backlog);
        listener = errno == 0 ? socket : null;
        if (errno == 0)
        {
            return null;
        }

        if (isBound)
        {
            Interop.Unlink(path);
        }

        socket.Dispose();
        return errno == Interop.Errno.EADDRINUSE ? InUse(path) : SystemFailure.Of(errno, $"'{path}' cannot be made");
    }

    private static VdFailure InUse(string path) => new(
        VdResult.ProtocolError, $"the name is in use: '{path}'", "set names are unique on a machine; use a GUID.");
}
