using System.Text.Json;
using OpenVdi.Bench.Contenders;
using OpenVdi.Bench.Interop;
using OpenVdi.Bench.Machine;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Harness;

/// <summary>The client's process: does what it is asked, line by line, until its input ends.</summary>
internal sealed class PeerHost : IDisposable
{
    private readonly Dictionary<ContenderKind, BenchEnd> _ends = [];
    private PayloadSet? _payloads;
    private TimeSpan _processorTimeBefore;

    /// <summary>Serves until the input ends.</summary>
    public static int Run(TextReader input, TextWriter output)
    {
        PeerHost host = new();
        while (input.ReadLine() is { } line)
        {
            PeerRequest request = JsonSerializer.Deserialize(line, PeerJson.Default.PeerRequest)!;
            PeerReply reply = host.AnswerSafely(request);
            if (request.Verb != PeerVerb.Go || reply.Error is not null)
            {
                output.WriteLine(JsonSerializer.Serialize(reply, PeerJson.Default.PeerReply));
                output.Flush();
            }
        }

        // What is still open belongs to a benchmark that failed or was ended: its threads may wait for ever.
        return 0;
    }

    public void Dispose()
    {
        foreach (BenchEnd end in _ends.Values)
        {
            end.Dispose();
        }

        _ends.Clear();
        _payloads?.Dispose();
    }

    private PeerReply AnswerSafely(PeerRequest request)
    {
        try
        {
            return Answer(request);
        }
#pragma warning disable CA1031 // Whatever it was: the other process says it and ends.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new PeerReply(exception is BenchFailureException ? exception.Message : exception.ToString());
        }
    }

    private PeerReply Answer(PeerRequest request)
    {
        switch (request.Verb)
        {
            case PeerVerb.Bind:
                CorePlan.BindProcess(request.Core);
                break;
            case PeerVerb.BeginCell:
                _payloads = new PayloadSet(request.Plan!);
                break;
            case PeerVerb.Open:
                _ends.Add(request.Contender, Contender.MakeClient(request.Contender, _payloads!, request.Endpoint));
                CorePlan.BindNewThreads();
                break;
            case PeerVerb.AwaitSetUp:
                return new PeerReply(SetUpSeconds: ((VdiClientEnd)_ends[request.Contender]).SetUpTime.TotalSeconds);
            case PeerVerb.Prepare:
                _ends[request.Contender].Prepare(request.Run!);
                _processorTimeBefore = LinuxNative.ProcessorTime();
                break;
            case PeerVerb.Go:
                _ends[request.Contender].Go();
                break;
            case PeerVerb.Finish:
                EndResult result = _ends[request.Contender].Finish(BenchLimits.Wait);
                double seconds = (LinuxNative.ProcessorTime() - _processorTimeBefore).TotalSeconds;
                return new PeerReply(null, seconds, result.EndTimestamp, result.AllocatedPerTransfer);
            case PeerVerb.Close:
                _ = _ends.Remove(request.Contender, out BenchEnd? end);
                end!.Dispose();
                break;
            case PeerVerb.EndCell:
                Dispose();
                break;
            case PeerVerb.ProcessorTime:
                return new PeerReply(ProcessorSeconds: LinuxNative.ProcessorTime().TotalSeconds);
            default:
                return new PeerReply($"unknown verb {request.Verb}");
        }

        return new PeerReply();
    }
}
