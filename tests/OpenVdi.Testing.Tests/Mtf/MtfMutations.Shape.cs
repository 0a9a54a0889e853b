using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Breaks of sections 2 and 3.1, and of 3.6.</summary>
internal static partial class MtfMutations
{
    private static IEnumerable<MtfMutation> Conventions()
    {
        const string inside = nameof(MtfRules.AddressInside);
        yield return Of(inside, "FILE: name", medium => medium["FILE"].Set16(86, 1000));
        yield return Of(inside, "FILE: name", medium => medium["FILE"].Set16(86, 60));
        yield return Of(inside, "FILE: name", medium => medium["FILE"].Set16(84, 0xFFFF));
        yield return Of(inside, "SSET: password", medium => medium["SSET"].Set16(56, 5).Set32(72, 0x00100010));
        yield return Of(inside, "DIRB: OS-specific data", medium => medium["DIRB"].Set32(44, 0x03FF0008));
        yield return Of(inside, "FILE: short name",
            medium => medium["FILE"].Set8(11, 0).Text(44, [0, 0, 0, 0, 12, 0, 200, 0, 0, 0, 0, 0]));
        yield return Of(inside, "FILE: short name",
            medium => medium["FILE"].Set8(11, 0).Text(44, [0, 0, 0, 0, 4, 0, 2, 0, 0, 0, 0, 0]));
        (string Type, int At, string Field)[] texts =
        [
            ("TAPE", 68, "media name"), ("TAPE", 72, "description"), ("TAPE", 80, "software name"), ("SSET", 64, "name"),
            ("SSET", 68, "description"), ("SSET", 76, "user name"), ("VOLB", 56, "device name"), ("VOLB", 60, "volume name"),
            ("VOLB", 64, "machine name"), ("DIRB", 80, "name"),
        ];
        foreach ((string type, int at, string field) in texts)
        {
            yield return Of(inside, $"{type}: {field}", medium => medium[type].Set16(at + 2, 1022));
        }

        yield return Of(nameof(MtfRules.StringTyped), "VOLB: device name", medium => medium["VOLB"].Set8(48, 0));
        yield return Of(nameof(MtfRules.StringNotTerminated), "SSET: name", medium => medium["SSET"].Text(64, "set\0"));
        yield return Of(nameof(MtfRules.StringNotTerminated), "TAPE: software name", medium => medium["TAPE"].Text(80, "x\0"));
        yield return Of(nameof(MtfRules.StringEncoding), "SSET: user name", medium => medium["SSET"].Text(76, [0x00, 0xD8]));
        yield return Of(nameof(MtfRules.StringEncoding), "SSET: description", medium => medium["SSET"].Text(68, [0x41, 0, 0x42]));
        yield return Of(nameof(MtfRules.StringEncoding), "FILE: name", medium => medium["FILE"].Text(84, [0x41, 0, 0x42]));

        const string date = nameof(MtfRules.DateValid);
        (string Type, int At, string Field)[] dates =
        [
            ("TAPE", 88, "media date"), ("SSET", 88, "write date"), ("VOLB", 68, "date"), ("ESET", 80, "write date"),
            ("DIRB", 56, "modified"), ("DIRB", 61, "created"), ("DIRB", 66, "backed up"), ("DIRB", 71, "accessed"),
            ("FILE", 56, "modified"), ("FILE", 61, "created"), ("FILE", 66, "backed up"), ("FILE", 71, "accessed"),
        ];
        foreach ((string type, int at, string field) in dates)
        {
            yield return Of(date, $"{type}: {field}", medium => medium[type].Set(at, Date(2023, 2, 29, 0, 0, 0)));
        }

        (int Year, int Month, int Day, int Hour, int Minute, int Second)[] impossible =
        [
            (0, 1, 1, 0, 0, 0), (2024, 0, 1, 0, 0, 0), (2024, 13, 1, 0, 0, 0), (2024, 1, 0, 0, 0, 0), (2024, 1, 1, 24, 0, 0),
            (2024, 1, 1, 0, 60, 0), (2024, 1, 1, 0, 0, 60), (10000, 1, 1, 0, 0, 0),
        ];
        foreach ((int year, int month, int day, int hour, int minute, int second) in impossible)
        {
            yield return Of(date, "FILE: modified", medium => medium["FILE"].Set(56, Date(year, month, day, hour, minute, second)));
        }
    }

