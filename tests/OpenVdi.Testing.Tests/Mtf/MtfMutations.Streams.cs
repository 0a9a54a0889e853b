using OpenVdi.Testing.Mtf;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Breaks of sections 3.4 and 3.5.</summary>
internal static partial class MtfMutations
{
    private static IEnumerable<MtfMutation> Streams()
    {
        const string media = nameof(MtfRules.StreamMediaAttributes), algorithms = nameof(MtfRules.StreamAlgorithms);
        yield return Of(nameof(MtfRules.StreamId), "FILE: stream id", medium => medium["FILE"].Streams[0].Id = "ST\u0001N");
        yield return Of(nameof(MtfRules.StreamChecksum), "FILE/STAN: checksum",
            medium => medium["FILE"].Streams[0].BreaksChecksum = true);
        yield return Of(nameof(MtfRules.StreamChecksum), "VOLB/SPAD: checksum", medium => medium["VOLB"].Padding.BreaksChecksum = true);
        yield return Of(nameof(MtfRules.StreamSystemAttributes), "SSET/PRIV: file system attributes",
            medium => medium["SSET"].Streams[0].System = 16);
        yield return Of(media, "SSET/PRIV: media format attributes", medium => medium["SSET"].Streams[0].Media = 64);
        yield return Of(media, "SSET/PRIV: media format attributes", medium => medium["SSET"].Streams[0].Media = 0x8000);
        yield return Of(algorithms, "SSET/PRIV: compression algorithm", medium => medium["SSET"].Streams[0].Media = 16);
        yield return Of(algorithms, "SSET/PRIV: compression algorithm", medium => medium["SSET"].Streams[0].Compression = 0x0ABE);
        yield return Of(algorithms, "SSET/PRIV: encryption algorithm", medium => medium["SSET"].Streams[0].Media = 8);
        yield return Of(algorithms, "SSET/PRIV: encryption algorithm", medium => medium["SSET"].Streams[0].Encryption = 1);

        const string whole = nameof(MtfRules.StreamWhole);
        yield return Of(whole, "SSET/PRIV: data", medium => medium["SSET"].Streams[0].StatedLength = ulong.MaxValue);
        yield return From(() => SampleMedium.Create(isSoft: false), whole, "ESET/SPAD: data",
            medium => medium["ESET", 1].Padding.StatedLength = 1 << 30);
        yield return From(() => SampleMedium.Create(isSoft: false), whole, "FILE/STAN: data",
            medium => medium["FILE", 2].Streams[1].StatedLength = 10_000);
        yield return Of(nameof(MtfRules.StreamFill), "SSET/PRIV: fill", medium => medium["SSET"].Streams[0].Fill = 1);
        yield return Of(nameof(MtfRules.StreamFill), "FILE/STAN: fill", medium => medium["FILE"].Streams[0].Fill = 1);
        yield return Of(nameof(MtfRules.StreamCount), "SSET/PRIV: number", medium => medium["SSET"].Streams
            .AddRange(Enumerable.Range(0, 65_535).Select(_ => new StreamPart("PRIV", []))));

        const string last = nameof(MtfRules.PaddingLast);
        yield return Of(last, "VOLB: streams", medium => medium["VOLB"].HasPadding = false);
        yield return Of(last, "FILE: streams", medium => medium["FILE"].HasPadding = false);
        yield return Of(last, "ESET: streams", medium => medium["ESET"].HasPadding = false);
        yield return Of(last, "ESET: streams", medium =>
        {
            medium["ESET", 1].HasPadding = false;
            medium.Remove("SFMB", 4);
        });
        yield return Of(nameof(MtfRules.PaddingPlain), "VOLB/SPAD: media format attributes", medium => medium["VOLB"].Padding.Media = 2);
        yield return Of(nameof(MtfRules.PaddingPlain), "VOLB/SPAD: media format attributes", medium => medium["VOLB"].Padding.Media = 32);
        yield return Of(nameof(MtfRules.PaddingZero), "VOLB/SPAD: data", medium => medium["VOLB"].Padding.Data = [0, 0, 1]);
        yield return Of(nameof(MtfRules.PaddingZero), "ESET/SPAD: data", medium => medium["ESET"].Padding.Data = [1]);
        (string Type, int Extra)[] extras = [("VOLB", 1024), ("VOLB", 4), ("VOLB", -4), ("SSET", 512), ("ESET", 512), ("ESPB", 512)];
        foreach ((string type, int extra) in extras)
        {
            yield return Of(nameof(MtfRules.PaddingEnd), $"{type}/SPAD: end", medium => medium[type].PaddingExtraBytes = extra);
        }

        yield return From(() => SampleMedium.Create(512, 4096), nameof(MtfRules.PaddingEnd), "ESPB/SPAD: end",
            medium => medium["ESPB"].PaddingExtraBytes = -512);
        yield return From(() => SampleMedium.Create(512, 4096, false), nameof(MtfRules.PaddingEnd), "TAPE/SPAD: end",
            medium => medium["TAPE"].PaddingExtraBytes = -512);
    }

