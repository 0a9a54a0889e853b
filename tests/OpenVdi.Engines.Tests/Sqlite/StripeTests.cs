using OpenVdi.Engines.Sqlite;
using OpenVdi.Engines.Sqlite.Snapshots;
using OpenVdi.Engines.Sqlite.Stripes;
using Xunit.Abstractions;

namespace OpenVdi.Engines.Tests.Sqlite;

public sealed class StripeTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly TestDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Theory]
    [InlineData(1, 512, 65536, 512)]
    [InlineData(1, 4096, 65536, 65536)]
    [InlineData(3, 4096, 131072, 4096)]
    [InlineData(5, 65536, 65536, 1024)]
    [InlineData(64, 512, 65536, 4096)]
    public void Restore_OfStripesInAnyOrderAndPieces_IsTheImage(int stripeCount, int blockSize, int maxTransfer, int pageSize)
    {
        using (_database.Create(pageSize, rows: 400))
        {
            (byte[][] stripes, byte[] image) = MakeStripes(stripeCount, blockSize, maxTransfer);
            for (int seed = 1; seed <= 5; seed++)
            {
                output.WriteLine($"seed {seed}");
                byte[][] permuted = [.. stripes];
                var random = new Random(seed);
                random.Shuffle(permuted);
                Assert.Equal(image, Restore(permuted, random));
            }
        }
    }

    [Fact]
    public void Stripe_EveryBlock_IsAMultipleOfTheBlockSizeAndFitsATransfer()
    {
        using (_database.Create(rows: 400))
        {
            (byte[][] stripes, _) = MakeStripes(2, 8192, 131072);
            foreach (byte[] stripe in stripes)
            {
                List<int> ends = BlockEnds(stripe);
                Assert.Equal(stripe.Length, ends[^1]);
                Assert.All(ends.Zip(ends.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 512, 131072));
                Assert.All(ends, static end => Assert.Equal(0, end % 8192));
            }
        }
    }

    [Fact]
    public void Restore_AnyBitOfASmallStripeAltered_IsReported()
    {
        // Goal: no altered bit passes. Method: all of them, of a stripe of one small database.
        File.WriteAllBytes(_database.Path, []);
        using (var connection = TestDatabase.Connect(_database.Path))
        {
            TestDatabase.Execute(connection, "PRAGMA page_size = 512; CREATE TABLE t(x); INSERT INTO t VALUES ('content');");
        }

        (byte[][] stripes, byte[] image) = MakeStripes(1, 512, 65536);
        byte[] stripe = stripes[0];
        Assert.Equal(image, Restore(stripes, new Random(1)));
        using var target = new Target(_database);
        for (int bit = 0; bit < stripe.Length * 8; bit++)
        {
            stripe[bit / 8] ^= (byte)(1 << (bit % 8));
            SqliteFailureKind kind = FailureOf(() => target.Restore([stripe], null));
            Assert.True(
                kind is SqliteFailureKind.MediaDamaged or SqliteFailureKind.MediaMismatch, $"bit {bit} gave {kind}");
            stripe[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Restore_RandomBitsOfLargeStripesAltered_IsReported()
    {
        using (_database.Create(rows: 1000))
        {
            (byte[][] stripes, _) = MakeStripes(3, 4096, 65536);
            using var target = new Target(_database);
            for (int seed = 1; seed <= 200; seed++)
            {
                var random = new Random(seed);
                byte[] stripe = stripes[random.Next(3)];
                int place = random.Next(stripe.Length);
                byte mask = (byte)(1 << random.Next(8));
                stripe[place] ^= mask;
                Assert.True(
                    FailureOf(() => target.Restore(stripes, random)) is SqliteFailureKind.MediaDamaged
                        or SqliteFailureKind.MediaMismatch,
                    $"seed {seed}");
                stripe[place] ^= mask;
            }
        }
    }

    [Fact]
    public void Restore_CutAtEveryBlockAndAnywhere_IsMediaIncomplete()
    {
        using (_database.Create(rows: 300))
        {
            (byte[][] stripes, _) = MakeStripes(2, 512, 65536);
            using var target = new Target(_database);
            List<int> lengths = [0, .. BlockEnds(stripes[1])[..^1]];
            var random = new Random(11);
            for (int i = 0; i < 100; i++)
            {
                lengths.Add(random.Next(stripes[1].Length));
            }

            foreach (int length in lengths)
            {
                Assert.Equal(
                    (length, SqliteFailureKind.MediaIncomplete),
                    (length, FailureOf(() => target.Restore([stripes[0], stripes[1][..length]], random))));
            }
        }
    }

    [Fact]
    public void Restore_PaddingBehindTheTrailer_IsAcceptedOnlyWhenZero()
    {
        using (_database.Create(rows: 50))
        {
            (byte[][] stripes, byte[] image) = MakeStripes(1, 512, 65536);
            Assert.Equal(image, Restore([[.. stripes[0], .. new byte[10_000]]], new Random(1)));
            byte[] padded = [.. stripes[0], .. new byte[10_000]];
            padded[^1] = 1;
            using var target = new Target(_database);
            Assert.Equal(SqliteFailureKind.MediaDamaged, FailureOf(() => target.Restore([padded], null)));
            Assert.Equal(
                SqliteFailureKind.MediaDamaged, FailureOf(() => target.Restore([[.. stripes[0], .. stripes[0]]], null)));
        }
    }

    [Fact]
    public void Restore_StripesThatDoNotBelongTogether_IsRefused()
    {
        using (_database.Create(rows: 200))
        {
            (byte[][] first, _) = MakeStripes(3, 4096, 65536);
            (byte[][] second, _) = MakeStripes(3, 4096, 65536);
            (byte[][] pair, _) = MakeStripes(2, 4096, 65536);
            using var target = new Target(_database);
            Assert.Equal(SqliteFailureKind.MediaIncomplete, FailureOf(() => target.Restore([first[0], first[1]], null)));
            Assert.Equal(SqliteFailureKind.MediaMismatch, FailureOf(() => target.Restore([.. first, first[0]], null)));
            Assert.Equal(SqliteFailureKind.MediaMismatch, FailureOf(() => target.Restore([first[0], first[1], first[1]], null)));
            Assert.Equal(SqliteFailureKind.MediaMismatch, FailureOf(() => target.Restore([first[0], second[1], first[2]], null)));
            Assert.Equal(SqliteFailureKind.MediaMismatch, FailureOf(() => target.Restore([first[0], pair[1], first[2]], null)));
            Assert.Equal(SqliteFailureKind.MediaIncomplete, FailureOf(() => target.Restore([[], [], []], null)));
        }
    }

    [Fact]
    public void Restore_BlocksOfAnotherBackupOrDoubledOrExchanged_IsRefused()
    {
        // Whole blocks with right checksums, in the wrong place.
        using (_database.Create(rows: 800))
        {
            byte[] first = MakeStripes(1, 4096, 65536).Stripes[0];
            byte[] second = MakeStripes(1, 4096, 65536).Stripes[0];
            List<int> ends = BlockEnds(first);
            Range[] blocks = [.. ends.Select((end, i) => (i == 0 ? 0 : ends[i - 1])..end)];
            Assert.True(blocks.Length > 6);
            byte[] Join(params byte[][] parts) => [.. parts.SelectMany(static part => part)];
            byte[] foreign = Join(first[..ends[1]], second[blocks[2]], first[ends[2]..]);
            byte[] doubled = Join(first[..ends[2]], first[blocks[2]], first[ends[2]..]);
            byte[] missing = Join(first[..ends[1]], first[ends[2]..]);
            byte[] exchanged = Join(first[..ends[1]], first[blocks[3]], first[blocks[2]], first[ends[3]..]);
            using var target = new Target(_database);
            Assert.Equal(SqliteFailureKind.MediaMismatch, FailureOf(() => target.Restore([foreign], null)));
            Assert.Equal(SqliteFailureKind.MediaDamaged, FailureOf(() => target.Restore([doubled], null)));
            Assert.Equal(SqliteFailureKind.MediaDamaged, FailureOf(() => target.Restore([missing], null)));
            Assert.Equal(SqliteFailureKind.MediaDamaged, FailureOf(() => target.Restore([exchanged], null)));
        }
    }

    [Fact]
    public void Restore_RandomBytes_IsMediaMismatch()
    {
        using var target = new Target(_database);
        byte[] bytes = new byte[100_000];
        new Random(3).NextBytes(bytes);
        Assert.Equal(SqliteFailureKind.MediaMismatch, FailureOf(() => target.Restore([bytes], null)));
    }

    private static SqliteFailureKind FailureOf(Action action) => SnapshotTests.FailureOf(action);

    private static List<int> BlockEnds(byte[] stripe)
    {
        var ends = new List<int>();
        int position = 0;
        while (position < stripe.Length)
        {
            Assert.Null(BlockHeader.Parse(stripe.AsSpan(position, BlockHeader.Bytes), out BlockHeader block));
            position += (int)block.BlockBytes;
            ends.Add(position);
        }

        return ends;
    }

    private byte[] Restore(byte[][] stripes, Random random)
    {
        using var target = new Target(_database);
        return target.Restore(stripes, random);
    }

    private (byte[][] Stripes, byte[] Image) MakeStripes(int count, int blockSize, int maxTransfer)
    {
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(_database.Path, s_limit);
        var header = new StripeHeader
        {
            BackupId = Guid.NewGuid(),
            StripeIndex = 0,
            StripeCount = count,
            PageSize = snapshot.PageSize,
            PageCount = snapshot.PageCount,
            BlockSizeBytes = blockSize,
            MaxTransferBytes = maxTransfer,
            Time = snapshot.Time,
            DatabaseName = "source.db",
        };
        byte[] buffer = new byte[maxTransfer];
        // What a buffer held before must not matter.
        new Random(1).NextBytes(buffer);
        var streams = new MemoryStream[count];
        var writers = new StripeWriter[count];
        for (int i = 0; i < count; i++)
        {
            streams[i] = new MemoryStream();
            writers[i] = new StripeWriter(header with { StripeIndex = i });
            streams[i].Write(buffer.AsSpan(0, writers[i].WriteHeader(buffer)));
        }

        var random = new Random(2);
        for (long chunk = 0; chunk < header.ChunkCount; chunk++)
        {
            int stripe = random.Next(count);
            streams[stripe].Write(buffer.AsSpan(0, writers[stripe].WriteData(snapshot, chunk, buffer)));
        }

        byte[] image = new byte[snapshot.ImageBytes];
        snapshot.Read(0, image);
        return ([.. streams.Select((stream, i) =>
        {
            stream.Write(buffer.AsSpan(0, writers[i].WriteTrailer(buffer)));
            return stream.ToArray();
        })], image);
    }

    /// <summary>A file that stripes are restored to, again and again.</summary>
    private sealed class Target(TestDatabase database) : IDisposable
    {
        private readonly FileStream _file = File.Create(database.In($"{Guid.NewGuid()}.image"), 1);

        /// <summary>Pushes all stripes, in pieces that a generator chooses or whole; one after the other a little.</summary>
        public byte[] Restore(byte[][] stripes, Random? random)
        {
            var image = new RestoredImage(_file.SafeFileHandle, _file.Name, stripes.Length);
            StripeReader[] readers = [.. stripes.Select((_, i) => new StripeReader($"device {i}", image))];
            int[] positions = new int[stripes.Length];
            bool any = true;
            while (any)
            {
                any = false;
                for (int i = 0; i < stripes.Length; i++)
                {
                    int left = stripes[i].Length - positions[i];
                    int length = random is null ? left : Math.Min(left, random.Next(random.Next(2) == 0 ? 100 : 200_000));
                    readers[i].Push(stripes[i].AsSpan(positions[i], length));
                    positions[i] += length;
                    any |= left > 0;
                }
            }

            foreach (StripeReader reader in readers)
            {
                reader.End();
            }

            image.CheckWhole();
            byte[] bytes = new byte[RandomAccess.GetLength(_file.SafeFileHandle)];
            RandomAccess.Read(_file.SafeFileHandle, bytes, 0);
            return bytes;
        }

        public void Dispose() => _file.Dispose();
    }
}