    private static IEnumerable<MtfMutation> Shapes()
    {
        yield return Of(nameof(MtfRules.TapeFirst), "TAPF: type", medium => medium["TAPE"].Set(0, [.. "TAPF"u8]));
        yield return Of(nameof(MtfRules.FilemarkAfterTape), "filemark behind TAPE", medium => medium.Remove("SFMB"));
        yield return Of(nameof(MtfRules.SetBegins), "VOLB: type", medium => medium.Remove("SSET"));
        yield return Of(nameof(MtfRules.SetBegins), "VOLB: type", medium => medium.Remove("SSET", 1));
        yield return Of(nameof(MtfRules.SetBegins), "data set", medium => medium.InsertBehind(medium["SFMB", 2], "SFMB"));
        yield return Of(nameof(MtfRules.SetBegins), "EOTM: type", medium => medium.Add("EOTM"));
        yield return Of(nameof(MtfRules.ParentOrder), "DIRB: place", medium => medium.Remove("VOLB"));
        yield return Of(nameof(MtfRules.ParentOrder), "FILE: place", medium => medium.Remove("DIRB"));
        yield return Of(nameof(MtfRules.ParentOrder), "FILE: place",
            medium => medium.InsertBehind(medium["DIRB"], "VOLB").Set32(52, 4).Text(56, "D:"));

        const string mark = nameof(MtfRules.FilemarkAfterBlocks);
        yield return Of(mark, "filemark behind the blocks of data set 1", medium => medium.Remove("SFMB", 1));
        yield return Of(mark, "filemark behind the blocks of data set 2", medium => medium.Remove("SFMB", 3));
        yield return Of(mark, "filemark behind the blocks of data set 1", medium => Truncate(medium, "ESPB"));
        yield return Of(nameof(MtfRules.SetEnds), "data set 1: end", medium => medium.Remove("ESET"));
        yield return Of(nameof(MtfRules.SetEnds), "data set 2: end", medium => Truncate(medium, medium["SFMB", 3]));
        yield return Of(nameof(MtfRules.SetEnds), "SSET: type", medium => medium.Parts.RemoveRange(15, 2));
        yield return Of(nameof(MtfRules.FilemarkAfterEnd), "filemark behind ESET", medium => medium.Remove("SFMB", 2));
        yield return Of(nameof(MtfRules.FilemarkAfterEnd), "filemark behind ESET", medium => medium.Remove("SFMB", 4));
        yield return From(SampleMedium.CreateBeginning, nameof(MtfRules.FilemarkAfterEnd), "filemark behind EOTM",
            medium => medium.Remove("SFMB", 4));
        const string nothing = nameof(MtfRules.NothingBehindTheEnd);
        yield return From(SampleMedium.CreateBeginning, nothing, "medium: end", medium => medium.Add("XUNK"));
        yield return From(SampleMedium.CreateBeginning, nothing, "medium: end", medium => medium.Add("SFMB"));
        yield return From(SampleMedium.CreateBeginning, nothing, "medium: end", medium => medium.Finish = bytes => [.. bytes, 0]);
        yield return From(() => SampleMedium.Create(isSoft: false), nothing, "medium: end", medium => medium.Options =
            options => options with { FilemarkOffsetsBytes = [.. options.FilemarkOffsetsBytes!, 1 << 30] });

        yield return Cut(nameof(MtfRules.BlockWhole), "DBLK: header", static _ => 0);
        yield return Cut(nameof(MtfRules.BlockWhole), "DBLK: header", static _ => 51);
        yield return Cut(nameof(MtfRules.BlockWhole), "TAPE", static _ => 80);
        yield return Of(nameof(MtfRules.BlockWhole), "DBLK: header", medium => medium.Finish = bytes => [.. bytes, 0]);
        yield return Of(nameof(MtfRules.BlockSize), "FILE: offset to first stream",
            medium => medium["FILE"].Text(84, new string('n', 600)));
        yield return From(() => SampleMedium.Create(512), nameof(MtfRules.BlockSize), "FILE: offset to first stream",
            medium => medium["FILE"].Text(84, new string('n', 220)));
        yield return From(() => SampleMedium.Create(512), nameof(MtfRules.BlockSize), "TAPE: offset to first stream",
            medium => medium["TAPE"].Text(68, new string('n', 220)));
        foreach ((string type, int index) in new[] { ("VOLB", 0), ("DIRB", 0), ("FILE", 0), ("FILE", 2), ("XUNK", 0), ("ESPB", 0) })
        {
            yield return Of(nameof(MtfRules.BlockFla), $"{type}: FLA", medium => medium[type, index].Set64(20, 200));
        }

        foreach ((string type, int index) in new[] { ("TAPE", 0), ("SSET", 0), ("SSET", 1), ("ESET", 0), ("ESET", 1) })
        {
            yield return Of(nameof(MtfRules.FlaOfNone), $"{type}: FLA", medium => medium[type, index].Set64(20, 1));
        }

        yield return From(SampleMedium.CreateBeginning, nameof(MtfRules.FlaOfNone), "EOTM: FLA", medium => medium["EOTM"].Set64(20, 9));
        yield return Of(nameof(MtfRules.SetPba), "SSET: PBA", medium => medium["SSET"].Set64(80, 1));
        yield return Of(nameof(MtfRules.SetPba), "SSET: PBA", medium => medium["SSET", 1].Set64(80, 3));
    }

