namespace OpenVdi.Bench.Work;

/// <summary>The private memory of one process for a cell. All contenders work on the same, so that none is lucky with
/// its pages.</summary>
internal sealed class PayloadSet : IDisposable
{
    private readonly Payload[] _payloads;

    public PayloadSet(ChannelPlan plan)
    {
        Plan = plan;
        _payloads = [.. Enumerable.Range(0, plan.Devices).Select(device => new Payload(device, plan))];
    }

    public ChannelPlan Plan { get; }

    public Payload this[int device] => _payloads[device];

    public void Dispose() => Array.ForEach(_payloads, payload => payload.Dispose());
}
