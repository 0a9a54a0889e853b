using OpenVdi.Testing.Mtf;
using Xunit.Abstractions;

namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>
/// Real backups, where they are at hand: OPENVDI_TESTDATA, or shared/testdata beside a folder above the test assembly. They are
/// compressed, so that of MTF only their soft filemarks are in the open; those deviate from the published format in known ways.
/// </summary>
public sealed class MtfRealFileTests(ITestOutputHelper output)
{
    private const string Variable = "OPENVDI_TESTDATA";

    [Fact]
    public void Filemarks_OfRealBackups_KeepTheRulesOfHeaders()
    {
        if (Find() is not { } folder)
        {
            output.WriteLine($"no folder shared/testdata and no {Variable}: there is nothing to read, nothing was checked");
            return;
        }

        string[] files = Directory.GetFiles(folder, "*.bak", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            CheckFilemarks(Path.GetFileName(file), File.ReadAllBytes(file));
        }
    }

    [Fact]
    public void Check_OfRealCompressedBackups_SaysThatTheyBeginOtherwise()
    {
        output.WriteLine(Find() is { } found ? $"files of '{found}'" : "no folder of real backups: nothing was checked");
        foreach (string file in Find() is { } folder ? Directory.GetFiles(folder, "*.bak", SearchOption.AllDirectories) : [])
        {
            using FileStream stream = File.OpenRead(file);
            MtfViolationException violation = Assert.Throws<MtfViolationException>(() => MtfChecker.Check(stream));
            output.WriteLine($"{Path.GetFileName(file)}: {violation.Message}");
            Assert.Equal(0, violation.OffsetBytes);
        }
    }

    private void CheckFilemarks(string name, byte[] file)
    {
        int count = 0;
        for (int at = 0; at < file.Length; at += 512)
        {
            if (!file.AsSpan(at, 4).SequenceEqual("SFMB"u8))
            {
                continue;
            }

            // Type, checksum, size and fit: refused for one thing only, attributes that nobody has defined.
            int size = MtfBlock.U16(file, at + 8);
            MtfViolationException violation = Assert.Throws<MtfViolationException>(() => Read(file.AsSpan(at), size));
            Assert.Equal("BlockAttributes", MtfMutations.NameOf(violation.Violated));
            Assert.Equal(0, at % size);

            // Without them every rule of a header holds, and the array has an entry for each earlier filemark.
            byte[] plain = file.AsSpan(at, size).ToArray();
            plain.AsSpan(4, 4).Clear();
            Part.Xor16(plain.AsSpan(0, 50)).CopyTo(plain, 50);
            MtfBlock block = Read(plain, size);
            output.WriteLine($"{name}: filemark {count + 1} at 0x{at:X}: {size} bytes, {block.U32(56)} of {block.U32(52)} entries used, "
                + $"FLA {block.Fla}, control block id {block.Id}");
            Assert.Equal((uint)count, block.U32(56));
            Assert.InRange(block.U32(52), 1u, (uint)(size - 60) / 4);

            // Nor does it count as published.
            Assert.Equal((0ul, 0u), (block.Fla, block.Id));
            count++;
        }

        Assert.Equal(3, count);
    }

    private static MtfBlock Read(ReadOnlySpan<byte> bytes, int size)
    {
        using var stream = new MemoryStream(bytes.ToArray());
        return MtfBlock.Read(new MtfInput(stream, null), MtfBlock.MaxBytes, size);
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } stated)
        {
            return Directory.Exists(stated)
                ? stated
                : throw new DirectoryNotFoundException($"{Variable}: expected a folder, found '{stated}'");
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, "shared", "testdata");
            if (Directory.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