    private static IEnumerable<MtfMutation> Spans()
    {
        const string block = nameof(MtfRules.ContinuedBlock), stream = nameof(MtfRules.ContinuedStream);
        yield return Of(nameof(MtfRules.ContinuedTape), "TAPE: block attributes", medium => medium["TAPE"].Set32(4, 1));
        yield return Of(nameof(MtfRules.ContinuedTape), "TAPE: block attributes", medium => medium["TAPE"].Set16(60, 2));
        yield return Of(nameof(MtfRules.ContinuedSet), "SSET: block attributes", medium => medium["SSET", 1].Set32(4, 1));
        yield return From(() => SampleMedium.CreateContinuation(), nameof(MtfRules.ContinuedSet), "SSET: block attributes",
            medium => medium["SSET"].Set32(4, 0));
        foreach (string type in new[] { "VOLB", "FILE", "SFMB", "ESET" })
        {
            yield return Of(block, $"{type}: block attributes", medium => medium[type].Set32(4, 1));
        }

        yield return From(SampleMedium.CreateBeginning, block, "EOTM: block attributes", medium => medium["EOTM"].Set32(4, 1));
        yield return From(() => SampleMedium.CreateContinuation(), block, "FILE: block attributes",
            medium => medium["FILE", 1].Set32(4, 1));
        yield return Of(stream, "FILE/STAN: media format attributes", medium => medium["FILE"].Streams[0].Media |= 1);
        yield return From(() => SampleMedium.CreateContinuation(), stream, "FILE/PRIV: media format attributes",
            medium => medium["FILE"].Stream("PRIV", [], 1));
        yield return From(() => SampleMedium.CreateContinuation(), stream, "FILE/STAN: media format attributes",
            medium => medium["FILE", 1].Streams[0].Media |= 1);
        yield return From(() => SampleMedium.CreateContinuation(), nameof(MtfRules.ControlBlockId), "FILE: control block id",
            medium => medium["FILE", 1].Set32(36, 1));
        yield return From(() => SampleMedium.CreateContinuation(), nameof(MtfRules.BlockFla), "FILE: FLA",
            medium => medium["FILE", 1].Set64(20, 1));
        yield return From(() => SampleMedium.CreateContinuation(), nameof(MtfRules.DirectoryId), "DIRB: directory id",
            medium => medium["DIRB", 1].Set32(76, 1));
        yield return From(() => SampleMedium.CreateContinuation(), nameof(MtfRules.SetNumber), "SSET: data set number",
            medium => medium["SSET"].Set16(62, 0));
    }

    private static void Truncate(Medium medium, string lastType) => Truncate(medium, medium[lastType]);

    private static void Truncate(Medium medium, Part last)
    {
        int keep = medium.Parts.IndexOf(last) + 1;
        medium.Parts.RemoveRange(keep, medium.Parts.Count - keep);
    }

    private static byte[] Date(int year, int month, int day, int hour, int minute, int second)
    {
        long value = ((long)year << 26) | ((long)month << 22) | ((long)day << 17) | ((long)hour << 12) | ((long)minute << 6) | (long)second;
        return [(byte)(value >> 32), (byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
    }
}
