namespace OpenVdi.Transport;

/// <summary>A queue that grows to its need and then allocates no more. Its owner holds the lock.</summary>
internal struct InProcessRing<T>
    where T : struct
{
    private const int FirstCapacity = 16;

    private T[]? _items;
    private int _head;

    public int Count { get; private set; }

    public void Add(in T item)
    {
        _items ??= new T[FirstCapacity];
        if (Count == _items.Length)
        {
            var grown = new T[_items.Length * 2];
            for (int i = 0; i < Count; i++)
            {
                grown[i] = _items[(_head + i) & (_items.Length - 1)];
            }

            _items = grown;
            _head = 0;
        }

        _items[(_head + Count) & (_items.Length - 1)] = item;
        Count++;
    }

    public readonly bool TryPeek(out T item)
    {
        item = Count == 0 ? default : _items![_head];
        return Count != 0;
    }

    public void Remove()
    {
        Invariant.That(Count > 0);
        _head = (_head + 1) & (_items!.Length - 1);
        Count--;
    }
}
