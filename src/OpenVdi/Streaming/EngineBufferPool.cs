using System.Diagnostics.CodeAnalysis;
using OpenVdi.Transport;

namespace OpenVdi.Streaming;

/// <summary>A device's buffers. The last returned is rented first: it is still in the cache.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification =
    "The semaphore has no handle to give back.")]
internal sealed class EngineBufferPool
{
    private readonly DeviceBuffer[] _all;
    private readonly bool[] _isRented;
    private readonly Stack<int> _free;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _available;

    public EngineBufferPool(DeviceBuffer[] buffers)
    {
        _all = buffers;
        _isRented = new bool[buffers.Length];
        _free = new Stack<int>(Enumerable.Range(0, buffers.Length).Reverse());
        _available = new SemaphoreSlim(buffers.Length);
    }

    /// <summary>A buffer, when one is free now.</summary>
    public bool TryRent(out DeviceBuffer buffer)
    {
        bool any = _available.Wait(TimeSpan.Zero);
        buffer = any ? Pop() : default;
        return any;
    }

    /// <summary>A buffer as soon as one is free.</summary>
    public async ValueTask<DeviceBuffer> RentAsync(CancellationToken cancellationToken)
    {
        await _available.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Pop();
    }

    /// <summary>Takes a buffer back, whole or a piece from its beginning.</summary>
    /// <returns>False for what is not rented from here.</returns>
    public bool TryReturn(DeviceBuffer buffer)
    {
        lock (_gate)
        {
            int index = Find(buffer);
            if (index < 0)
            {
                return false;
            }

            _isRented[index] = false;
            _free.Push(index);
        }

        _available.Release();
        return true;
    }

    /// <summary>Whether a buffer is rented from here now.</summary>
    public bool IsRented(DeviceBuffer buffer)
    {
        lock (_gate)
        {
            return Find(buffer) >= 0;
        }
    }

    private int Find(DeviceBuffer buffer)
    {
        for (int i = 0; i < _all.Length; i++)
        {
            if (_isRented[i] && ReferenceEquals(_all[i].Area, buffer.Area) && _all[i].OffsetBytes == buffer.OffsetBytes)
            {
                return i;
            }
        }

        return -1;
    }

    private DeviceBuffer Pop()
    {
        lock (_gate)
        {
            int index = _free.Pop();
            _isRented[index] = true;
            return _all[index];
        }
    }
}
