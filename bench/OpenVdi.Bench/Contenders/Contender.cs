using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>Makes the ends of each kind.</summary>
internal static class Contender
{
    private const int WidePipeBytes = 1024 * 1024;

    public static BenchEnd MakeServer(ContenderKind kind, PayloadSet payloads)
    {
        int devices = payloads.Plan.Devices;
        return kind switch
        {
            ContenderKind.Vdi or ContenderKind.Library => new VdiServerEnd(payloads),
            ContenderKind.FloorFutex => new FloorServerEnd(payloads, TimeSpan.Zero),
            ContenderKind.FloorSpin => new FloorServerEnd(payloads, BenchLimits.FloorSpin),
            ContenderKind.FloorForgetful => new FloorServerEnd(payloads, TimeSpan.Zero, forgets: true),
            ContenderKind.Pipe => new StreamEnd(Role.Server, payloads, new PipeSource(payloads.Plan, 0)),
            ContenderKind.WidePipe => new StreamEnd(Role.Server, payloads, new PipeSource(payloads.Plan, WidePipeBytes)),
            ContenderKind.UnixSocket => new StreamEnd(Role.Server, payloads, new UnixSocketSource(null, devices)),
            ContenderKind.NamedPipe => new StreamEnd(Role.Server, payloads, new NamedPipeSource(null, devices)),
            ContenderKind.MappedFile => new MappedFileEnd(payloads, queued: false),
            ContenderKind.MappedFileQueue => new MappedFileEnd(payloads, queued: true),
            ContenderKind.Copy => new CopyEnd(Role.Server, payloads),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a contender"),
        };
    }

    public static BenchEnd MakeClient(ContenderKind kind, PayloadSet payloads, string endpoint)
    {
        int devices = payloads.Plan.Devices;
        return kind switch
        {
            ContenderKind.Vdi => new VdiClientEnd(payloads, endpoint),
            ContenderKind.Library => new LibraryClientEnd(payloads, endpoint),
            ContenderKind.FloorFutex or ContenderKind.FloorForgetful => new FloorClientEnd(payloads, TimeSpan.Zero, endpoint),
            ContenderKind.FloorSpin => new FloorClientEnd(payloads, BenchLimits.FloorSpin, endpoint),
            ContenderKind.Pipe or ContenderKind.WidePipe => new StreamEnd(Role.Client, payloads, new PipeSource(endpoint)),
            ContenderKind.UnixSocket => new StreamEnd(Role.Client, payloads, new UnixSocketSource(endpoint, devices)),
            ContenderKind.NamedPipe => new StreamEnd(Role.Client, payloads, new NamedPipeSource(endpoint, devices)),
            ContenderKind.MappedFile => new MappedFileEnd(payloads, queued: false, endpoint),
            ContenderKind.MappedFileQueue => new MappedFileEnd(payloads, queued: true, endpoint),
            ContenderKind.Copy => new CopyEnd(Role.Client, payloads),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a contender"),
        };
    }
}
