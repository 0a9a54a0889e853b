using System.Text;
using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Breaks of sections 3.2 and 3.3.</summary>
internal static partial class MtfMutations
{
    private static readonly string[] s_types = ["TAPE", "SSET", "VOLB", "DIRB", "FILE", "CFIL", "ESPB", "ESET", "SFMB"];

    private static IEnumerable<MtfMutation> Headers()
    {
        yield return Of(nameof(MtfRules.BlockType), "DBLK: type", medium => medium["FILE"].Set(0, [.. "FI\u0001E"u8]));
        foreach (string type in s_types.Append("XUNK"))
        {
            yield return Of(nameof(MtfRules.BlockChecksum), $"{type}: checksum", medium => medium[type].BreaksChecksum = true);
            yield return Of(nameof(MtfRules.OsId), $"{type}: OS id", medium => medium[type].Set8(10, 1));
            yield return Of(nameof(MtfRules.HeaderReserved), $"{type}: reserved bytes", medium => medium[type].Set8(28, 1));
            yield return Of(nameof(MtfRules.StringType), $"{type}: string type", medium => medium[type].Set8(48, 3));
        }

        foreach (int at in new[] { 29, 30, 35, 40, 43, 49 })
        {
            yield return Of(nameof(MtfRules.HeaderReserved), "FILE: reserved bytes", medium => medium["FILE"].Set8(at, 0x80));
        }

        foreach (string type in s_types)
        {
            yield return Of(nameof(MtfRules.BlockAttributes), $"{type}: block attributes", medium => medium[type].Set32(4, 1 << 1));
            yield return Of(nameof(MtfRules.BlockAttributes), $"{type}: block attributes", medium => medium[type].Set32(4, 1u << 31));
        }

        yield return Of(nameof(MtfRules.BlockAttributes), "SSET: block attributes", medium => medium["SSET"].Set32(4, 1 << 18));
        yield return From(SampleMedium.CreateBeginning, nameof(MtfRules.BlockAttributes), "EOTM: block attributes",
            medium => medium["EOTM"].Set32(4, 1 << 18));
        const string first = nameof(MtfRules.FirstStream);
        yield return Of(first, "FILE: offset to first stream", medium => medium["FILE"].Set16(8, 84));
        yield return Of(first, "FILE: offset to first stream", medium => medium["FILE"].Set16(8, 102));
        yield return Of(first, "XUNK: offset to first stream", medium => medium["XUNK"].Set16(8, 48));
        yield return Of(first, "TAPE: offset to first stream", medium => medium["TAPE"].Set16(8, 0));
        const string id = nameof(MtfRules.ControlBlockId);
        yield return Of(id, "SSET: control block id", medium => medium["SSET"].Set32(36, 1));
        yield return Of(id, "SSET: control block id", medium => medium["SSET", 1].Set32(36, 14));
        yield return Of(id, "FILE: control block id", medium => medium["FILE"].Set32(36, 2));
        yield return Of(id, "XUNK: control block id", medium => medium["XUNK"].Set32(36, 0));
        yield return Of(nameof(MtfRules.OsVersion), "FILE: OS version", medium => medium["FILE"].Set8(11, 2));
        yield return Of(nameof(MtfRules.OsData), "FILE: OS-specific data", medium => medium["FILE"].Text(44, new byte[8]));
        yield return Of(nameof(MtfRules.OsData), "FILE: OS-specific data", medium => medium["FILE"].Set8(10, 28));
        yield return Of(nameof(MtfRules.OsData), "FILE: OS-specific data", medium => medium["FILE"].Set8(10, 24));
        yield return Of(nameof(MtfRules.OsData), "DIRB: OS-specific data", medium => medium["DIRB"].Set8(11, 0).Text(44, new byte[8]));
        yield return Of(nameof(MtfRules.OsData), "DIRB: OS-specific data", medium => medium["DIRB"].Text(44, new byte[4]));
        yield return Of(nameof(MtfRules.OsData), "VOLB: OS-specific data", medium => medium["VOLB"].Set8(11, 0).Text(44, new byte[8]));
        yield return Of(nameof(MtfRules.OsData), "SSET: OS-specific data", medium => medium["SSET"].Text(44, new byte[4]));
    }