    private static IEnumerable<MtfMutation> Sums()
    {
        const string announced = nameof(MtfRules.ChecksumAnnounced), present = nameof(MtfRules.ChecksumPresent);
        yield return Of(announced, "FILE/CSUM: stream", medium => medium["FILE"].Streams[0].Media = 0);
        yield return Of(announced, "FILE/CSUM: stream", medium => medium["FILE"].Stream("CSUM", new byte[4]));
        yield return Of(announced, "VOLB/CSUM: stream", medium => medium["VOLB"].Stream("CSUM", new byte[4]));
        yield return Of(present, "FILE/SPAD: stream", medium => medium["FILE"].Streams.RemoveAt(1));
        yield return Of(present, "SSET/MORE: stream", medium => medium["SSET"].Stream("MORE", []).Streams[0].Media = 32);
        yield return Of(present, "FILE/SPAD: stream", medium => medium["FILE", 1].Streams.RemoveAt(3));
        yield return Of(nameof(MtfRules.ChecksumLength), "FILE/CSUM: length", medium => medium["FILE"].Streams[1].Data = new byte[8]);
        yield return Of(nameof(MtfRules.ChecksumLength), "FILE/CSUM: length", medium => medium["FILE"].Streams[1].Media = 2);
        yield return Of(nameof(MtfRules.ChecksumValue), "FILE/CSUM: sum of STAN", medium => medium["FILE"].Streams[0].Data[500] ^= 1);
        yield return Of(nameof(MtfRules.ChecksumValue), "FILE/CSUM: sum of STAN", medium => medium["FILE", 1].Streams[2].Data[0] ^= 1);
        yield return Of(nameof(MtfRules.ChecksumValue), "FILE/CSUM: sum of OVDI", medium => medium["FILE", 2].Streams[3].Data[3] ^= 1);

        // Pieces 0, 1, 2 and a CSUM.
        const string pieces = nameof(MtfRules.VariablePieces);
        yield return Of(pieces, "SSET/PRIV: media format attributes", medium => medium["SSET"].Streams[0].Media = 4);
        yield return Of(pieces, "FILE/STAN: piece", medium => medium["FILE", 1].Streams[1].Media &= ~2);
        yield return Of(pieces, "FILE/CSUM: piece", medium => medium["FILE", 1].Streams[2].Media &= ~4);
        yield return Of(pieces, "FILE/CSUM: piece",
            medium => medium["FILE", 1].Streams.Insert(1, new StreamPart("CSUM", Part.Sum(SampleMedium.DataB[0]))));
        yield return Of(pieces, "FILE/OTHR: piece", medium => medium["FILE", 1].Streams[1].Id = "OTHR");
        yield return Of(pieces, "FILE/SPAD: piece", medium => medium["FILE", 1].Streams.RemoveRange(2, 2));
        yield return Of(pieces, "FILE/STAN: piece", medium =>
            (medium["FILE", 1].Streams[1].Media, medium["FILE", 1].Streams[1].Compression) = (2 | 32 | 16, 1));
        yield return Of(nameof(MtfRules.SparseFrame), "FILE/SPAR: length", medium => medium["FILE"].Stream("SPAR", new byte[7]));
        yield return Of(nameof(MtfRules.OneFileData), "FILE: streams", medium => medium["FILE"].Stream("STAN", []));
    }

