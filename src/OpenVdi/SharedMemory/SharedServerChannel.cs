using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using OpenVdi.SharedMemory.Layout;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>The server's end of a set in shared memory.</summary>
internal sealed unsafe class SharedServerChannel : IServerChannel, IControlHandler
{
    // A process that has begun to die is soon dead.
    private const int DyingMilliseconds = 500;

    private readonly ControlConnection _primary;
    private readonly ControlArea _control;
    private readonly AbortLatch _latch;
    private readonly SetName _name;
    private readonly string _path;
    private readonly CommandSender?[] _senders;
    private readonly CompletionReceiver?[] _receivers;

    // Guards the areas, and against a word of abort after the end.
    private readonly object _lifeGate = new();
    private readonly List<SharedBufferArea> _areas = [];
    private ControlLoop? _loop;
    private AdaptiveSpin _spin;
    private bool _isPublished;
    private bool _isDisposed;
    private int _isAgentWoken;
    private volatile bool _isClientGone;

    private SharedServerChannel(Handshake.Admission admission, SetName name, string path)
    {
        (_primary, _control, Wishes) = (admission.Connection, admission.Control, admission.Wishes);
        _latch = new AbortLatch(_control);
        _name = name;
        _path = path;
        _senders = new CommandSender?[_control.DeviceCount];
        _receivers = new CompletionReceiver?[_control.DeviceCount];
    }

    /// <inheritdoc/>
    public SetConfiguration Wishes { get; }

    /// <inheritdoc/>
    public bool IsClientGone => _isClientGone;

    /// <inheritdoc/>
    public bool IsAborted => _latch.IsAborted;

    /// <inheritdoc/>
    public AbortNotice? Abort => _latch.Notice;

    /// <summary>Finds a set.</summary>
    public static VdFailure? TryOpen(string path, SetName name, string instanceName, out SharedServerChannel? channel)
    {
        channel = null;
        VdFailure? failure = Handshake.TryEnter(
            path, PeerRole.Server, instanceName, VdResult.Invalid, out Handshake.Admission? admission);
        if (failure is not null)
        {
            return failure with { Message = $"set '{name}': {failure.Message}" };
        }

        channel = new SharedServerChannel(admission!, name, path);
        failure = ControlLoop.TryStart(channel, null, channel._primary, "OpenVdi server", out channel._loop);
        if (failure is not null)
        {
            channel._primary.Dispose();
            channel._control.Dispose();
            channel = null;
        }

        return failure;
    }

    /// <inheritdoc/>
    public void SignalAbort(AbortReason reason, string detail)
    {
        lock (_lifeGate)
        {
            if (!_isDisposed && _latch.Mark(reason, detail))
            {
                ControlMessage message = Begin(MessageKind.Aborted);
                message.Put((uint)reason);
                message.Put(detail);
                _ = _primary.TrySend(message);
            }
        }
    }

    /// <inheritdoc/>
    public VdFailure? AddAreas(IReadOnlyList<long> sizesBytes, uint prefixZoneSizeBytes, out BufferArea[]? areas)
    {
        areas = null;
        VdFailure? failure = MemoryBudget.Refuse(sizesBytes.Sum(), MemoryBudget.Read());
        List<SharedBufferArea> made = [];
        foreach (long sizeBytes in sizesBytes)
        {
            failure ??= SharedBufferArea.TryCreate(
                _areas.Count + made.Count, sizeBytes, prefixZoneSizeBytes, out SharedBufferArea? area) is { } problem
                ? problem
                : Keep(made, area!);
        }

        failure ??= _areas.Count + made.Count > BufferHandle.MaxAreaCount
            ? new VdFailure(VdResult.OutOfMemory, $"a set has at most {BufferHandle.MaxAreaCount} buffer areas")
            : null;
        if (failure is not null)
        {
            made.ForEach(static area => area.Release());
            return failure;
        }

        lock (_lifeGate)
        {
            _areas.AddRange(made);
        }

        if (_isPublished)
        {
            made.ForEach(HandOut);
            made.ForEach(static area => area.Populate());
        }

        areas = [.. made];
        return null;
    }

