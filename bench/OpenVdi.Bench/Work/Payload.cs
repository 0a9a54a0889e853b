using System.Runtime.InteropServices;

namespace OpenVdi.Bench.Work;

/// <summary>
/// The bytes of one device's stream on one side: what the producer sends and what the consumer must find. Both sides
/// derive them from the same seed. Each transfer carries stamps that name run, device and number; the consumer checks
/// every stamp of every transfer, and with <see cref="WorkKind.Copy"/> every byte of each
/// <see cref="FullCheckInterval"/>th transfer and of the first.
/// </summary>
internal sealed unsafe class Payload : IDisposable
{
    /// <summary>How often a transfer is compared byte by byte: often enough to be real, seldom enough to cost the same
    /// 2 % to each contender.</summary>
    public const int FullCheckInterval = 64;

    private const int MostStamps = 8;
    private const int StampSpacingBytes = 4096;
    private const ulong Seed = 0x9E3779B97F4A7C15;

    private readonly int _device;
    private readonly int _transferBytes;
    private readonly int _slots;
    private readonly int _stampCount;
    private readonly bool _copies;
    private readonly byte* _pattern;
    private readonly byte* _sink;
    private ulong _runKey;

    /// <param name="device">Which device of the set.</param>
    /// <param name="plan">The channel's plan.</param>
    public Payload(int device, ChannelPlan plan)
    {
        _device = device;
        _transferBytes = plan.TransferBytes;
        _copies = plan.Work == WorkKind.Copy;

        // The private side rotates through as many transfers as the shared side, as a file's pages would.
        _slots = plan.BuffersPerDevice;
        _stampCount = Math.Clamp(_transferBytes / StampSpacingBytes, 1, MostStamps);
        _pattern = Allocate(_transferBytes * _slots);
        _sink = Allocate(_transferBytes * _slots);
        FillPattern(new Span<byte>(_pattern, _transferBytes * _slots), Seed * (ulong)(device + 1));
        new Span<byte>(_sink, _transferBytes * _slots).Clear();
    }

    /// <summary>Starts the stamps of a run.</summary>
    public void Begin(int runNumber) => _runKey = Mix(((ulong)(uint)runNumber << 32) | ((ulong)(uint)_device << 8) | 1);

    /// <summary>The producer's private bytes of a transfer, stamped: what a pipe is given.</summary>
    public ReadOnlySpan<byte> Source(int transfer)
    {
        Span<byte> source = Slot(_pattern, transfer);
        Stamp(source, transfer);
        return source;
    }

    /// <summary>The consumer's private place of a transfer: where a pipe delivers.</summary>
    public Span<byte> Sink(int transfer) => Slot(_sink, transfer);

    /// <summary>Fills a shared buffer.</summary>
    public void Produce(int transfer, Span<byte> buffer)
    {
        if (_copies)
        {
            Source(transfer).CopyTo(buffer);
        }
        else
        {
            Stamp(buffer, transfer);
        }
    }

    /// <summary>Consumes a shared buffer. False when a byte is wrong.</summary>
    public bool TryConsume(int transfer, ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length != _transferBytes)
        {
            return false;
        }

        if (!_copies)
        {
            return HasStamps(buffer, transfer);
        }

        Span<byte> sink = Slot(_sink, transfer);
        buffer.CopyTo(sink);
        return IsRight(transfer, sink);
    }

    /// <summary>Checks what a pipe delivered into <see cref="Sink"/>.</summary>
    public bool IsSinkRight(int transfer) => IsRight(transfer, Slot(_sink, transfer));

    public void Dispose()
    {
        NativeMemory.AlignedFree(_pattern);
        NativeMemory.AlignedFree(_sink);
    }

    private bool IsRight(int transfer, ReadOnlySpan<byte> bytes) =>
        HasStamps(bytes, transfer)
        && (transfer % FullCheckInterval != 0 || bytes.SequenceEqual(Source(transfer)));

    private void Stamp(Span<byte> bytes, int transfer)
    {
        for (int stamp = 0; stamp < _stampCount; stamp++)
        {
            MemoryMarshal.Write(bytes[StampOffset(stamp)..], StampValue(transfer, stamp));
        }
    }

    private bool HasStamps(ReadOnlySpan<byte> bytes, int transfer)
    {
        ulong difference = 0;
        for (int stamp = 0; stamp < _stampCount; stamp++)
        {
            difference |= MemoryMarshal.Read<ulong>(bytes[StampOffset(stamp)..]) ^ StampValue(transfer, stamp);
        }

        return difference == 0;
    }

    // The first stamp is the first word, the last one the last word.
    private int StampOffset(int stamp) =>
        _stampCount == 1 ? 0 : (int)((long)stamp * (_transferBytes - sizeof(ulong)) / (_stampCount - 1)) & ~(sizeof(ulong) - 1);

    private ulong StampValue(int transfer, int stamp) => _runKey + (((ulong)(uint)transfer << 4) | (uint)stamp) * Seed;

    private Span<byte> Slot(byte* start, int transfer) =>
        new(start + ((nint)(transfer % _slots) * _transferBytes), _transferBytes);

    private static byte* Allocate(int bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 65536);

    private static void FillPattern(Span<byte> bytes, ulong seed)
    {
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            seed = Mix(seed);
            word = seed;
        }
    }

    // The finalizer of splitmix64.
    private static ulong Mix(ulong value)
    {
        value += Seed;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