    private static IEnumerable<MtfMutation> Maps()
    {
        yield return Of(nameof(MtfRules.SetMapPlace), "VOLB: stream TSMP", medium => medium["VOLB"].Stream("TSMP", []));
        yield return Of(nameof(MtfRules.SetMapAllowed), "ESET: stream TSMP", medium => medium["TAPE"].Set16(66, 2));
        yield return Of(nameof(MtfRules.SetMapAllowed), "ESET: stream TSMP", medium => medium["TAPE"].Set32(4, 0));
        yield return Of(nameof(MtfRules.SetMapAllowed), "ESET: stream MAP2", medium => medium["ESET"].Stream("MAP2", []));
        yield return From(() => SampleMedium.Create(hasSetMap: false), nameof(MtfRules.SetMapExists), "data set 2: set map",
            medium => medium["TAPE"].Set32(4, 1 << 16));
        yield return Map(nameof(MtfRules.SetMapHeader), "media family id", static map => map.Set(0, 1));
        yield return Map(nameof(MtfRules.SetMapHeader), "header", static map => map.Set(6, 1));
        yield return Map(nameof(MtfRules.SetMapOrder), "number of entries", static map => map.Set(4, 1));
        yield return Map(nameof(MtfRules.SetMapOrder), "entry 2: data set number", static map => map.Set(map.EntryStarts[1] + 30, 1));

        const string whole = nameof(MtfRules.SetMapWhole);
        yield return Map(whole, "length", static map => map.Bytes.RemoveRange(7, map.Bytes.Count - 7));
        yield return Map(whole, "length", static map => map.Bytes.Add(0));
        yield return Map(whole, "length", static map => map.Bytes.AddRange(new byte[MtfSetMap.MaxBytes]));
        yield return Map(whole, "entry 2", static map => map.Bytes.RemoveRange(map.EntryStarts[1], map.Bytes.Count - map.EntryStarts[1]));
        yield return Map(whole, "entry 1", static map => map.Set(map.EntryStarts[0], 90, 0));
        yield return Map(whole, "entry 1", static map => map.Set(map.EntryStarts[0], 0xFF, 0xFF));
        yield return Map(whole, "entry 2: volume 1", static map => map.Bytes.RemoveAt(map.Bytes.Count - 1));
        yield return Map(whole, "entry 1: volume 1", static map => map.Set(map.VolumeStarts[0], 60, 0));

        (int At, string Field)[] fields =
        [
            (2, "media sequence number"), (8, "attributes"), (12, "PBA of SSET"), (40, "directories"), (44, "files"),
            (48, "corrupt files"), (60, "volumes"), (62, "password algorithm"), (84, "date"), (85, "time zone"), (89, "minor version"),
            (90, "catalog version"),
        ];
        foreach ((int at, string field) in fields)
        {
            yield return Map(nameof(MtfRules.SetMapEntry), $"entry 1: {field}", map => map.Set(map.EntryStarts[0] + at, 99));
        }

        foreach ((int at, string field) in new[] { (64, "name"), (72, "description"), (76, "user name") })
        {
            yield return Map(nameof(MtfRules.SetMapEntry), $"entry 1: {field}", map => map.Set(map.EntryStarts[0] + at, 0));
            yield return Map(nameof(MtfRules.AddressInside), $"entry 1: {field}", map => map.Set(map.EntryStarts[0] + at + 2, 0, 1));
            yield return Map(nameof(MtfRules.AddressInside), $"entry 1: {field}", map => map.Set(map.EntryStarts[0] + at + 2, 8, 0));
        }

        yield return Map(nameof(MtfRules.DateValid), "entry 1: date", map => map.Set(map.EntryStarts[0] + 80, 0, 0, 0, 0, 1));
        const string volume = nameof(MtfRules.SetMapVolume);
        yield return Map(volume, "entry 1: volume 1: type", static map => map.Set(map.VolumeStarts[0] + 2, 65));
        yield return Map(volume, "entry 1: volume 1: attributes", static map => map.Set(map.VolumeStarts[0] + 36, 8));
        yield return Map(volume, "entry 2: volume 1: date", static map => map.Set(map.VolumeStarts[1] + 56, SampleMedium.NewDate));
        foreach ((int at, string field) in new[] { (40, "device"), (44, "volume"), (48, "machine") })
        {
            yield return Map(volume, $"entry 1: volume 1: {field} name",
                map => map.Set(map.VolumeStarts[0] + at, 0));
        }
    }

    private static MtfMutation Map(string rule, string field, Action<SetMapImage> change) =>
        Of(rule, $"ESET/TSMP: {field}", medium => medium["ESET", 1].MapChange = change);
}