    /// <inheritdoc/>
    public void PublishConfiguration(SetConfiguration configuration, int queueCapacity)
    {
        if (_control.FillRings(queueCapacity) is { } failure)
        {
            SignalAbort(AbortReason.InternalFailure, $"set '{_name}': {failure.Message}");
            return;
        }

        for (int index = 0; index < _senders.Length; index++)
        {
            _senders[index] = new CommandSender(_control, index, queueCapacity);
            _receivers[index] = new CompletionReceiver(_control, index, queueCapacity);
        }

        _isPublished = true;
        _areas.ForEach(HandOut);
        ControlMessage message = Begin(MessageKind.Configured);
        message.Put(configuration);
        message.Put((uint)queueCapacity);
        Send(message);

        // Last, beside the client, which does the same on its side.
        _areas.ForEach(static area => area.Populate());
    }

    /// <inheritdoc/>
    public void NameDevice(int index, string name)
    {
        ControlMessage message = Begin(MessageKind.Named);
        message.Put((uint)index);
        message.Put(name);
        Send(message);
    }

    /// <inheritdoc/>
    public bool TrySend(int device, in DeviceCommand command)
    {
        CommandSender sender = _senders[device]!;
        bool isSent = sender.TrySend(command);
        if (!isSent && sender.IsBroken)
        {
            SignalAbort(AbortReason.PeerViolation,
                $"set '{_name}': device {device}: the client says that it passed commands which were not sent");
        }

        return isSent;
    }

    /// <inheritdoc/>
    public void SendCloseMark(int device) => _senders[device]!.SendCloseMark();

    /// <inheritdoc/>
    public WaitOutcome WaitCompletions(TimeSpan timeout, out ulong devices)
    {
        WaitOutcome outcome = TrySpin(timeout, out WaitOutcome found) ? found : Sleep(timeout);
        devices = outcome == WaitOutcome.Ready ? DevicesWithCompletions() : 0;
        if (Volatile.Read(ref _isAgentWoken) != 0)
        {
            // A full fence too: what the waker did before is looked at after.
            Interlocked.Exchange(ref _isAgentWoken, 0);
        }

        return outcome;
    }

    /// <inheritdoc/>
    public bool TryTakeCompletion(int device, out DeviceCompletion completion)
    {
        completion = default;
        SlotState state = _receivers[device] is { } receiver ? receiver.TryTake(out completion) : SlotState.Broken;
        if (state == SlotState.Broken)
        {
            SignalAbort(AbortReason.PeerViolation,
                $"set '{_name}': device {device}: the completion ring holds what the client cannot have written");
        }

        return state == SlotState.Ready;
    }

    /// <inheritdoc/>
    public void WakeAgent()
    {
        Volatile.Write(ref _isAgentWoken, 1);
        WakeWord.Signal(&_control.Header->AgentWakeWord);
    }

    /// <inheritdoc/>
    public bool Handle(ControlConnection connection, ref ControlMessage message, SafeFileHandle? attached)
    {
        attached?.Dispose();
        if (message.Kind == MessageKind.Aborted)
        {
            AbortReason reason = (AbortReason)message.TakeUInt32();
            string detail = message.TakeText();
            if (message.IsWellFormed() && reason is > AbortReason.None and <= AbortReason.PeerViolation)
            {
                _latch.Take(reason, detail);
                return true;
            }
        }

        SignalAbort(AbortReason.PeerViolation, $"set '{_name}': the primary client sent what cannot be right ({message.Kind})");
        return false;
    }

    /// <inheritdoc/>
    public void HandleEnd(ControlConnection connection, string how)
    {
        // What the server itself has sent is its own knowledge; the shared words are only a copy of it.
        if (!Array.TrueForAll(_senders, static sender => sender is { IsClosed: true }))
        {
            SignalAbort(AbortReason.ClientDied, $"set '{_name}': the primary client is gone: {how}");
        }

        // It may have completed everything and gone (T4), or have died over a command: the agent knows which.
        _isClientGone = true;
        WakeAgent();

        // A dead primary cannot take its name away (9.5). A process that dies closes one descriptor after the other: its
        // connection may have ended while it still seems to listen. One that lives has taken its name away itself.
        if (Rendezvous.ProbeName(_path) == Rendezvous.Probe.Live)
        {
            connection.AwaitPeerEnd(DyingMilliseconds);
        }

        Rendezvous.TryRemoveStale(_path);
    }

