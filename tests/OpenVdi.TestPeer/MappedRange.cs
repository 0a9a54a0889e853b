using System.Globalization;

namespace OpenVdi.TestPeer;

/// <summary>A stretch of a set's memory as this process has it mapped, found the way a debugger would.</summary>
internal readonly record struct MappedRange(nint Address, long SizeBytes, string Name)
{
    /// <summary>Whether it is a set's control area; else it is one of its buffer areas.</summary>
    public bool IsControlArea => Name.Contains("control", StringComparison.Ordinal);

    /// <summary>The mappings of memfds of this project.</summary>
    public static IReadOnlyList<MappedRange> OfThisProcess()
    {
        var mappings = new List<MappedRange>();
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            // 7f12a0000000-7f12a0100000 rw-s 00000000 00:01 1234   /memfd:openvdi (deleted)
            int name = line.IndexOf("/memfd:", StringComparison.Ordinal);
            if (name < 0 || !line.Contains("openvdi", StringComparison.Ordinal))
            {
                continue;
            }

            string[] range = line.Split(' ', 2)[0].Split('-');
            nint start = nint.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            nint end = nint.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            mappings.Add(new MappedRange(start, end - start, line[name..]));
        }

        return mappings;
    }
}
