namespace OpenVdi.Native;

/// <summary>What the objects that C and C++ hold point to: a number instead of an address, so that an object that was never
/// made, is destroyed, or was overwritten is a wrong number and not a crash.</summary>
/// <remarks>Any thread. Looking up takes no lock.</remarks>
internal sealed class Handles<T>
    where T : class
{
    private const int FirstCapacity = 16;

    private readonly object _gate = new();
    private readonly Stack<int> _free = new();

    // Replaced when it grows, never shortened: a reader may hold an old one.
    private Entry[] _entries = [];
    private uint _generation;

    /// <summary>Keeps an object; never 0.</summary>
    public nint Add(T value)
    {
        lock (_gate)
        {
            if (_free.Count == 0)
            {
                Grow();
            }

            int index = _free.Pop();
            uint generation = ++_generation & int.MaxValue;
            Volatile.Write(ref _entries[index], new Entry(generation, value));
            return (nint)(((ulong)generation << 32) | (uint)(index + 1));
        }
    }

    /// <summary>The object, null when there is none of that number.</summary>
    public T? Find(nint handle)
    {
        Entry[] entries = Volatile.Read(ref _entries);
        uint index = (uint)handle - 1;
        Entry? entry = index < (uint)entries.Length ? Volatile.Read(ref entries[index]) : null;
        return entry is not null && entry.Generation == (uint)((ulong)handle >> 32) ? entry.Value : null;
    }

    /// <summary>Forgets an object and gives it to its last user; null when there is none of that number.</summary>
    public T? Remove(nint handle)
    {
        lock (_gate)
        {
            if (Find(handle) is not { } value)
            {
                return null;
            }

            int index = (int)(uint)handle - 1;
            Volatile.Write(ref _entries[index], null!);
            _free.Push(index);
            return value;
        }
    }

    private void Grow()
    {
        Entry[] grown = new Entry[Math.Max(FirstCapacity, _entries.Length * 2)];
        _entries.CopyTo(grown, 0);
        for (int index = grown.Length - 1; index >= _entries.Length; index--)
        {
            _free.Push(index);
        }

        Volatile.Write(ref _entries, grown);
    }

    private sealed record Entry(uint Generation, T Value);
}
