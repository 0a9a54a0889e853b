using System.Buffers.Binary;
using System.Text;

namespace OpenVdi.SharedMemory;

/// <summary>What a message on the control socket says.</summary>
internal enum MessageKind : ushort
{
    /// <summary>First word of whoever connects: role, instance name.</summary>
    Hello = 1,

    /// <summary>The primary does not let the other in: result code, words.</summary>
    Refused = 2,

    /// <summary>The primary lets the other in: the wishes, the instance; with the control area.</summary>
    Welcome = 3,

    /// <summary>A buffer area: index, size; with the memory.</summary>
    Area = 4,

    /// <summary>The final configuration and the queues' capacity.</summary>
    Configured = 5,

    /// <summary>A device's name: index, name.</summary>
    Named = 6,

    /// <summary>The set is aborted: reason, words.</summary>
    Aborted = 7,

    /// <summary>A line for a listing.</summary>
    Status = 8,
}

/// <summary>Who connects.</summary>
internal enum PeerRole
{
    /// <summary>An engine.</summary>
    Server = 1,

    /// <summary>A secondary client.</summary>
    Secondary = 2,

    /// <summary>Somebody who lists sets.</summary>
    Observer = 3,
}

/// <summary>One message of the control plane, written and read field by field. Reading checks: a message that ends early, or has
/// more than it should, or a text that is too long, is malformed.</summary>
/// <remarks><code><![CDATA[
/// 0 | "OVDI"   4 | version   6 | kind   8 | fields: 32- or 64-bit little-endian numbers, texts as length and UTF-8
/// ]]></code></remarks>
internal ref struct ControlMessage
{
    /// <summary>The longest message.</summary>
    public const int MaxBytes = 4096;

    /// <summary>The longest text in one.</summary>
    public const int MaxTextBytes = 1024;

    private const uint Magic = 0x4944_564F;
    private const ushort Version = 1;
    private const int HeaderBytes = 8;

    private readonly Span<byte> _bytes;
    private int _place;

    private ControlMessage(Span<byte> bytes, int place, MessageKind kind)
    {
        _bytes = bytes;
        _place = place;
        Kind = kind;
    }

    /// <summary>What it says.</summary>
    public MessageKind Kind { get; }

    /// <summary>Whether a field was read that is not there, or cannot be.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The message as far as it is written.</summary>
    public readonly ReadOnlySpan<byte> Written => _bytes[.._place];

    /// <summary>Begins a message in a buffer of <see cref="MaxBytes"/>.</summary>
    public static ControlMessage Begin(Span<byte> buffer, MessageKind kind)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[6..], (ushort)kind);
        return new ControlMessage(buffer, HeaderBytes, kind);
    }

    /// <summary>Reads what came; malformed when the head is not this version's.</summary>
    public static ControlMessage Read(Span<byte> received)
    {
        bool isOurs = received.Length >= HeaderBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(received) == Magic
            && BinaryPrimitives.ReadUInt16LittleEndian(received[4..]) == Version;
        MessageKind kind = isOurs ? (MessageKind)BinaryPrimitives.ReadUInt16LittleEndian(received[6..]) : 0;
        return new ControlMessage(received, HeaderBytes, kind) { IsMalformed = !isOurs };
    }

    public void Put(uint number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes[_place..], number);
        _place += sizeof(uint);
    }

    public void Put(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes[_place..], number);
        _place += sizeof(long);
    }

    /// <summary>Writes a text, cut to <see cref="MaxTextBytes"/>.</summary>
    public void Put(string text)
    {
        Span<byte> place = _bytes.Slice(_place + sizeof(uint), MaxTextBytes);
        Encoding.UTF8.GetEncoder().Convert(text, place, flush: true, out _, out int length, out _);
        Put((uint)length);
        _place += length;
    }

    public void Put(SetConfiguration configuration)
    {
        Put(configuration.DeviceCount);
        Put((uint)configuration.Features);
        Put(configuration.PrefixZoneSizeBytes);
        Put(configuration.AlignmentBytes);
        Put(configuration.SoftFileMarkBlockSizeBytes);
        Put(configuration.EomWarningSizeBytes);
        Put(configuration.ServerTimeoutMilliseconds);
        Put(configuration.BlockSizeBytes);
        Put(configuration.MaxIODepth);
        Put(configuration.MaxTransferSizeBytes);
        Put(configuration.BufferAreaSizeBytes);
    }

    public uint TakeUInt32()
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(uint));
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public long TakeInt64()
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(long));
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public string TakeText()
    {
        uint length = TakeUInt32();
        if (length > MaxTextBytes)
        {
            IsMalformed = true;
            return string.Empty;
        }

        return Encoding.UTF8.GetString(Take((int)length));
    }

    public SetConfiguration TakeConfiguration() => new()
    {
        DeviceCount = TakeUInt32(),
        Features = (VdFeatures)TakeUInt32(),
        PrefixZoneSizeBytes = TakeUInt32(),
        AlignmentBytes = TakeUInt32(),
        SoftFileMarkBlockSizeBytes = TakeUInt32(),
        EomWarningSizeBytes = TakeUInt32(),
        ServerTimeoutMilliseconds = TakeUInt32(),
        BlockSizeBytes = TakeUInt32(),
        MaxIODepth = TakeUInt32(),
        MaxTransferSizeBytes = TakeUInt32(),
        BufferAreaSizeBytes = TakeUInt32(),
    };

    /// <summary>Whether all fields were there and nothing is left.</summary>
    public readonly bool IsWellFormed() => !IsMalformed && _place == _bytes.Length;

    private ReadOnlySpan<byte> Take(int count)
    {
        if (IsMalformed || _bytes.Length - _place < count)
        {
            IsMalformed = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _bytes.Slice(_place, count);
        _place += count;
        return bytes;
    }
}
