namespace OpenVdi.Tape.Tests;

/// <summary>Once it runs, neither half allocates for data or pieces.</summary>
public sealed class AllocationTests
{
    private const int PieceBytes = 10_000;
    private const int PieceCount = 1000;

    [Fact]
    public void BeginPiece_InSteadyState_AllocatesNothing()
    {
        TapeWriter writer = Media.Writer(4096);
        Media.BeginSet(writer);
        writer.BeginPiecedFile(Media.File("shop.db", 0));
        byte[] buffer = new byte[4096];
        byte[] file = Media.Bytes(PieceBytes, 1);
        WritePieces(writer, file, buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        WritePieces(writer, file, buffer);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2L * PieceCount, writer.Totals.PieceCount);
    }

    [Fact]
    public void AppendData_OfAWholeFile_AllocatesNothing()
    {
        const long FileBytes = 64 << 20;
        TapeWriter writer = Media.Writer(4096);
        Media.BeginSet(writer);
        writer.BeginFile(Media.File("shop.db", FileBytes));
        byte[] buffer = new byte[65536];
        Fill(writer, buffer, buffer, FileBytes / 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill(writer, buffer, buffer, FileBytes / 4);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Push_InSteadyState_AllocatesNothing()
    {
        byte[] medium = Media.Striped(Media.Bytes(2_000_000, 1), 1, new Random(1), maxPiece: 2000, blockSize: 4096)[0];
        TapeReader reader = new(new Ignored());
        int half = medium.Length / 2;
        Push(reader, medium.AsSpan(0, half));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Push(reader, medium.AsSpan(half, half / 2));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Push(reader, medium.AsSpan(half + (half / 2)));
        reader.End();
    }

    private static void Push(TapeReader reader, ReadOnlySpan<byte> bytes)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(997, bytes.Length)..])
        {
            reader.Push(bytes[..Math.Min(997, bytes.Length)]);
        }
    }

    private static void WritePieces(TapeWriter writer, byte[] file, byte[] buffer)
    {
        for (int i = 0; i < PieceCount; i++)
        {
            // Whatever stands before the piece, and what is left of the one before, first.
            Fill(writer, file, buffer, 0);
            writer.BeginPiece(0, file.Length);
            Fill(writer, file, buffer, file.Length);
        }
    }

    private static void Fill(TapeWriter writer, byte[] file, byte[] buffer, long dataBytes)
    {
        while (true)
        {
            if (writer.DataDueBytes == 0)
            {
                if (writer.Write(buffer) == 0)
                {
                    return;
                }

                continue;
            }

            if (dataBytes == 0)
            {
                return;
            }

            int count = (int)Math.Min(Math.Min(buffer.Length, writer.DataDueBytes), Math.Min(dataBytes, file.Length));
            file.AsSpan(0, count).CopyTo(buffer);
            writer.AppendData(buffer.AsSpan(0, count));
            dataBytes -= count;
        }
    }
}
