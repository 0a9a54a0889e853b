using System.Buffers.Binary;
using System.Globalization;

namespace OpenVdi.Testing.Mtf;

/// <summary>A type-1 set map, compared with what the medium holds.</summary>
/// <param name="eset">The block that it stands on.</param>
/// <param name="offsetBytes">Where its stream begins.</param>
/// <param name="data">The stream's data.</param>
internal sealed class MtfSetMap(MtfBlock eset, long offsetBytes, byte[] data)
{
    // The most that is kept of one: room for a hundred thousand sets.
    public const int MaxBytes = 16 << 20;

    private const int HeaderBytes = 8, EntryBytes = 91, VolumeEntryBytes = 61;

    private int _at = HeaderBytes;

    public static MtfViolationException TooLong(MtfBlock block, long offsetBytes) => new(
        MtfRules.SetMapWhole, offsetBytes, $"{block.Type}/TSMP: length", $"at most {MaxBytes} bytes", "more");

    public void Check(MtfReport report)
    {
        Require(data.Length >= HeaderBytes, MtfRules.SetMapWhole, "length", $"{HeaderBytes} bytes of header", $"{data.Length}");
        RequireEqual(report.Tape.FamilyId, U32(0), MtfRules.SetMapHeader, "media family id");
        RequireEqual(0, U16(6), MtfRules.SetMapHeader, "header");
        int first = report.DataSets[0].Number, last = report.DataSets[^1].Number;
        RequireEqual(last, U16(4), MtfRules.SetMapOrder, "number of entries");
        for (int number = 1; number <= last; number++)
        {
            CheckEntry(number, number < first ? null : report.DataSets[number - first], report.Tape);
        }

        RequireEqual(data.Length, _at, MtfRules.SetMapWhole, "length");
    }

    private void CheckEntry(int number, MtfDataSet? set, MtfTape tape)
    {
        (int start, int length) = TakeEntry(EntryBytes, $"entry {number}");
        RequireEqual(number, U16(start + 30), MtfRules.SetMapOrder, $"entry {number}: data set number");
        int volumeCount = U16(start + 60), stringType = data[start + 88];
        if (set is not null)
        {
            CompareEntry(number, start, length, set, tape);
        }

        for (int i = 0; i < volumeCount; i++)
        {
            (int volumeStart, int volumeLength) = TakeEntry(VolumeEntryBytes, $"entry {number}: volume {i + 1}");
            string name = $"entry {number}: volume {i + 1}";
            Require(data.AsSpan(volumeStart + 2, 4).SequenceEqual("VOLB"u8), MtfRules.SetMapVolume, $"{name}: type", "VOLB",
                Convert.ToHexString(data.AsSpan(volumeStart + 2, 4)));
            if (set is not null)
            {
                CompareVolume(name, volumeStart, volumeLength, stringType, set.Volumes[i]);
            }
        }
    }

    private void CompareEntry(int number, int start, int length, MtfDataSet set, MtfTape tape)
    {
        void Same(long expected, long found, string field) =>
            RequireEqual(expected, found, MtfRules.SetMapEntry, $"entry {number}: {field}");
        void SameText(string expected, int at, string field) => CompareText(
            expected, start, length, at, EntryBytes, data[start + 88], MtfRules.SetMapEntry, $"entry {number}: {field}");

        // Where a set began on another medium, this one does not say.
        if (!set.IsContinuation)
        {
            Same(tape.SequenceNumber, U16(start + 2), "media sequence number");
            Same((long)set.Pba, (long)U64(start + 12), "PBA of SSET");
        }

        List<MtfDirectory> directories = [.. set.Volumes.SelectMany(volume => volume.Directories)];
        Same(set.Attributes, U32(start + 8), "attributes");
        Same(set.Volumes.Count, U16(start + 60), "volumes");
        if (!set.IsContinuation)
        {
            Same(directories.Count, U32(start + 40), "directories");
            Same(directories.Sum(directory => directory.Files.Count), U32(start + 44), "files");
            Same(set.CorruptFileCount, U32(start + 48), "corrupt files");
        }

        SameText(set.Name, 64, "name");
        SameText(set.Description, 72, "description");
        SameText(set.User, 76, "user name");
        CompareDate(set.Date, start + 80, MtfRules.SetMapEntry, $"entry {number}: date");
        Same(set.TimeZoneQuarters, (sbyte)data[start + 85], "time zone");
        Same(set.PasswordAlgorithm, U16(start + 62), "password algorithm");
        Same(0, data[start + 89], "minor version");
        Same(set.CatalogVersion, data[start + 90], "catalog version");
    }

    private void CompareVolume(string name, int start, int length, int stringType, MtfVolume volume)
    {
        RequireEqual(volume.Attributes, U32(start + 36), MtfRules.SetMapVolume, $"{name}: attributes");
        (string Text, int At, string Field)[] texts =
            [(volume.DeviceName, 40, "device"), (volume.VolumeName, 44, "volume"), (volume.MachineName, 48, "machine")];
        foreach ((string text, int at, string field) in texts)
        {
            CompareText(text, start, length, at, VolumeEntryBytes, stringType, MtfRules.SetMapVolume, $"{name}: {field} name");
        }

        CompareDate(volume.Date, start + 56, MtfRules.SetMapVolume, $"{name}: date");
    }

    private (int Start, int Length) TakeEntry(int minBytes, string name)
    {
        int start = _at, left = data.Length - start;
        Require(left >= minBytes, MtfRules.SetMapWhole, name, $"at least {minBytes} bytes", $"{left}");
        int length = U16(start);
        Require(length >= minBytes && length <= left, MtfRules.SetMapWhole, name, $"{minBytes} to {left} bytes", $"{length}");
        _at += length;
        return (start, length);
    }

    private void CompareText(string expected, int start, int length, int at, int fixedBytes, int type, MtfRule rule, string field)
    {
        int size = U16(start + at), offset = U16(start + at + 2);
        string found = "";
        if (size > 0)
        {
            Require(offset >= fixedBytes && offset + size <= length, MtfRules.AddressInside, field,
                $"bytes from {fixedBytes} to {length}", $"{size} at {offset}");
            ReadOnlySpan<byte> bytes = data.AsSpan(start + offset, size);
            found = MtfText.TryDecode(bytes, type, out string? text) ? text : Convert.ToHexString(bytes);
        }

        Require(found == expected, rule, field, $"'{expected}'", $"'{found}'");
    }

    private void CompareDate(DateTime? expected, int at, MtfRule rule, string field)
    {
        ReadOnlySpan<byte> bytes = data.AsSpan(at, MtfDate.Bytes);
        Require(MtfDate.TryRead(bytes, out DateTime? date), MtfRules.DateValid, field, "a day and time of the calendar",
            Convert.ToHexString(bytes));
        Require(date == expected, rule, field, Words(expected), Words(date));

        static string Words(DateTime? date) => date?.ToString("s", CultureInfo.InvariantCulture) ?? "unknown";
    }

    private void RequireEqual(long expected, long found, MtfRule rule, string field) =>
        Require(expected == found, rule, field, $"{expected}", $"{found}");

    private void Require(bool holds, MtfRule rule, string field, string expected, string found)
    {
        if (!holds)
        {
            throw new MtfViolationException(rule, offsetBytes, $"{eset.Type}/TSMP: {field}", expected, found);
        }
    }

    private ushort U16(int at) => MtfBlock.U16(data, at);

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(at));

    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(at));
}
