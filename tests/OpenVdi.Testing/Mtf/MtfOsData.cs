namespace OpenVdi.Testing.Mtf;

/// <summary>What a system keeps of its own in a block: here the structures of Windows NT.</summary>
internal static class MtfOsData
{
    private const int WindowsNt = 14, Dos = 24, Unix = 28;
    private const int AddressAt = 44;

    public static void Check(MtfBlock block)
    {
        ReadOnlySpan<byte> data = block.Addressed(AddressAt, "OS-specific data");
        if (block.OsId == WindowsNt)
        {
            block.Require(block.OsVersion is 0 or 1, MtfRules.OsVersion, "OS version", "0 or 1", $"{block.OsVersion}");
        }

        if (data.IsEmpty || block.OsId is not (WindowsNt or Dos or Unix) || !block.IsKnown)
        {
            return;
        }

        int expected = block.OsId == WindowsNt ? SizeOfWindowsNt(block.Type, block.OsVersion) : 0;
        block.Require(data.Length == expected, MtfRules.OsData, "OS-specific data", $"{expected} bytes", $"{data.Length}");
        if (block.Type == "FILE" && block.OsVersion == 0)
        {
            // The short name's address counts from the start of this structure.
            int nameOffset = MtfBlock.U16(data, 4), nameBytes = MtfBlock.U16(data, 6);
            int room = block.Bytes.Length - block.U16(AddressAt + 2);
            block.Require(nameBytes == 0 || (nameOffset >= expected && nameOffset + nameBytes <= room), MtfRules.AddressInside,
                "short name", $"bytes from {expected} to {room} of the OS-specific data", $"{nameBytes} at {nameOffset}");
        }
    }

    private static int SizeOfWindowsNt(string type, int version) => (type, version) switch
    {
        ("VOLB", 1) => 8,
        ("DIRB", 0) => 4,
        ("DIRB", 1) => 8,
        ("FILE", _) => 12,
        _ => 0,
    };
}
