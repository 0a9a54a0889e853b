using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>Another transport, whose servers stop in the midst of making buffer areas until they are let go: the only calls
/// of a server that take long enough for an abort to meet them.</summary>
internal sealed class PausingTransport(VdiTransport inner) : VdiTransport, IDisposable
{
    private readonly ManualResetEvent _entered = new(false);
    private readonly ManualResetEvent _leave = new(false);

    public override IReadOnlyCollection<string> InstanceNames => inner.InstanceNames;

    /// <summary>From now on AddAreas stops.</summary>
    public bool IsPausing { get; set; }

    public override IReadOnlyList<SetStatus> ListSets() => inner.ListSets();

    public override IReadOnlyList<string> Sweep() => inner.Sweep();

    public void AwaitPause() => Await.Signalled(_entered, "a server to make its buffer areas");

    public void Continue() => _leave.Set();

    public void Dispose()
    {
        _leave.Set();
        _entered.Dispose();
        _leave.Dispose();
    }

    internal override VdFailure? Create(string instanceName, SetName name, SetConfiguration wishes, out IClientChannel? channel) =>
        inner.Create(instanceName, name, wishes, out channel);

    internal override VdFailure? Join(string instanceName, SetName name, out IClientChannel? channel) =>
        inner.Join(instanceName, name, out channel);

    internal override VdFailure? Open(string instanceName, SetName name, out IServerChannel? channel)
    {
        VdFailure? failure = inner.Open(instanceName, name, out channel);
        channel = channel is null ? null : new Channel(this, channel);
        return failure;
    }

    private sealed class Channel(PausingTransport owner, IServerChannel inner) : IServerChannel
    {
        public SetConfiguration Wishes => inner.Wishes;

        public bool IsAborted => inner.IsAborted;

        public AbortNotice? Abort => inner.Abort;

        public bool IsClientGone => inner.IsClientGone;

        public VdFailure? AddAreas(IReadOnlyList<long> sizesBytes, uint prefixZoneSizeBytes, out BufferArea[]? areas)
        {
            if (owner.IsPausing)
            {
                owner._entered.Set();
                Await.Signalled(owner._leave, "the script's word to go on");
            }

            return inner.AddAreas(sizesBytes, prefixZoneSizeBytes, out areas);
        }

        public void PublishConfiguration(SetConfiguration configuration, int queueCapacity) =>
            inner.PublishConfiguration(configuration, queueCapacity);

        public void NameDevice(int index, string name) => inner.NameDevice(index, name);

        public bool TrySend(int device, in DeviceCommand command) => inner.TrySend(device, in command);

        public void SendCloseMark(int device) => inner.SendCloseMark(device);

        public WaitOutcome WaitCompletions(TimeSpan timeout, out ulong devices) => inner.WaitCompletions(timeout, out devices);

        public bool TryTakeCompletion(int device, out DeviceCompletion completion) =>
            inner.TryTakeCompletion(device, out completion);

        public void WakeAgent() => inner.WakeAgent();

        public void SignalAbort(AbortReason reason, string detail) => inner.SignalAbort(reason, detail);

        public void Dispose() => inner.Dispose();
    }
}