    private static IEnumerable<MtfMutation> Tapes()
    {
        yield return Of(nameof(MtfRules.TapeAttributes), "TAPE: attributes", medium => medium["TAPE"].Set32(56, 0b101));
        yield return Of(nameof(MtfRules.SoftFilemarksInUse), "TAPE: attributes", medium => medium["TAPE"].Set32(56, 0));
        yield return From(() => SampleMedium.Create(isSoft: false), nameof(MtfRules.SoftFilemarksInUse), "TAPE: attributes",
            medium => medium["TAPE"].Set32(56, 1));
        yield return Of(nameof(MtfRules.MediaSequence), "TAPE: media sequence number", medium => medium["TAPE"].Set16(60, 0));
        foreach (string type in new[] { "TAPE", "SSET" })
        {
            (int algorithmAt, int addressAt) = type == "TAPE" ? (62, 76) : (56, 72);
            yield return Of(nameof(MtfRules.PasswordAlgorithm), $"{type}: password algorithm",
                medium => medium[type].Set16(algorithmAt, 1));
            yield return Of(nameof(MtfRules.PasswordSize), $"{type}: password", medium => medium[type].Set16(algorithmAt, 5));
            yield return Of(nameof(MtfRules.PasswordSize), $"{type}: password", medium => medium[type].Text(addressAt, new byte[16]));
        }

        const string size = nameof(MtfRules.SoftFilemarkSize);
        yield return Of(size, "TAPE: soft filemark block size", medium => medium["TAPE"].Set16(64, 0));
        yield return Of(size, "TAPE: soft filemark block size", medium => medium["TAPE"].Set16(64, 128));
        yield return Of(size, "TAPE: soft filemark block size",
            medium => medium.Options = options => options with { PhysicalBlockBytes = 1024 });
        yield return From(() => SampleMedium.Create(isSoft: false), size, "TAPE: soft filemark block size",
            medium => medium["TAPE"].Set16(64, 1));
        yield return Of(nameof(MtfRules.CatalogType), "TAPE: catalog type", medium => medium["TAPE"].Set16(66, 3));
        foreach (int bytes in new[] { 0, 256, 768, 2048 })
        {
            yield return Of(nameof(MtfRules.FlbSize), "TAPE: FLB size", medium => medium["TAPE"].Set16(84, bytes));
        }

        yield return Of(nameof(MtfRules.MajorVersion), "TAPE: major version", medium => medium["TAPE"].Set8(93, 2));
    }

    private static IEnumerable<MtfMutation> Sets()
    {
        yield return Of(nameof(MtfRules.SetAttributes), "SSET: attributes", medium => medium["SSET"].Set32(52, 1 << 6));
        yield return Of(nameof(MtfRules.SetNumber), "SSET: data set number", medium => medium["SSET"].Set16(62, 2));
        yield return Of(nameof(MtfRules.SetNumber), "SSET: data set number", medium => medium["SSET"].Set16(62, 0));
        yield return Of(nameof(MtfRules.SetNumber), "SSET: data set number", medium => medium["SSET", 1].Set16(62, 1));
        yield return Of(nameof(MtfRules.SetNumber), "SSET: data set number", medium => medium["SSET", 1].Set16(62, 3));
        yield return Of(nameof(MtfRules.TimeZone), "SSET: time zone", medium => medium["SSET"].Set8(95, 57));
        yield return Of(nameof(MtfRules.TimeZone), "SSET: time zone", medium => medium["SSET"].Set8(95, -128));
        yield return Of(nameof(MtfRules.MinorVersion), "SSET: minor version", medium => medium["SSET"].Set8(96, 1));
        yield return Of(nameof(MtfRules.FddAllowed), "SSET: block attributes", medium => medium["SSET"].Set32(4, 1 << 16));
        yield return Of(nameof(MtfRules.FddAllowed), "ESET: stream TFDD", medium => medium["ESET"].Stream("TFDD", []));
        yield return Of(nameof(MtfRules.FddAllowed), "ESET: stream FDD2", medium => medium["ESET"].Stream("FDD2", []));
        yield return Of(nameof(MtfRules.EndAttributes), "ESET: attributes", medium => medium["ESET"].Set32(52, 8));
        yield return Of(nameof(MtfRules.EndSetNumber), "ESET: data set number", medium => medium["ESET", 1].Set16(78, 1));
        yield return Of(nameof(MtfRules.EndReserved), "ESET: file/directory detail PBA", medium => medium["ESET"].Set8(60, 1));
        yield return Of(nameof(MtfRules.EndReserved), "ESET: reserved bytes", medium => medium["ESET"].Set8(75, 1));
        yield return Of(nameof(MtfRules.CorruptCount), "ESET: corrupt files", medium => medium["ESET"].Set32(56, 0));
        yield return Of(nameof(MtfRules.CorruptCount), "ESET: corrupt files", medium => medium["ESET", 1].Set32(56, 1));
        const string last = nameof(MtfRules.LastEsetPba);
        yield return From(SampleMedium.CreateBeginning, last, "EOTM: PBA of the last ESET", medium => medium["EOTM"].Set64(52, 1));
        yield return From(SampleMedium.CreateBeginning, last, "EOTM: block attributes", medium => medium["EOTM"].Set32(4, 1 << 16));
        yield return From(SampleMedium.CreateBeginning, last, "EOTM: block attributes", medium => medium.Parts.RemoveRange(15, 5));
    }

