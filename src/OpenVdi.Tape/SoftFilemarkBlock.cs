using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape;

/// <summary>SFMB: a filemark as a block of its own, one physical block long, with the addresses of the filemarks before it.</summary>
/// <remarks>
/// <code>
///  0             52               56             60
/// | header      | entries there  | entries used | u32 physical block of each earlier filemark, newest first; 0 is unused |
/// </code>
/// All of it follows from what stands before it on the medium, so a reader compares it byte for byte.
/// </remarks>
internal sealed class SoftFilemarkBlock(TapeGeometry geometry)
{
    private const int EntriesOffset = 60;

    // Oldest first. As many as a filemark has room for: older ones are never listed again.
    private readonly List<uint> _earlier = [];
    private readonly int _capacity = (geometry.PhysicalBlockBytes - EntriesOffset) / sizeof(uint);
    private uint _count;

    private SoftFilemarkBlock(SoftFilemarkBlock other)
        : this(other.Geometry)
    {
        _earlier.AddRange(other._earlier);
        _count = other._count;
    }

    public TapeGeometry Geometry { get; } = geometry;

    public SoftFilemarkBlock Clone() => new(this);

    /// <summary>Gives a part of the filemark that stands at a place of the medium.</summary>
    /// <param name="mediumOffsetBytes">Where the filemark begins.</param>
    /// <param name="at">From which byte of it.</param>
    /// <param name="bytes">Takes the part.</param>
    public void Fill(long mediumOffsetBytes, int at, Span<byte> bytes)
    {
        Span<byte> head = stackalloc byte[EntriesOffset];
        new BlockHeader
        {
            Type = BlockType.SoftFilemark,
            FirstStreamOffset = (ushort)Geometry.PhysicalBlockBytes,
            OsId = TapeFormat.OsId,
            LogicalAddress = (ulong)(mediumOffsetBytes / Geometry.PhysicalBlockBytes),
            ControlBlockId = _count + 1,
            StringType = TapeFormat.StringType,
        }.Write(head);
        WriteUInt32LittleEndian(head[52..], (uint)_capacity);
        WriteUInt32LittleEndian(head[56..], (uint)_earlier.Count);
        for (int i = 0; i < bytes.Length; i++)
        {
            int place = at + i;
            bytes[i] = place < EntriesOffset ? head[place] : ByteOfEntry(place - EntriesOffset);
        }
    }

    /// <summary>The filemark is on the medium: the next ones list it.</summary>
    public void Add(long mediumOffsetBytes)
    {
        _count++;
        long block = mediumOffsetBytes / Geometry.PhysicalBlockBytes;

        // An address has 32 bits. A filemark further on (4 TiB with the smallest blocks) cannot be listed; those before it are.
        if (block > uint.MaxValue)
        {
            return;
        }

        if (_earlier.Count == _capacity)
        {
            _earlier.RemoveAt(0);
        }

        _earlier.Add((uint)block);
    }

    private byte ByteOfEntry(int place)
    {
        int entry = place / sizeof(uint);
        return entry < _earlier.Count ? (byte)(_earlier[_earlier.Count - 1 - entry] >> (8 * (place % sizeof(uint)))) : (byte)0;
    }
}
