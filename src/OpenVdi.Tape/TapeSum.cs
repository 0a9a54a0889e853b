using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpenVdi.Tape;

/// <summary>Our checksum of 64 bits over a stream that comes in parts of any size.</summary>
/// <remarks>
/// The low half is the CRC-32C of the bytes: it finds every burst of up to 32 bits for certain. The high half is the CRC-32C
/// of the same bytes as 64-bit words, each scrambled by a multiplication, and of their count: multiplication is not linear in
/// the algebra of a CRC, so what the first is blind to is nothing special to the second (docs/decisions/0010-tape-checksum.md).
/// The processor's instruction takes three cycles to answer but can begin one each cycle; so three stretches of the data are
/// computed side by side, and put together.
/// </remarks>
internal struct TapeSum
{
    /// <summary>Bytes of a sum.</summary>
    public const int Bytes = 8;

    // The golden ratio in 64 bits: odd, so that different words stay different, and with bits all over.
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    /// <summary>Bytes of one of three stretches: long enough that putting them together costs little.</summary>
    private const int LaneBytes = 1024;

    private static readonly CrcShift s_lane = new(LaneBytes);

    private uint _plain;
    private uint _scrambled;
    private ulong _carry;

    /// <summary>A sum of nothing.</summary>
    public TapeSum()
    {
        _plain = uint.MaxValue;
        _scrambled = uint.MaxValue;
    }

    /// <summary>How many bytes the sum covers.</summary>
    public long CoveredBytes { get; private set; }

    /// <summary>The sum of what was appended; more can be appended after.</summary>
    public readonly ulong Value
    {
        get
        {
            uint plain = _plain;
            ulong carry = _carry;
            for (int i = (int)(CoveredBytes & 7); i > 0; i--)
            {
                plain = BitOperations.Crc32C(plain, (byte)carry);
                carry >>= 8;
            }

            uint scrambled = BitOperations.Crc32C(_scrambled, Scramble(_carry));
            scrambled = BitOperations.Crc32C(scrambled, (ulong)CoveredBytes);
            return ~plain | ((ulong)~scrambled << 32);
        }
    }

    /// <summary>Goes on over these bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        int carried = (int)(CoveredBytes & 7);
        CoveredBytes += bytes.Length;
        if (carried > 0)
        {
            int count = Math.Min(8 - carried, bytes.Length);
            Carry(bytes[..count], carried);
            bytes = bytes[count..];
            if (carried + count < 8)
            {
                return;
            }

            (_plain, _scrambled) = Step(_plain, _scrambled, _carry);
            _carry = 0;
        }

        while (bytes.Length >= 3 * LaneBytes)
        {
            AppendLanes(bytes);
            bytes = bytes[(3 * LaneBytes)..];
        }

        // In locals, so that both registers stay in the processor's.
        uint plain = _plain, scrambled = _scrambled;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            (plain, scrambled) = Step(plain, scrambled, Little(word));
        }

        (_plain, _scrambled) = (plain, scrambled);
        Carry(bytes[(bytes.Length & ~7)..], 0);
    }

    // Compiled well at its first call: its loop is too short to be noticed while it runs, and at first the compiler's quick
    // code takes 1.5 ms for each MiB instead of 0.12. A backup program does not live long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AppendLanes(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> first = MemoryMarshal.Cast<byte, ulong>(bytes[..LaneBytes]);
        ReadOnlySpan<ulong> second = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(LaneBytes, LaneBytes))[..first.Length];
        ReadOnlySpan<ulong> third = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(2 * LaneBytes, LaneBytes))[..first.Length];
        uint plain0 = _plain, plain1 = 0, plain2 = 0, scrambled0 = _scrambled, scrambled1 = 0, scrambled2 = 0;
        for (int i = 0; i < first.Length; i++)
        {
            (plain0, scrambled0) = Step(plain0, scrambled0, Little(first[i]));
            (plain1, scrambled1) = Step(plain1, scrambled1, Little(second[i]));
            (plain2, scrambled2) = Step(plain2, scrambled2, Little(third[i]));
        }

        _plain = s_lane.Move(s_lane.Move(plain0) ^ plain1) ^ plain2;
        _scrambled = s_lane.Move(s_lane.Move(scrambled0) ^ scrambled1) ^ scrambled2;
    }

    private static (uint Plain, uint Scrambled) Step(uint plain, uint scrambled, ulong word) =>
        (BitOperations.Crc32C(plain, word), BitOperations.Crc32C(scrambled, Scramble(word)));

    // The shift brings the high bits down to where the multiplication carries on from them: alone, the highest bit of a word
    // would come through it as itself.
    private static ulong Scramble(ulong word) => (word ^ (word >> 32)) * Multiplier;

    private static ulong Little(ulong word) => BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);

    private void Carry(ReadOnlySpan<byte> bytes, int at)
    {
        foreach (byte value in bytes)
        {
            _carry |= (ulong)value << (8 * at++);
        }
    }
}