    private static IEnumerable<MtfMutation> Trees()
    {
        const string kind = nameof(MtfRules.VolumeDeviceKind), device = nameof(MtfRules.VolumeDeviceName);
        yield return Of(nameof(MtfRules.VolumeAttributes), "VOLB: attributes", medium => medium["VOLB"].Set32(52, 4 | (1 << 6)));
        yield return Of(kind, "VOLB: attributes", medium => medium["VOLB"].Set32(52, 0));
        yield return Of(kind, "VOLB: attributes", medium => medium["VOLB"].Set32(52, 4 | 16));
        yield return Of(device, "VOLB: device name", medium => medium["VOLB"].Text(56, "CC"));
        yield return Of(device, "VOLB: device name", medium => medium["VOLB"].NoText(56));
        yield return Of(device, "VOLB: device name", medium => medium["VOLB", 1].Text(56, "server"));

        yield return Of(nameof(MtfRules.DirectoryAttributes), "DIRB: attributes", medium => medium["DIRB"].Set32(52, 1 << 12));
        yield return Of(nameof(MtfRules.DirectoryId), "DIRB: directory id", medium => medium["DIRB"].Set32(76, 0));
        yield return Of(nameof(MtfRules.DirectoryId), "DIRB: directory id", medium => medium["DIRB", 2].Set32(76, 2));
        yield return Of(nameof(MtfRules.DirectoryId), "DIRB: directory id", medium => medium["DIRB", 2].Set32(76, 4));
        foreach (string name in new[] { "", "a", "a\0b", "\0a\0", "a\0\0", "\0\0", "C:\0a\0", "a\\b\0", "a/b\0" })
        {
            yield return Of(nameof(MtfRules.DirectoryName), "DIRB: name", medium => medium["DIRB"].Text(80, name));
            yield return Of(nameof(MtfRules.DirectoryName), "DIRB: name",
                medium => medium["DIRB", 1].Streams[0].Data = Encoding.Unicode.GetBytes(name));
        }

        const string inStream = nameof(MtfRules.DirectoryNameInStream);
        yield return Of(inStream, "DIRB: name", medium => medium["DIRB", 1].Text(80, "dir\0"));
        yield return Of(inStream, "DIRB: stream PNAM", medium => medium["DIRB", 1].Streams.Clear());
        yield return Of(inStream, "DIRB: stream PNAM", medium => medium["DIRB"].Stream("PNAM", [0, 0]));
        yield return Of(inStream, "DIRB: PNAM", medium => medium["DIRB", 1].Streams[0].Data = new byte[70_000]);
        yield return Of(nameof(MtfRules.DirectoryEmpty), "FILE: place", medium => medium["DIRB"].Set32(52, 1 << 16));

        yield return Of(nameof(MtfRules.FileAttributes), "FILE: attributes", medium => medium["FILE"].Set32(52, 1));
        yield return Of(nameof(MtfRules.FileDirectoryId), "FILE: directory id", medium => medium["FILE", 3].Set32(76, 1));
        yield return Of(nameof(MtfRules.FileNamed), "FILE: name", medium => medium["FILE"].NoText(84));
        yield return Of(nameof(MtfRules.FileNamed), "FILE: name", medium => medium["FILE"].Text(84, "a\0b"));
        yield return Of(nameof(MtfRules.FileNamed), "FILE: name", medium => medium["FILE", 2].Streams[0].Data = []);
        const string nameInStream = nameof(MtfRules.FileNameInStream);
        yield return Of(nameInStream, "FILE: name", medium => medium["FILE", 2].Text(84, "c"));
        yield return Of(nameInStream, "FILE: stream FNAM", medium => medium["FILE", 2].Streams.RemoveAt(0));
        yield return Of(nameInStream, "FILE: stream FNAM", medium => medium["FILE"].Stream("FNAM", [0x41, 0]));
        yield return Of(nameof(MtfRules.FileSize), "FILE: displayable size", medium => medium["FILE"].Set64(12, 1000));
        yield return Of(nameof(MtfRules.FileSize), "FILE: displayable size", medium => medium["FILE", 1].Set64(12, 1));
        yield return Of(nameof(MtfRules.FileSize), "FILE: displayable size", medium => medium["FILE", 3].Set64(12, ulong.MaxValue));

        yield return Of(nameof(MtfRules.CorruptPlace), "CFIL: place",
            medium => medium.InsertBehind(medium["VOLB"], "CFIL").Set16(72, 1));
        yield return Of(nameof(MtfRules.CorruptAttributes), "CFIL: attributes", medium => medium["CFIL"].Set32(52, 1));
        yield return Of(nameof(MtfRules.CorruptReserved), "CFIL: reserved bytes", medium => medium["CFIL"].Set8(63, 1));
        yield return Of(nameof(MtfRules.CorruptStream), "CFIL: stream number", medium => medium["CFIL"].Set16(72, 0));
    }

