using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>An end over channels that copy: the producer writes from its private memory, the consumer reads into its
/// own.</summary>
internal sealed class StreamEnd : WorkerEnd
{
    private readonly ChannelSource _source;
    private ByteChannel[] _channels;

    public StreamEnd(Role role, PayloadSet payloads, ChannelSource source)
        : base(role, payloads, payloads.Plan.Devices)
    {
        _source = source;
        _channels = role == Role.Client ? Open() : [];
    }

    public override string Endpoint => _source.Endpoint;

    public override void Connect() => _channels = Open();

    protected override void Carry(Lane lane)
    {
        ByteChannel channel = _channels[lane.Device];
        while (lane.CanIssue)
        {
            int transfer = lane.Issue();
            if (lane.IsProducer)
            {
                channel.Send(lane.Payload.Source(transfer));
            }
            else
            {
                channel.Receive(lane.Payload.Sink(transfer));
                if (!lane.Payload.IsSinkRight(transfer))
                {
                    lane.FailBytes(transfer);
                    return;
                }
            }

            lane.Finish();
        }
    }

    protected override void Release()
    {
        base.Release();
        Array.ForEach(_channels, channel => channel.Dispose());
        _source.Dispose();
    }

    private ByteChannel[] Open() => [.. Lanes.Select(lane => _source.Open(lane.Device, lane.IsProducer))];
}
