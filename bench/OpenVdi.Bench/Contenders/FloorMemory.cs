using OpenVdi.Bench.Interop;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>
/// The floor's shared memory. Each word that one side writes and the other reads has cache lines of its own.
/// <code>
/// 0        server's wake word
/// 4096*(d+1)  device d: +0 client's wake word, +128 command tail, +256 completion tail, +512 commands, +1024 completions
/// 512 KiB  buffers: device d's first, second, ...
/// </code>
/// </summary>
internal sealed unsafe class FloorMemory : IDisposable
{
    private const int DeviceBytes = 4096;
    private const int BuffersOffset = 512 * 1024;

    private readonly ChannelPlan _plan;
    private readonly long _sizeBytes;
    private readonly int _descriptor;
    private readonly byte* _base;

    /// <summary>Makes the memory, or opens that of another process.</summary>
    public FloorMemory(ChannelPlan plan, string? endpoint)
    {
        _plan = plan;
        _sizeBytes = BuffersOffset + ((long)plan.Devices * plan.BuffersPerDevice * plan.TransferBytes);
        _descriptor = endpoint is null
            ? LinuxNative.CreateMemory("openvdi-bench-floor", _sizeBytes)
            : DescriptorName.Open(endpoint, FileAccess.ReadWrite);
        _base = (byte*)LinuxNative.Map(_descriptor, _sizeBytes);
    }

    public string Endpoint => DescriptorName.Of(_descriptor);

    public uint* ServerWord => (uint*)_base;

    public uint* ClientWord(int device) => (uint*)Device(device);

    public FloorRing Commands(int device) => new((uint*)(Device(device) + 128), (uint*)(Device(device) + 512));

    public FloorRing Completions(int device) => new((uint*)(Device(device) + 256), (uint*)(Device(device) + 1024));

    public Span<byte> Buffer(int device, uint index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, (uint)_plan.BuffersPerDevice);
        long offset = BuffersOffset + ((((long)device * _plan.BuffersPerDevice) + index) * _plan.TransferBytes);
        return new Span<byte>(_base + offset, _plan.TransferBytes);
    }

    public void Dispose()
    {
        LinuxNative.Unmap((nint)_base, _sizeBytes);
        LinuxNative.Close(_descriptor);
    }

    private byte* Device(int device) => _base + ((device + 1) * DeviceBytes);
}
