using System.Text;

namespace OpenVdi.Tape.Tests;

/// <summary>Media whose checksums are all right and which contradict themselves: what each check besides the sums is for.</summary>
public sealed class ForgedMediaTests
{
    /// <summary>Which occurrence of which letters, how far behind them, what is put there, and what the message says.</summary>
    public static TheoryData<string, int, int, string, string> Whole => new()
    {
        { "TAPE", 0, 8, "F6FF", "a first stream within" },
        { "TAPE", 0, 8, "0000", "a first stream within" },
        { "TAPE", 0, 8, "3600", "a first stream within" },
        { "TAPE", 0, 8, "3800", "Foreign" }, // no room for the vendor
        { "TAPE", 0, 20, "01", "block 0 at logical block 0" },
        { "TAPE", 0, 56, "03", "soft filemarks" },
        { "TAPE", 0, 60, "0000", "numbered from 1" },
        { "TAPE", 0, 64, "0400", "filemarks of 1024 bytes" },
        { "TAPE", 0, 84, "0002", "logical blocks of 1024" },
        { "TAPE", 0, 86, "0012", "Foreign" },
        { "TAPE", 0, 93, "02", "format version 1" },
        { "OVMF", 0, 8, "1F", "32 bytes of stream 'OVMF'" },
        { "OVMF", 0, 22, "0200", "Newer" },
        { "OVMF", 0, 24, "0200", "stripe" },
        { "OVMF", 0, 26, "4100", "stripe" },
        { "OVMF", 0, 28, "01", "zeros in the reserved" },
        { "OVMF", 0, 30, "00010000", "a block size" },
        { "OVMF", 0, 30, "00100000", "filemarks of 4096 bytes" },
        { "OVMF", 0, 0, "4F564252", "none of its kind" }, // a backup record on TAPE
        { "OVMF", 0, 0, "5354414E", "no file data" },
        { "OVMF", 0, 0, "4F565247", "no range" },
        { "OVMF", 0, 0, "53504144", "a checksum in block 'TAPE'" },
        { "OVMF", 0, 0, "41424344", "the block's record" }, // unknown, so there is none
        { "OVCK", 0, 8, "11", "16 bytes of stream 'OVCK'" },
        { "OVCK", 0, 22, "01", "a checksum of" },
        { "OVCK", 0, 0, "53504144", "a checksum in block 'TAPE'" },
        { "SPAD", 0, 6, "02", "padding up to" },
        { "SPAD", 0, 8, "0000", "padding up to" },
        { "SPAD", 0, 22, "01", "a zero of padding" },
        { "SFMB", 0, 0, "46494C45", "the header of a filemark" },
        { "SFMB", 0, 20, "02", "in filemark 1" },
        { "SFMB", 0, 60, "01", "in filemark 1" },
        { "SFMB", 1, 60, "02", "in filemark 6" },
        { "SSET", 0, 0, "45534554", "the header of block 'SSET'" },
        { "SSET", 0, 36, "01", "block 0 at logical block 0" },
        { "SSET", 0, 52, "08", "a set that is Normal" },
        { "SSET", 0, 62, "02", "data set 1 at physical block 2" },
        { "SSET", 0, 80, "03", "data set 1 at physical block 2" },
        { "SSET", 0, 80, "FFFFFFFFFFFFFFFF", "an address" },
        { "OVBR", 0, 8, "0104", "a backup record of at most 1024" },
        { "OVBR", 0, 8, "00", "a record of at least" },
        { "OVBR", 0, 50, "00", "stripe 1 of 1 of media set" },
        { "VOLB", 0, 20, "02", "block 1 at logical block 1" },
        { "VOLB", 0, 0, "44495242", "the header of block 'VOLB'" },
        { "DIRB", 0, 0, "564F4C42", "the header of block 'DIRB'" },
        { "FILE", 0, 0, "45534554", "the header of block 'FILE' or of a filemark" },
        { "FILE", 0, 76, "02", "file 1 of directory 1" },
        { "FILE", 0, 80, "02", "file 1 of directory 1" },
        { "FILE", 0, 12, "04", "4 bytes of stream 'STAN'" },
        { "STAN", 0, 8, "02", "3 bytes of stream 'STAN'" },
        { "STAN", 0, 6, "02", "all of the file, or the range" },
        { "STAN", 0, 6, "06", "0 bytes of stream 'STAN'" },
        { "STAN", 0, 6, "10", "all of the file, or the range" }, // compressed
        { "STAN", 0, 4, "08", "a plain stream" }, // sparse
        { "STAN", 0, 0, "41424344", "more of the file" }, // unknown, so the file has no data
        { "ESET", 0, 78, "02", "the end of data set 1" },
        { "ESET", 0, 52, "08", "the end of data set 1" },
        { "OVES", 0, 22, "02", "1 files" },
        { "OVES", 0, 30, "01", "0 pieces" },
        { "OVES", 0, 38, "02", "3 bytes in the set" },
        { "OVES", 0, 53, "80", "bytes of all stripes" },
        { "OVES", 0, 61, "80", "a moment" },
        { "SPAD", 5, 8, "0002", "padding up to" },
    };

