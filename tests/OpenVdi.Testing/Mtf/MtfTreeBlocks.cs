namespace OpenVdi.Testing.Mtf;

/// <summary>The bodies of the blocks inside a data set: VOLB, DIRB, FILE, CFIL.</summary>
internal static class MtfTreeBlocks
{
    /// <summary>DIRB and FILE, attribute 17: the name is in a stream.</summary>
    public const uint NameInStream = 1 << 17;

    private const uint DirectorySaysEmpty = 1 << 16;
    private const uint VolumeDrive = 1 << 2, VolumeUnc = 1 << 3, VolumeKinds = 0xF << 2, VolumeDefined = 0b111111;
    private const uint SharedDefined = 0xF << 8;
    private const uint DirectoryDefined = SharedDefined | (7u << 16), FileDefined = SharedDefined | (7u << 16);
    private const uint CorruptDefined = 7u << 16;

    public static MtfVolume ReadVolume(MtfBlock block)
    {
        uint attributes = ReadAttributes(block, VolumeDefined, MtfRules.VolumeAttributes);
        uint kind = attributes & VolumeKinds;
        block.Require(uint.IsPow2(kind), MtfRules.VolumeDeviceKind, "attributes", "exactly one of bits 2 to 5", $"0x{attributes:X8}");
        string device = block.Text(56, "device name");
        bool isRight = kind switch
        {
            VolumeDrive => device.Length == 2 && char.IsAsciiLetter(device[0]) && device[1] == ':',
            VolumeUnc => device.StartsWith(@"\\", StringComparison.Ordinal) && device.Length > 2,
            _ => true,
        };
        block.Require(isRight, MtfRules.VolumeDeviceName, "device name",
            kind == VolumeDrive ? "a letter and ':'" : @"a name that begins with \\", $"'{device}'");
        return new MtfVolume
        {
            Attributes = attributes,
            DeviceName = device,
            VolumeName = block.Text(60, "volume name"),
            MachineName = block.Text(64, "machine name"),
            Date = block.Date(68, "date"),
        };
    }

    public static MtfDirectory ReadDirectory(MtfBlock block)
    {
        uint attributes = ReadAttributes(block, DirectoryDefined, MtfRules.DirectoryAttributes);
        CheckDates(block);
        byte[] name = block.Addressed(80, "name").ToArray();
        bool isInStream = (attributes & NameInStream) != 0;
        block.Require(!isInStream || name.Length == 0, MtfRules.DirectoryNameInStream, "name",
            "none, as attribute 17 says that it is in PNAM", $"{name.Length} bytes");
        var directory = new MtfDirectory
        {
            Id = block.U32(76),
            Modified = block.Date(56, "modified"),
            SaysEmpty = (attributes & DirectorySaysEmpty) != 0,
        };
        block.Require(directory.Id >= 1, MtfRules.DirectoryId, "directory id", "1 or more", "0");
        if (!isInStream)
        {
            directory.Path = DecodePath(block, name);
        }

        return directory;
    }

    /// <summary>A directory's name: NUL behind each part.</summary>
    public static string DecodePath(MtfBlock block, ReadOnlySpan<byte> bytes)
    {
        string name = block.Decode(bytes, "name");
        string[] parts = name.Length > 1 ? name[..^1].Split('\0') : [];
        bool isRight = name.EndsWith('\0') && !Array.Exists(parts, string.IsNullOrEmpty);

        // Systems whose names cannot have these characters; others may.
        if (block.OsId is 14 or 24 or 26)
        {
            isRight &= !name.AsSpan().ContainsAny('\\', '/', ':');
        }

        block.Require(isRight, MtfRules.DirectoryName, "name", "parts with a NUL behind each, without a drive",
            $"'{name.Replace("\0", "<NUL>", StringComparison.Ordinal)}'");
        return string.Join('/', parts);
    }

    public static MtfFile ReadFile(MtfBlock block, MtfDirectory directory)
    {
        uint attributes = ReadAttributes(block, FileDefined, MtfRules.FileAttributes);
        CheckDates(block);
        block.Require(!directory.SaysEmpty, MtfRules.DirectoryEmpty, "place", "no file, as its DIRB has attribute 16", "one");
        block.RequireEqual(directory.Id, block.U32(76), MtfRules.FileDirectoryId, "directory id");
        bool isInStream = (attributes & NameInStream) != 0;
        byte[] name = block.Addressed(84, "name").ToArray();
        block.Require(!isInStream || name.Length == 0, MtfRules.FileNameInStream, "name",
            "none, as attribute 17 says that it is in FNAM", $"{name.Length} bytes");
        var file = new MtfFile(block.OffsetBytes, directory)
        {
            Id = block.U32(80),
            DisplayableSizeBytes = (long)Math.Min(block.DisplayableSize, long.MaxValue),
            Modified = block.Date(56, "modified"),
        };
        if (!isInStream)
        {
            file.Name = DecodeFileName(block, name);
        }

        return file;
    }

    /// <summary>A file's name.</summary>
    public static string DecodeFileName(MtfBlock block, ReadOnlySpan<byte> bytes)
    {
        string name = block.Decode(bytes, "name");
        block.Require(name.Length > 0 && !name.Contains('\0', StringComparison.Ordinal), MtfRules.FileNamed, "name",
            "a name without NUL", $"'{name.Replace("\0", "<NUL>", StringComparison.Ordinal)}'");
        return name;
    }

    public static void CheckCorrupt(MtfBlock block)
    {
        ReadAttributes(block, CorruptDefined, MtfRules.CorruptAttributes);
        block.RequireZero(56, 8, MtfRules.CorruptReserved, "reserved bytes");
        block.Require(block.U16(72) >= 1, MtfRules.CorruptStream, "stream number", "1 or more", "0");
    }

    private static uint ReadAttributes(MtfBlock block, uint defined, MtfRule rule)
    {
        uint attributes = block.U32(52);
        block.Require((attributes & ~defined) == 0, rule, "attributes", $"only bits of 0x{defined:X8}", $"0x{attributes:X8}");
        return attributes;
    }

    private static void CheckDates(MtfBlock block)
    {
        block.Date(56, "modified");
        block.Date(61, "created");
        block.Date(66, "backed up");
        block.Date(71, "accessed");
    }
}
