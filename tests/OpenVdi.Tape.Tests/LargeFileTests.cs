namespace OpenVdi.Tape.Tests;

/// <summary>Sizes and places that 32 bits do not hold.</summary>
public sealed class LargeFileTests
{
    [Fact]
    public void Push_OfAFileBeyond4GiB_CountsAllOfIt()
    {
        const long FileBytes = (1L << 32) + 12_345;
        TapeWriter writer = Media.Writer(65536);
        Kept kept = new();
        TapeReader reader = new(new Counting(kept));
        byte[] buffer = new byte[1 << 20];
        Media.BeginSet(writer);
        writer.BeginFile(Media.File("shop.db", FileBytes));
        Pump(writer, reader, buffer);
        Media.EndSet(writer);
        Pump(writer, reader, buffer);

        // And a second set behind it: its address is that of a block far out.
        Media.BeginSet(writer);
        Media.EndSet(writer);
        Pump(writer, reader, buffer);
        reader.End();
        Assert.Equal(FileBytes, kept.SetEnds[0].Totals.DataBytes);
        Assert.Equal(FileBytes, kept.Files[0].SizeBytes);
        Assert.True(kept.Sets[1].Set.PhysicalBlockAddress * 32768 > FileBytes);
        Assert.Equal(writer.PositionBytes, reader.PositionBytes);
    }

    [Fact]
    public void BeginPiece_AtTheEndOfTheLargestFile_IsToldWithItsPlace()
    {
        TapeWriter writer = Media.Writer();
        Kept kept = new();
        TapeReader reader = new(new Counting(kept));
        byte[] buffer = new byte[4096];
        Media.BeginSet(writer);
        writer.BeginPiecedFile(Media.File("shop.db", TapeFormat.MaxFileBytes));
        writer.BeginPiece(TapeFormat.MaxFileBytes - 10, 10);
        Pump(writer, reader, buffer);
        Media.EndSet(writer, TapeFormat.MaxFileBytes);
        Pump(writer, reader, buffer);
        reader.End();
        Assert.Contains($"'STAN' 10 at {TapeFormat.MaxFileBytes - 10}", kept.Events);
    }

    private static void Pump(TapeWriter writer, TapeReader reader, byte[] buffer)
    {
        while (true)
        {
            int count;
            if (writer.DataDueBytes > 0)
            {
                count = (int)Math.Min(buffer.Length, writer.DataDueBytes);
                writer.AppendData(buffer.AsSpan(0, count));
                reader.Push(buffer.AsSpan(0, count));
            }
            else if ((count = writer.Write(buffer)) == 0)
            {
                return;
            }
            else
            {
                reader.Push(buffer.AsSpan(0, count));
                buffer.AsSpan(0, count).Clear();
            }
        }
    }

    // Keeps what is told, but not the data.
    private sealed class Counting(ITapeSink inner) : ITapeSink
    {
        public void OnMediaHeader(TapeBlock header, MediaFamily family) => inner.OnMediaHeader(header, family);

        public void OnFilemark(long physicalBlock) => inner.OnFilemark(physicalBlock);

        public void OnSetStart(StartOfSetBlock set, BackupRecord record) => inner.OnSetStart(set, record);

        public void OnVolume(VolumeBlock volume) => inner.OnVolume(volume);

        public void OnDirectory(DirectoryBlock directory) => inner.OnDirectory(directory);

        public void OnFile(FileBlock file) => inner.OnFile(file);

        public void OnStreamBegin(StreamHeader stream, long fileOffsetBytes) => inner.OnStreamBegin(stream, fileOffsetBytes);

        public void OnData(ReadOnlySpan<byte> bytes)
        {
        }

        public void OnStreamEnd() => inner.OnStreamEnd();

        public void OnVerified(long offsetBytes) => inner.OnVerified(offsetBytes);

        public void OnSetEnd(EndOfSetBlock set, SetTotals totals) => inner.OnSetEnd(set, totals);
    }
}
