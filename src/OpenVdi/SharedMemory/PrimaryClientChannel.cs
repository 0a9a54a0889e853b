using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>The primary client's end: it made the set, holds its name, and lets the others in.</summary>
/// <remarks>The loop's thread handles what comes; <see cref="SharedClientChannel.SignalAbort"/> may send from any.</remarks>
internal sealed class PrimaryClientChannel : SharedClientChannel
{
    private readonly SetName _name;
    private readonly string _instanceName;
    private readonly SetConfiguration _wishes;
    private readonly string _path;
    private readonly long _created = Stopwatch.GetTimestamp();

    // The parties that were let in. Under its own lock: the loop changes it, any thread sends.
    private readonly List<ControlConnection> _parties = [];
    private bool _hadServer;

    private PrimaryClientChannel(ControlArea control, SetName name, string instanceName, SetConfiguration wishes, string path)
        : base(control, wishes)
    {
        _name = name;
        _instanceName = instanceName;
        _wishes = wishes;
        _path = path;
    }

    /// <summary>Makes a set and takes its name.</summary>
    public static VdFailure? TryCreate(
        string path, uint? group, SetName name, string instanceName, SetConfiguration wishes, out PrimaryClientChannel? channel)
    {
        channel = null;
        VdFailure? failure = Rendezvous.TryTake(path, group, out SafeFileHandle? listener);
        if (failure is not null)
        {
            return failure with { Message = $"set '{name}': {failure.Message}" };
        }

        failure = ControlArea.TryCreate((int)wishes.DeviceCount, out ControlArea? control);
        if (control is not null)
        {
            channel = new PrimaryClientChannel(control, name, instanceName, wishes, path);
            failure = ControlLoop.TryStart(channel, listener, null, "OpenVdi client", out ControlLoop? loop);
            channel.Loop = loop;
        }

        if (failure is null)
        {
            return null;
        }

        Interop.Unlink(path);
        listener!.Dispose();
        control?.Dispose();
        channel = null;
        return failure with { Message = $"set '{name}': {failure.Message}" };
    }

    /// <inheritdoc/>
    public override bool Handle(ControlConnection connection, ref ControlMessage message, SafeFileHandle? attached)
    {
        bool isNew = connection.Role is null;
        bool isGood = isNew
            ? message.Kind == MessageKind.Hello && Admit(connection, ref message)
            : Take(connection, ref message, attached, out attached);
        attached?.Dispose();

        // A new server that took no welcome has done nothing wrong: it died over it, and its end is told as that.
        if (!isGood && !isNew && connection.Role == PeerRole.Server)
        {
            SignalAbort(AbortReason.PeerViolation, $"set '{_name}': the server sent what cannot be right ({message.Kind})");
        }

        return isGood;
    }

    /// <inheritdoc/>
    public override void HandleEnd(ControlConnection connection, string how)
    {
        lock (_parties)
        {
            _parties.Remove(connection);
        }

        // A secondary may go as it likes, or die: nobody but its primary cares (X7). A server that has closed all its devices
        // has said all it had to say.
        if (connection.Role == PeerRole.Server && !IsClosedByServer)
        {
            SignalAbort(AbortReason.ServerDied, $"set '{_name}': the server is gone: {how}");
        }
    }

    private protected override void Leave()
    {
        if (!IsAborted && !IsClosedByServer)
        {
            SignalAbort(AbortReason.ClientClosed, $"set '{_name}': the primary client closed it");
        }

        // Nobody else can have the name as long as we listen.
        Interop.Unlink(_path);
    }

    private protected override void Tell(in ControlMessage message, ControlConnection? except)
    {
        lock (_parties)
        {
            foreach (ControlConnection party in _parties)
            {
                if (party != except)
                {
                    // Who does not read any more sees our end, or the abort word.
                    _ = party.TrySend(message);
                }
            }
        }
    }

    private bool Admit(ControlConnection connection, ref ControlMessage message)
    {
        uint role = message.TakeUInt32();
        string instanceName = message.TakeText();
        if (!message.IsWellFormed())
        {
            return false;
        }

        if (connection.HasHungUp)
        {
            // We were stopped for so long that it gave up. It never was a party: nobody's place is taken, nobody has died.
            return false;
        }

        bool isOurInstance = string.Equals(instanceName, _instanceName, StringComparison.OrdinalIgnoreCase);
        switch ((PeerRole)role)
        {
            case PeerRole.Observer:
                connection.TrySend(StatusMessage());
                return false;
            case PeerRole.Server when !isOurInstance:
                return Refuse(connection, VdResult.Invalid, $"the set is for instance '{_instanceName}', not '{instanceName}'");
            case PeerRole.Server when _hadServer:
                return Refuse(connection, VdResult.ProtocolError, "another server has opened the set");
            case PeerRole.Secondary when IsAborted:
                return Refuse(connection, VdResult.Aborted, $"the set is aborted: {Abort?.Detail}");
            case PeerRole.Secondary when !isOurInstance || !WasConfigurationRead:
                return Refuse(connection, VdResult.ProtocolError, "the primary client has not completed GetConfiguration");
            case PeerRole.Server or PeerRole.Secondary:
                connection.Role = (PeerRole)role;
                _hadServer |= connection.Role == PeerRole.Server;
                return Welcome(connection);
            default:
                return false;
        }
    }

