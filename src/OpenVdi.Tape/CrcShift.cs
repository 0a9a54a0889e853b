namespace OpenVdi.Tape;

/// <summary>Moves a CRC-32C register over a fixed number of zero bytes, which is what puts CRCs of neighbours together.</summary>
/// <remarks>
/// The register of A followed by B is that of A moved over as many zeros as B is long, exclusive-or that of B begun with
/// zero. Moving is a linear map of 32 bits, kept as four tables of 256. (Method of M. Adler's crc32c.c.)
/// </remarks>
internal sealed class CrcShift
{
    private const uint ReversedPolynomial = 0x82F63B78;
    private const int TableSize = 256;

    private readonly uint[] _table = new uint[4 * TableSize];

    /// <summary>Makes the map.</summary>
    /// <param name="zeroBytes">How many zeros to move over.</param>
    public CrcShift(int zeroBytes)
    {
        // Where each bit alone goes; every other value is a sum of these.
        Span<uint> ofBit = stackalloc uint[32];
        for (int bit = 0; bit < ofBit.Length; bit++)
        {
            uint register = 1u << bit;
            for (int i = 0; i < zeroBytes * 8; i++)
            {
                register = (register & 1) != 0 ? (register >> 1) ^ ReversedPolynomial : register >> 1;
            }

            ofBit[bit] = register;
        }

        for (int i = 0; i < _table.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                _table[i] ^= (i >> bit & 1) != 0 ? ofBit[(i / TableSize * 8) + bit] : 0;
            }
        }
    }

    public uint Move(uint register) =>
        _table[register & 0xff] ^ _table[TableSize + ((register >> 8) & 0xff)]
        ^ _table[(2 * TableSize) + ((register >> 16) & 0xff)] ^ _table[(3 * TableSize) + (register >> 24)];
}
