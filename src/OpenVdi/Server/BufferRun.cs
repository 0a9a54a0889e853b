using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <summary>Buffers of one size in a row of one area, and which of them are free. Not thread-safe.</summary>
internal sealed class BufferRun
{
    private readonly BufferArea _area;
    private readonly BufferLayout _layout;
    private readonly long _startBytes;
    private readonly uint _alignmentBytes;
    private readonly int[] _free;
    private readonly uint[] _allocatedSizes;
    private int _freeCount;

    public BufferRun(BufferArea area, BufferRequirement requirement, BufferLayout layout, long startBytes)
    {
        _area = area;
        _layout = layout;
        _startBytes = startBytes;
        _alignmentBytes = requirement.AlignmentBytes;
        SizeBytes = requirement.SizeBytes;
        _freeCount = (int)requirement.Count;
        _free = new int[_freeCount];
        _allocatedSizes = new uint[_freeCount];
        for (int place = 0; place < _freeCount; place++)
        {
            // The top of the stack is the first buffer.
            _free[place] = _freeCount - 1 - place;
        }
    }

    /// <summary>The size of its buffers.</summary>
    public uint SizeBytes { get; }

    /// <summary>Whether a free buffer of this run would do.</summary>
    public bool CanGive(uint sizeBytes, uint alignmentBytes) =>
        sizeBytes <= SizeBytes && FindFree(alignmentBytes) >= 0;

    /// <summary>Takes a buffer.</summary>
    public bool TryTake(uint sizeBytes, uint alignmentBytes, out DeviceBuffer buffer)
    {
        int place = FindFree(alignmentBytes);
        if (place < 0)
        {
            buffer = default;
            return false;
        }

        int index = _free[place];
        Array.Copy(_free, place + 1, _free, place, _freeCount - place - 1);
        _freeCount--;
        _allocatedSizes[index] = sizeBytes;
        return _area.TrySlice(OffsetOf(index), sizeBytes, out buffer);
    }

    /// <summary>Which buffer begins at an address.</summary>
    public bool TryIndex(nint address, out int index)
    {
        index = -1;
        if (!_area.Contains(address))
        {
            return false;
        }

        long distance = address - _area.Address - _startBytes - _layout.FirstDataOffsetBytes;
        if (distance < 0 || distance % _layout.StrideBytes != 0 || distance / _layout.StrideBytes >= _allocatedSizes.Length)
        {
            return false;
        }

        index = (int)(distance / _layout.StrideBytes);
        return true;
    }

    /// <summary>Gives a buffer back; false when it is free, or was allocated with another size (B10).</summary>
    public bool TryFree(int index, uint sizeBytes)
    {
        if (_allocatedSizes[index] == 0 || _allocatedSizes[index] != sizeBytes)
        {
            return false;
        }

        _allocatedSizes[index] = 0;
        _free[_freeCount++] = index;
        return true;
    }

    /// <summary>How many free buffers would do.</summary>
    public int CountAvailable(uint sizeBytes, uint alignmentBytes)
    {
        int count = 0;
        for (int place = 0; place < _freeCount && sizeBytes <= SizeBytes; place++)
        {
            count += IsAligned(_free[place], alignmentBytes) ? 1 : 0;
        }

        return count;
    }

    private int FindFree(uint alignmentBytes)
    {
        // All are aligned as the run is; only a stricter wish has to look for one that happens to fit.
        for (int place = _freeCount - 1; place >= 0; place--)
        {
            if (IsAligned(_free[place], alignmentBytes))
            {
                return place;
            }
        }

        return -1;
    }

    private bool IsAligned(int index, uint alignmentBytes) =>
        alignmentBytes <= _alignmentBytes || (OffsetOf(index) & (alignmentBytes - 1)) == 0;

    private int OffsetOf(int index) => (int)(_startBytes + _layout.DataOffsetBytes(index));
}