    private bool Refuse(ControlConnection connection, VdResult result, string words)
    {
        ControlMessage message = ControlMessage.Begin(new byte[ControlMessage.MaxBytes], MessageKind.Refused);
        message.Put((uint)(int)result);
        message.Put($"set '{_name}': {words}");
        connection.TrySend(message);
        return false;
    }

    private bool Welcome(ControlConnection connection)
    {
        byte[] buffer = new byte[ControlMessage.MaxBytes];
        ControlMessage welcome = ControlMessage.Begin(buffer, MessageKind.Welcome);
        welcome.Put(_wishes);
        bool isTold = connection.TrySend(welcome, Control.File);
        if (connection.Role == PeerRole.Secondary)
        {
            foreach (SharedBufferArea area in Directory.Areas)
            {
                isTold = isTold && connection.TrySend(AreaMessage(buffer, area), area.File);
            }

            for (int index = 0; index < Directory.Names.Length && isTold; index++)
            {
                isTold = connection.TrySend(NameMessage(buffer, index));
            }

            isTold = isTold && connection.TrySend(ConfigurationMessage(buffer));
        }

        lock (_parties)
        {
            _parties.Add(connection);
        }

        return isTold;
    }

    /// <summary>Takes what the server says, and passes it on to the secondaries.</summary>
    private bool Take(ControlConnection connection, ref ControlMessage message, SafeFileHandle? attached, out SafeFileHandle? left)
    {
        left = attached;
        if (message.Kind == MessageKind.Aborted)
        {
            return TakeAbort(connection, ref message);
        }

        if (connection.Role != PeerRole.Server)
        {
            return false;
        }

        byte[] buffer = new byte[ControlMessage.MaxBytes];
        switch (message.Kind)
        {
            case MessageKind.Area when Directory.TryAddArea(ref message, attached, out VdFailure? failure):
                left = null;
                SharedBufferArea area = Directory.Areas[^1];
                TellSecondaries(AreaMessage(buffer, area), area.File);
                return true;
            case MessageKind.Area:
                return false;
            case MessageKind.Configured when Directory.TryConfigure(ref message):
                return true;
            case MessageKind.Named when Directory.TryAddName(ref message):
                TellSecondaries(NameMessage(buffer, Directory.Names.Length - 1), null);
                return true;
            default:
                return false;
        }
    }

    private void TellSecondaries(in ControlMessage message, SafeFileHandle? attached)
    {
        lock (_parties)
        {
            foreach (ControlConnection party in _parties)
            {
                if (party.Role == PeerRole.Secondary)
                {
                    _ = party.TrySend(message, attached);
                }
            }
        }
    }

    private static ControlMessage AreaMessage(byte[] buffer, SharedBufferArea area)
    {
        ControlMessage message = ControlMessage.Begin(buffer, MessageKind.Area);
        message.Put((uint)area.Index);
        message.Put((long)area.SizeBytes);
        return message;
    }

    private ControlMessage NameMessage(byte[] buffer, int index)
    {
        ControlMessage message = ControlMessage.Begin(buffer, MessageKind.Named);
        message.Put((uint)index);
        message.Put(Directory.Names[index]);
        return message;
    }

    private ControlMessage ConfigurationMessage(byte[] buffer)
    {
        ControlMessage message = ControlMessage.Begin(buffer, MessageKind.Configured);
        message.Put(Directory.Configuration!);
        message.Put((uint)Directory.QueueCapacity);
        return message;
    }

    private ControlMessage StatusMessage()
    {
        int server;
        int[] secondaries;
        lock (_parties)
        {
            server = _parties.Find(static party => party.Role == PeerRole.Server)?.PeerProcessId ?? 0;
            secondaries = [.. _parties.Where(static party => party.Role == PeerRole.Secondary).Select(static party => party.PeerProcessId)];
        }

        ControlMessage message = ControlMessage.Begin(new byte[ControlMessage.MaxBytes], MessageKind.Status);
        message.Put(_name.Value);
        message.Put(StateInWords());
        message.Put((uint)DeviceCount);
        message.Put((uint)OpenDeviceCount);
        message.Put((uint)Environment.ProcessId);
        message.Put((uint)server);
        message.Put(Control.BytesTransferred());
        message.Put(Directory.Areas.Sum(static area => (long)area.SizeBytes));
        message.Put(Stopwatch.GetElapsedTime(_created).Ticks);
        message.Put((uint)secondaries.Length);
        foreach (int secondary in secondaries)
        {
            message.Put((uint)secondary);
        }

        return message;
    }

    private string StateInWords() =>
        IsAborted ? nameof(ClientSetState.Aborted)
        : Directory.Configuration is null ? nameof(ClientSetState.Configurable)
        : ClosedDeviceCount == DeviceCount ? nameof(ClientSetState.NormallyTerminated)
        : OpenDeviceCount + ClosedDeviceCount > 0 ? nameof(ClientSetState.Active)
        : nameof(ClientSetState.Initializing);
}