    /// <inheritdoc/>
    public void WakeSleepers() => WakeWord.WakeAnyway(&_control.Header->AgentWakeWord);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lifeGate)
        {
            if (_isDisposed)
            {
                return;
            }
        }

        if (!IsAborted && !Array.TrueForAll(_senders, static sender => sender is { IsClosed: true }))
        {
            SignalAbort(AbortReason.ServerClosed, $"set '{_name}': the server closed it");
        }

        // First the thread, which uses all the rest; the primary sees our end when it has gone.
        _loop?.Dispose();
        lock (_lifeGate)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _areas.ForEach(static area => area.Release());
                _control.Dispose();
            }
        }
    }

    private static VdFailure? Keep(List<SharedBufferArea> made, SharedBufferArea area)
    {
        made.Add(area);
        return null;
    }

    private static ControlMessage Begin(MessageKind kind) => ControlMessage.Begin(new byte[ControlMessage.MaxBytes], kind);

    private void HandOut(SharedBufferArea area)
    {
        ControlMessage message = Begin(MessageKind.Area);
        message.Put((uint)area.Index);
        message.Put((long)area.SizeBytes);
        Send(message, area.File);

        // Counted once it is on its way. Pairs with the read in SharedClientChannel.TryResolveBuffer.
        Volatile.Write(ref _control.Header->BufferAreaCount, (uint)(area.Index + 1));
    }

    private void Send(in ControlMessage message, SafeFileHandle? attached = null)
    {
        if (!_primary.TrySend(message, attached))
        {
            SignalAbort(AbortReason.InternalFailure, $"set '{_name}': the primary client takes no messages ({message.Kind})");
        }
    }

    private bool TrySpin(TimeSpan timeout, out WaitOutcome outcome)
    {
        if (HasNews(out outcome))
        {
            return true;
        }

        if (timeout == TimeSpan.Zero || !_spin.TryBegin(out AdaptiveSpin.Spin spin))
        {
            return false;
        }

        bool found;
        while (!(found = HasNews(out outcome)) && spin.TryNext())
        {
        }

        _spin.End(found);
        return found;
    }

    private WaitOutcome Sleep(TimeSpan timeout)
    {
        uint* word = &_control.Header->AgentWakeWord;
        long started = timeout < TimeSpan.Zero ? 0 : Stopwatch.GetTimestamp();
        while (true)
        {
            uint announced = WakeWord.Announce(word);
            if (HasNews(out WaitOutcome outcome))
            {
                return outcome;
            }

            TimeSpan left = timeout < TimeSpan.Zero ? timeout : timeout - Stopwatch.GetElapsedTime(started);
            if (timeout >= TimeSpan.Zero && left <= TimeSpan.Zero)
            {
                return WaitOutcome.TimedOut;
            }

            WakeWord.Sleep(word, announced, left);
            if (HasNews(out outcome))
            {
                return outcome;
            }
        }
    }

    private bool HasNews(out WaitOutcome outcome)
    {
        outcome = _latch.IsAborted ? WaitOutcome.Aborted : WaitOutcome.Ready;
        return outcome == WaitOutcome.Aborted || DevicesWithCompletions() != 0 || Volatile.Read(ref _isAgentWoken) != 0;
    }

    /// <summary>A bit for each device whose ring holds something. The rings themselves are looked at: a word that the clients
    /// share would travel between the processors twice for each completion.</summary>
    private ulong DevicesWithCompletions()
    {
        ulong devices = 0;
        for (int index = 0; index < _receivers.Length; index++)
        {
            devices |= _receivers[index] is { HasNews: true } ? 1UL << index : 0;
        }

        return devices;
    }
}
