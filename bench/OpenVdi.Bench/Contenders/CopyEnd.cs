using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>The floor of floors: the server copies the bytes once, from private memory to private memory. The client's
/// end has nothing to do.</summary>
internal sealed class CopyEnd(Role role, PayloadSet payloads)
    : WorkerEnd(role, payloads, role == Role.Server ? payloads.Plan.Devices : 0)
{
    protected override void Carry(Lane lane)
    {
        while (lane.CanIssue)
        {
            int transfer = lane.Issue();
            lane.Payload.Source(transfer).CopyTo(lane.Payload.Sink(transfer));
            if (!lane.Payload.IsSinkRight(transfer))
            {
                lane.FailBytes(transfer);
                return;
            }

            lane.Finish();
        }
    }
}
