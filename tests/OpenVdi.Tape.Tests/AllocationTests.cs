namespace OpenVdi.Tape.Tests;

/// <summary>Once it runs, neither half allocates for data or pieces.</summary>
public sealed class AllocationTests
{
    private const int PieceBytes = 10_000;
    private const int PieceCount = 1000;
    private const int Rounds = 4;

    [Fact]
    public void BeginPiece_InSteadyState_AllocatesNothing()
    {
        TapeWriter writer = Media.Writer(4096);
        Media.BeginSet(writer);
        writer.BeginPiecedFile(Media.File("shop.db", 0));
        byte[] buffer = new byte[4096];
        byte[] file = Media.Bytes(PieceBytes, 1);
        AssertAllocatesNothing(_ => WritePieces(writer, file, buffer));
        Assert.Equal((long)PieceCount * (Rounds + 1), writer.Totals.PieceCount);
    }

    [Fact]
    public void AppendData_OfAWholeFile_AllocatesNothing()
    {
        const long RoundBytes = 16 << 20;
        TapeWriter writer = Media.Writer(4096);
        Media.BeginSet(writer);
        writer.BeginFile(Media.File("shop.db", (Rounds + 2) * RoundBytes));
        byte[] buffer = new byte[65536];
        AssertAllocatesNothing(_ => Fill(writer, buffer, buffer, RoundBytes));
        Assert.Equal((Rounds + 1) * RoundBytes, writer.Totals.DataBytes);
    }

    [Fact]
    public void Push_InSteadyState_AllocatesNothing()
    {
        byte[] medium = Media.Striped(Media.Bytes(2_000_000, 1), 1, new Random(1), maxPiece: 2000, blockSize: 4096)[0];
        TapeReader reader = new(new Ignored());
        int part = medium.Length / (Rounds + 2);
        AssertAllocatesNothing(round => Push(reader, medium.AsSpan(round * part, part)));
        Push(reader, medium.AsSpan((Rounds + 1) * part));
        reader.End();
    }

    [Fact]
    public void AssertAllocatesNothing_OfWhatAllocates_Fails() => Assert.ThrowsAny<Xunit.Sdk.XunitException>(
        () => AssertAllocatesNothing(_ => GC.KeepAlive(new object())));

    // The runtime itself rarely counts some kilobytes for a thread when another one has it collect. What the code under test
    // allocates, it allocates in every round.
    private static void AssertAllocatesNothing(Action<int> run)
    {
        run(0);
        long least = long.MaxValue;
        for (int round = 1; round <= Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run(round);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
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
