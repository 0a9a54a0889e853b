namespace OpenVdi.Bench.Contenders;

/// <summary>The floor's queue: buffer numbers from one writer to one reader. Never full: it has a place for each
/// buffer. Lives in memory of a <see cref="FloorMemory"/>.</summary>
internal unsafe struct FloorRing(uint* tail, uint* entries)
{
    /// <summary>Places; a power of two.</summary>
    public const int Capacity = 64;

    private readonly uint* _tail = tail;
    private readonly uint* _entries = entries;
    private uint _position;

    public readonly bool HasEntry => Volatile.Read(ref *_tail) != _position;

    public void Publish(uint buffer)
    {
        _entries[_position & (Capacity - 1)] = buffer;

        // Release: the entry is visible before the tail is. Pairs with the acquire in TryTake.
        Volatile.Write(ref *_tail, ++_position);
    }

    public bool TryTake(out uint buffer)
    {
        if (!HasEntry)
        {
            buffer = 0;
            return false;
        }

        buffer = _entries[_position++ & (Capacity - 1)];
        return true;
    }
}