    public static TheoryData<string, int, int, string, string> Pieces => new()
    {
        { "OVRG", 0, 22, "01", "piece 0 of a file of 2000 bytes" },
        { "OVRG", 1, 22, "00", "piece 1 of a file of 2000 bytes" },
        { "OVRG", 1, 30, "FFFFFFFFFFFFFFFF", "piece 1" },
        { "OVRG", 1, 30, "E907", "piece 1" }, // one byte over the end
        { "OVRG", 1, 38, "00000000", "piece 1" },
        { "OVRG", 1, 38, "FFFFFFFFFFFFFF7F", "piece 1" },
        { "OVRG", 1, 38, "E703", "999 bytes of stream 'STAN'" },
        { "OVRG", 1, 8, "18", "32 bytes of stream 'OVRG'" },
        { "OVRG", 1, 0, "41424344", "the range of a piece" }, // unknown, so the piece has none
        { "STAN", 0, 6, "00", "the piece of the range before it" },
        { "STAN", 0, 8, "E7", "1000 bytes of stream 'STAN'" },
        { "STAN", 0, 0, "4F565247", "no range of a piece" }, // two ranges
        { "STAN", 0, 0, "41424344", "data or their checksum" },
        { "STAN", 0, 0, "4F56434B", "16 bytes" },
        { "OVCK", 5, 0, "41424344", "data or their checksum" }, // no sum behind the data
        { "OVCK", 5, 0, "53504144", "more of the file, or its checksum" },
        { "STAN", 2, 8, "01", "0 bytes of stream 'STAN'" },
        { "STAN", 2, 6, "02", "the range of a piece, or an empty last piece" },
        { "STAN", 2, 0, "53504144", "more of the file" }, // the file ends without a last piece
    };

    [Theory]
    [MemberData(nameof(Whole))]
    public void Push_OfAWholeFileThatContradictsItself_SaysWhat(string letters, int nth, int behind, string bytes, string says) =>
        AssertFound(Media.Whole([1, 2, 3]), letters, nth, behind, bytes, says);

    [Theory]
    [MemberData(nameof(Pieces))]
    public void Push_OfPiecesThatContradictThemselves_SaysWhat(string letters, int nth, int behind, string bytes, string says)
    {
        TapeWriter writer = Media.Writer();
        using MemoryStream stream = new();
        Media.BeginSet(writer);
        writer.BeginPiecedFile(Media.File("shop.db", 2000));
        foreach (long offset in new[] { 0, 1000 })
        {
            writer.BeginPiece(offset, 1000);
            Media.Drain(writer, stream, new byte[2000]);
        }

        Media.EndSet(writer);
        Media.Drain(writer, stream);
        AssertFound(stream.ToArray(), letters, nth, behind, bytes, says);
    }

    [Fact]
    public void Push_OfAnUnknownStream_PassesItOn()
    {
        // A newer version's stream before the record, where a sum follows it: the record of VOLB's sum is made to be one.
        byte[] medium = Media.Whole([1, 2, 3]);
        int at = Find(medium, "OVMF", 0);
        byte[] extra = new byte[32];
        new StreamHeader((StreamId)0x4241574E, StreamAttributes.None, 10).Write(extra);

        // The padding behind TAPE is shorter by what was put in.
        byte[] longer = [.. medium[..at], .. extra, .. medium[at..]];
        int padding = Find(longer, "SPAD", 0);
        longer = [.. longer[..(padding + 22)], .. longer[(padding + 22 + 32)..]];
        BitConverter.TryWriteBytes(longer.AsSpan(padding + 8), BitConverter.ToInt64(longer, padding + 8) - 32);
        int covered = Find(longer, "OVCK", 0) + 22;
        BitConverter.TryWriteBytes(longer.AsSpan(covered), BitConverter.ToInt64(longer, covered) + 32);
        Assert.Null(Forger.Repair(longer));
        Kept kept = Media.Read(longer);
        Assert.Equal(["'NWAB' 10 at 0", "end", "TAPE"], kept.Events[..3]);
        Assert.Equal([1, 2, 3], kept.BytesOf("shop.db"));
    }

    [Fact]
    public void Push_OfAnythingElse_SaysForeign()
    {
        foreach (string text in new[] { "MSSQLBAK", "SQLite format 3", "OVSQLITE", "\0\0\0\0" })
        {
            byte[] bytes = new byte[100];
            Encoding.ASCII.GetBytes(text, bytes);
            TapeFormatException? found = Ignored.Read(bytes);
            Assert.Equal(TapeFormatFailure.Foreign, found!.Failure);
            Assert.Contains("block 'TAPE'", found.Expected, StringComparison.Ordinal);
        }

        Assert.Equal(TapeFormatFailure.Truncated, Ignored.Read([])!.Failure);
    }

    private static void AssertFound(byte[] medium, string letters, int nth, int behind, string bytes, string says)
    {
        Convert.FromHexString(bytes).CopyTo(medium, Find(medium, letters, nth) + behind);
        TapeFormatException? found = Forger.Repair(medium);
        Assert.True(found is not null, "nothing was said");
        Assert.Contains(says, $"{found.Failure}: {found.Message}", StringComparison.Ordinal);
    }

    private static int Find(byte[] medium, string letters, int nth)
    {
        int at = -1;
        for (; nth >= 0; nth--)
        {
            int next = medium.AsSpan(at + 1).IndexOf(Encoding.ASCII.GetBytes(letters));
            Assert.True(next >= 0, $"no more {letters}");
            at += 1 + next;
        }

        return at;
    }
}
