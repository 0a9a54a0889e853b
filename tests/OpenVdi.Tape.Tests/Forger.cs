using System.Globalization;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OpenVdi.Tape.Tests;

/// <summary>Makes all checksums of an altered medium right again, as somebody would who means harm: what is left to find it is
/// what the reader checks besides.</summary>
internal static class Forger
{
    private const int MaxRepairs = 200;

    /// <summary>Repairs the medium in place.</summary>
    /// <returns>Null; or what the reader found that was no checksum.</returns>
    public static TapeFormatException? Repair(byte[] medium)
    {
        for (int i = 0; i < MaxRepairs; i++)
        {
            TapeFormatException? found = Ignored.Read(medium);
            if (found is null || !found.Expected.StartsWith("checksum ", StringComparison.Ordinal))
            {
                return found;
            }

            string sum = found.Expected.Split(' ')[1];
            ulong value = ulong.Parse(sum, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Span<byte> at = medium.AsSpan((int)found.OffsetBytes);
            if (sum.Length == 4)
            {
                WriteUInt16LittleEndian(at, (ushort)value);
            }
            else
            {
                WriteUInt64LittleEndian(at, value);
            }
        }

        return null;
    }
}
