namespace OpenVdi.Tape.Tests;

/// <summary>Makes media to test with. Everything follows from the arguments.</summary>
internal static class Media
{
    public static readonly Guid SetId = new("6c1f1c54-6d0e-4d5e-9a07-1b2f0e5a9d11");

    public static readonly DateTime Local = new(2026, 3, 4, 5, 6, 7);

    public static readonly DateTimeOffset Moment = new(2026, 3, 4, 4, 6, 7, TimeSpan.Zero);

    public static TapeBlock Header(int stripe = 1) => new()
    {
        FamilyId = 0xABCD0000u + (uint)stripe,
        MediaName = "tape",
        Description = "for tests",
        Written = Local,
    };

    public static MediaFamily Family(int blockSize = 512, int stripe = 1, int stripes = 1) => new()
    {
        MediaSetId = SetId,
        StripeNumber = stripe,
        StripeCount = stripes,
        Geometry = new TapeGeometry(blockSize),
    };

    public static BackupRecord Record(int stripe = 1, int stripes = 1) => new()
    {
        BackupId = new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"),
        MediaSetId = SetId,
        StripeNumber = stripe,
        StripeCount = stripes,
        Kind = BackupKind.Full,
        DatabaseName = "Läden",
        DatabaseId = new Guid("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        PageSizeBytes = 4096,
        PageCount = 3,
        Created = Moment,
        CreatedBy = "vdi 0.1.0",
        FirstLsn = 17,
        LastLsn = ulong.MaxValue,
    };

    public static StartOfSetBlock Set() => new()
    {
        Name = "nightly",
        Description = "a set",
        UserName = "backup",
        Written = Local,
        TimeZone = TimeSpan.FromHours(1),
        SoftwareMinor = 1,
    };

    public static TapeWriter Writer(int blockSize = 512, int stripe = 1, int stripes = 1) =>
        new(Header(stripe), Family(blockSize, stripe, stripes));

    public static void BeginSet(TapeWriter writer, int stripe = 1, int stripes = 1) => writer.BeginSet(
        Set(),
        new VolumeBlock { VolumeName = "data", MachineName = "host", Written = Local },
        new DirectoryBlock { Path = @"srv\databases", Written = Local },
        Record(stripe, stripes));

    public static FileBlock File(string name, long size) =>
        new() { Name = name, SizeBytes = size, Modified = Local, Written = Local };

    public static void EndSet(TapeWriter writer, long? allStripes = null, bool isAborted = false) =>
        writer.EndSet(Local, Moment.AddMinutes(1), allStripes, isAborted);

    /// <summary>Takes from a writer, in parts of the sizes given, until it has nothing more to give by itself.</summary>
    public static void Drain(TapeWriter writer, MemoryStream stream, ReadOnlySpan<byte> file, Func<int> partBytes)
    {
        while (true)
        {
            byte[] part = new byte[partBytes()];
            int count;
            if (writer.DataDueBytes > 0)
            {
                count = (int)Math.Min(part.Length, writer.DataDueBytes);
                file.Slice((int)writer.DataOffsetBytes, count).CopyTo(part);
                writer.AppendData(part.AsSpan(0, count));
            }
            else if ((count = writer.Write(part)) == 0)
            {
                return;
            }

            stream.Write(part, 0, count);
        }
    }

    public static void Drain(TapeWriter writer, MemoryStream stream, ReadOnlySpan<byte> file = default) =>
        Drain(writer, stream, file, () => 4096);

    /// <summary>One stripe, one set, one file of known size.</summary>
    public static byte[] Whole(byte[] file, int blockSize = 512)
    {
        TapeWriter writer = Writer(blockSize);
        using MemoryStream stream = new();
        BeginSet(writer);
        writer.BeginFile(File("shop.db", file.Length));
        Drain(writer, stream, file);
        EndSet(writer);
        Drain(writer, stream);
        return stream.ToArray();
    }

    /// <summary>Stripes that share a file: each gets the next piece when chance says so.</summary>
    public static byte[][] Striped(byte[] file, int stripes, Random random, int maxPiece, int blockSize = 512)
    {
        TapeWriter[] writers = [.. Enumerable.Range(1, stripes).Select(stripe => Writer(blockSize, stripe, stripes))];
        MemoryStream[] streams = [.. writers.Select(_ => new MemoryStream())];
        for (int i = 0; i < stripes; i++)
        {
            BeginSet(writers[i], i + 1, stripes);
            writers[i].BeginPiecedFile(File("shop.db", file.Length));
        }

        int offset = 0;
        while (offset < file.Length)
        {
            int i = random.Next(stripes);
            int length = Math.Min(file.Length - offset, random.Next(1, maxPiece + 1));
            Drain(writers[i], streams[i]);
            writers[i].BeginPiece(offset, length);
            Drain(writers[i], streams[i], file);
            offset += length;
        }

        for (int i = 0; i < stripes; i++)
        {
            EndSet(writers[i], file.Length);
            Drain(writers[i], streams[i]);
        }

        return [.. streams.Select(stream => stream.ToArray())];
    }

    public static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Reads a medium in parts of the sizes given.</summary>
    public static Kept Read(ReadOnlySpan<byte> medium, Func<int>? partBytes = null)
    {
        Kept kept = new();
        TapeReader reader = new(kept);
        while (!medium.IsEmpty)
        {
            int count = Math.Min(medium.Length, partBytes?.Invoke() ?? medium.Length);
            reader.Push(medium[..count]);
            medium = medium[count..];
        }

        reader.End();
        return kept;
    }
}