    private static IEnumerable<MtfMutation> Filemarks()
    {
        yield return Of(nameof(MtfRules.FilemarkSize), "SFMB: size", medium => medium["SFMB"].Set16(8, 1024));
        yield return Of(nameof(MtfRules.FilemarkCapacity), "SFMB: number of entries", medium => medium["SFMB"].Set32(52, 114));
        yield return Of(nameof(MtfRules.FilemarkCapacity), "SFMB: number of entries", medium => medium["SFMB"].Set32(52, uint.MaxValue));
        yield return Of(nameof(MtfRules.FilemarkUsed), "SFMB: entries used", medium => medium["SFMB"].Set32(56, 1));
        yield return Of(nameof(MtfRules.FilemarkUsed), "SFMB: entries used", medium => medium["SFMB", 2].Set32(56, 1));
        yield return Of(nameof(MtfRules.FilemarkArray), "SFMB: entry 0", medium => medium["SFMB", 1].Set32(60, 3));
        yield return Of(nameof(MtfRules.FilemarkArray), "SFMB: entry 1", medium => medium["SFMB", 3].Set32(64, 2));
        yield return Of(nameof(MtfRules.FilemarkUnused), "SFMB: unused entries", medium => medium["SFMB"].Set32(60, 2));
        yield return Of(nameof(MtfRules.FilemarkUnused), "SFMB: unused entries", medium => medium["SFMB", 2].Set8(511, 1));
        yield return Of(nameof(MtfRules.FilemarkFla), "SFMB: FLA", medium => medium["SFMB"].Set64(20, 0));
        yield return Of(nameof(MtfRules.FilemarkFla), "SFMB: FLA", medium => medium["SFMB", 4].Set64(20, 2));
        yield return Of(nameof(MtfRules.FilemarkId), "SFMB: control block id", medium => medium["SFMB"].Set32(36, 0));
        yield return Of(nameof(MtfRules.FilemarkId), "SFMB: control block id", medium => medium["SFMB", 3].Set32(36, 3));
    }
}
