using OpenVdi.Engines.Sqlite.Snapshots;
using OpenVdi.Engines.Sqlite.Stripes;

namespace OpenVdi.Engines.Tests.Sqlite;

/// <summary>Stripes in memory, without devices.</summary>
internal static class StripeMedia
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>Backs a database up: chance says which stripe goes on next.</summary>
    public static (byte[][] Stripes, byte[] Image) Make(TestDatabase database, int count, int blockSize, int maxTransfer)
    {
        using SqliteSnapshot snapshot = SqliteSnapshot.Take(database.Path, s_limit);
        var image = new StripedImage(snapshot, count, blockSize, maxTransfer);
        byte[] buffer = new byte[maxTransfer];
        // What a buffer held before must not matter.
        new Random(1).NextBytes(buffer);
        MemoryStream[] streams = [.. Enumerable.Range(0, count).Select(static _ => new MemoryStream())];
        StripeWriter[] writers = [.. Enumerable.Range(1, count).Select(number => new StripeWriter(image, number))];
        var random = new Random(2);
        while (Array.Exists(writers, static writer => !writer.IsAtEnd))
        {
            int i = random.Next(count);
            if (!writers[i].IsAtEnd)
            {
                int filled = writers[i].Fill(buffer);
                Assert.True(filled > 0 && filled % blockSize == 0, $"{filled} bytes");
                Assert.True(writers[i].IsAtEnd || filled == maxTransfer, $"{filled} bytes before the end");
                streams[i].Write(buffer.AsSpan(0, filled));
            }
        }

        Assert.Equal(snapshot.ImageBytes, writers.Sum(static writer => writer.ImageBytes));
        byte[] bytes = new byte[snapshot.ImageBytes];
        snapshot.Read(0, bytes);
        return ([.. streams.Select(static stream => stream.ToArray())], bytes);
    }

    /// <summary>A file that stripes are restored to, again and again.</summary>
    public sealed class Target(TestDatabase database) : IDisposable
    {
        private readonly FileStream _file = File.Create(database.In($"{Guid.NewGuid()}.image"), 1);

        /// <summary>Pushes all stripes, in parts that a generator chooses or whole; one after the other a little.</summary>
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
            Assert.Equal(image.Bytes, image.DoneBytes);
            byte[] bytes = new byte[RandomAccess.GetLength(_file.SafeFileHandle)];
            RandomAccess.Read(_file.SafeFileHandle, bytes, 0);
            return bytes;
        }

        public void Dispose() => _file.Dispose();
    }
}
