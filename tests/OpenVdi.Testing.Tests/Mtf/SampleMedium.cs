using System.Text;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>Media that keep every rule.</summary>
internal static class SampleMedium
{
    // 1996-12-31 20:07:30 and 2025-03-04 05:06:07.
    public static readonly byte[] OldDate = [0x1F, 0x33, 0x3F, 0x41, 0xDE], NewDate = [0x1F, 0xA4, 0xC8, 0x51, 0x87];

    public static byte[] DataA { get; } = Bytes(1001, 1);

    public static byte[][] DataB { get; } = [Bytes(70_001, 2), Bytes(0, 3), Bytes(1023, 4)];

    public static byte[] DataC { get; } = Bytes(5000, 5);

    /// <summary>Two data sets with something of everything.</summary>
    public static Medium Create(int flbBytes = 1024, int physicalBytes = 512, bool isSoft = true, bool hasSetMap = true,
        int? markBytes = null)
    {
        var medium = new Medium
        {
            FlbBytes = flbBytes,
            PhysicalBytes = physicalBytes,
            IsSoft = isSoft,
            HasSetMap = hasSetMap,
            MarkBytes = markBytes,
        };
        AddTape(medium);
        AddStart(medium, 4).Stream("PRIV", [1, 2, 3]);
        medium.Add("VOLB").Set32(52, 4).Set(68, OldDate).Text(56, "C:").Text(60, "data").Text(64, "machine");
        AddTree(medium);
        medium.Add("SFMB");
        medium.Add("ESET").Set32(52, 4).Set32(56, 1).Set(80, NewDate);
        medium.Add("SFMB");

        AddStart(medium, 16);
        medium.Add("VOLB").Set32(52, 8).Text(56, @"\\server\share");
        medium.Add("SFMB");
        medium.Add("ESET").Set32(52, 16);
        medium.Add("SFMB");
        return medium;
    }

    /// <summary>A medium whose one set goes on on another.</summary>
    public static Medium CreateBeginning()
    {
        Medium medium = Create(hasSetMap: false);
        medium.Remove("ESET", 1);
        Part end = medium.InsertBehind(medium["SFMB", 3], "EOTM");
        medium.Parts.RemoveRange(medium.Parts.IndexOf(end) + 1, medium.Parts.Count - medium.Parts.IndexOf(end) - 1);
        medium.Add("SFMB");
        return medium;
    }

    /// <summary>A medium that goes on with a set of another.</summary>
    public static Medium CreateContinuation(bool isSoft = true)
    {
        var medium = new Medium { GoesOnFrom = (12, 345), HasSetMap = false, IsSoft = isSoft };
        AddTape(medium).Set32(4, 1).Set16(60, 2);
        AddStart(medium, 4).Set32(4, 1).Set16(62, 7);
        medium.Add("VOLB").Set32(4, 1).Set32(52, 4).Text(56, "C:");
        medium.Add("DIRB").Set32(4, 1).Set32(76, 9).Text(80, "\0");
        medium.Add("FILE").Set32(4, 1).Set32(76, 9).Set64(12, 1 << 20).Text(84, "long.bin")
            .Stream("STAN", DataA, 1 | 32).Stream("CSUM", [9, 9, 9, 9]);
        medium.Add("DIRB").Set32(76, 10).Text(80, "next\0");
        medium.Add("FILE").Set32(76, 10).Set64(12, 5000).Text(84, "c").Stream("STAN", DataC);
        medium.Add("SFMB");
        medium.Add("ESET").Set32(52, 4).Set16(78, 7);
        medium.Add("SFMB");
        return medium;
    }

    public static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static Part AddTape(Medium medium)
    {
        Part tape = medium.Add("TAPE").Set32(52, 0x1234).Set16(60, 1).Set16(86, 99).Set(88, OldDate).Set8(93, 1)
            .Text(68, "media").Text(72, "description").Text(80, "software");
        medium.Add("SFMB");
        return tape;
    }

    private static Part AddStart(Medium medium, uint attributes) => medium.Add("SSET").Set32(52, attributes).Set16(60, 99)
        .Set(88, NewDate).Set8(95, -20).Text(64, "set").Text(68, "of a test").Text(76, "user");

    private static void AddTree(Medium medium)
    {
        medium.Add("DIRB").Set32(76, 1).Set(56, NewDate).Text(80, "\0");
        medium.Add("FILE").Set32(76, 1).Set32(80, 1).Set64(12, 1001).Set(56, OldDate).Text(84, "a.txt").Text(44, new byte[12])
            .Pieces("STAN", 32, DataA);
        medium.Add("FILE").Set32(76, 1).Set32(80, 2).Set64(12, (ulong)DataB.Sum(piece => piece.Length)).Text(84, "b.bin")
            .Pieces("STAN", 32, DataB);
        medium.Add("CFIL").Set16(72, 1);
        medium.Add("XUNK").Set8(10, 200).Stream("PRIV", Bytes(33, 6)).Stream("MORE", []);
        medium.Add("DIRB").Set32(76, 2).Set32(52, 1 << 17).Stream("PNAM", Encoding.Unicode.GetBytes("dir\0sub\0"));
        medium.Add("FILE").Set32(76, 2).Set32(80, 3).Set32(52, 1 << 17).Set64(12, 5000)
            .Stream("FNAM", Encoding.Unicode.GetBytes("c")).Stream("STAN", DataC).Stream("OVDI", [7], 32).Stream("CSUM", [7, 0, 0, 0]);
        medium.Add("FILE").Set32(76, 2).Set32(80, 4).Text(84, "nothing");
        medium.Add("DIRB").Set32(76, 3).Set32(52, 1 << 16).Text(80, "empty\0");
        medium.Add("ESPB");
    }
}
