using BenchmarkDotNet.Attributes;
using OpenVdi.Transport;

namespace OpenVdi.Microbench;

/// <summary>AllocateBuffer and FreeBuffer: what an engine pays that does not keep its buffers.</summary>
[MemoryDiagnoser]
public class BufferBenchmarks
{
    private TwinSet _set = null!;

    /// <summary>How many buffers the pool has.</summary>
    [Params(8, 1024)]
    public int Buffers { get; set; }

    /// <summary>Makes the pool.</summary>
    [GlobalSetup]
    public void SetUp() => _set = new TwinSet(65536, (uint)Buffers, runsAgent: false);

    /// <summary>Gives it up.</summary>
    [GlobalCleanup]
    public void CleanUp() => _set.Dispose();

    /// <summary>One buffer taken and given back.</summary>
    [Benchmark]
    public void AllocateAndFree()
    {
        TwinSet.Check(_set.Server.AllocateBuffer(out DeviceBuffer buffer, 65536, 4096));
        TwinSet.Check(_set.Server.FreeBuffer(buffer));
    }
}
