using Microsoft.Win32.SafeHandles;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>The sets of the machine, by their own word.</summary>
internal static class SetListing
{
    /// <summary>Asks every name's owner; a name without one is a remnant.</summary>
    public static List<SetStatus> Read(Rendezvous rendezvous)
    {
        List<SetStatus> sets = [];
        foreach (string path in rendezvous.ListPaths())
        {
            if (!Rendezvous.IsLock(path) && Read(path) is { } status)
            {
                sets.Add(status);
            }
        }

        sets.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return sets;
    }

    private static SetStatus? Read(string path)
    {
        string file = Path.GetFileName(path)[Rendezvous.Prefix.Length..];
        switch (Rendezvous.ProbeName(path))
        {
            case Rendezvous.Probe.Free:
                return null;
            case Rendezvous.Probe.Stale:
                return Bare(file, "remnant", isRemnant: true, processId: 0);
        }

        using ControlConnection? connection = Rendezvous.TryConnect(path);
        if (connection is null)
        {
            return Bare(file, "no access", isRemnant: false, processId: 0);
        }

        byte[] buffer = new byte[ControlMessage.MaxBytes];
        SafeFileHandle? attached = null;
        int length = Handshake.TrySayHello(connection, PeerRole.Observer, string.Empty)
            ? Handshake.Await(connection, buffer, out attached)
            : 0;
        attached?.Dispose();
        ControlMessage message = ControlMessage.Read(buffer.AsSpan(0, length));
        return message.Kind == MessageKind.Status && TakeStatus(ref message) is { } status
            ? status
            : Bare(file, "no answer", isRemnant: false, connection.PeerProcessId);
    }

    private static SetStatus? TakeStatus(ref ControlMessage message)
    {
        string name = message.TakeText();
        string state = message.TakeText();
        int deviceCount = (int)message.TakeUInt32();
        int openCount = (int)message.TakeUInt32();
        int primary = (int)message.TakeUInt32();
        int server = (int)message.TakeUInt32();
        long transferred = message.TakeInt64();
        long areas = message.TakeInt64();
        TimeSpan age = TimeSpan.FromTicks(message.TakeInt64());
        List<int> secondaries = [];
        uint count = message.TakeUInt32();
        for (uint index = 0; index < count && !message.IsMalformed; index++)
        {
            secondaries.Add((int)message.TakeUInt32());
        }

        return message.IsWellFormed()
            ? new SetStatus(
                name, state, false, deviceCount, openCount, primary, server, secondaries, transferred, areas, age)
            : null;
    }

    private static SetStatus Bare(string name, string state, bool isRemnant, int processId) =>
        new(name, state, isRemnant, 0, 0, processId, 0, [], 0, 0, TimeSpan.Zero);
}
