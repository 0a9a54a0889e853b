using System.Runtime.CompilerServices;
using OpenVdi.Client;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>Where buffers lie: B20 to B23, AT18.</summary>
public abstract class BufferLayouts(TransportKind kind) : ConformanceSuite(kind)
{
    /// <summary>Prefix zone, set alignment, request alignment, size, count.</summary>
    public static TheoryData<uint, uint, uint, uint, uint> Shapes => new()
    {
        { 0, 512, 0, 65536, 3 },
        { 1000, 4096, 0, 65536, 4 },
        { 1, 512, 0, 512, 9 },
        { 512, 512, 0, 512, 9 },
        { 4096, 4096, 8192, 12288, 3 },
        { 5000, 512, 65536, 65536, 2 },
        { 70000, 65536, 0, 131072, 2 },
    };

    [Theory, MemberData(nameof(Shapes))]
    [Spec("B20"), Spec("B21"), Spec("B22"), Spec("B23"), Spec("B4")]
    public void Buffers_OfEveryShape_HaveAlignedDataBehindAPrefixZoneThatIsTheClients(
        uint prefix, uint alignment, uint requested, uint size, uint count)
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { PrefixZoneSizeBytes = prefix },
            AlignmentBytes = alignment,
            MaxTransferSizeBytes = 131072,
            BufferCount = 0,
        }).Begun();
        set.Server.Request(size, count, requested).End();
        set.Client.GetConfiguration();
        set.Server.OpenDevice(set.Name);
        set.Server.StartAgent();
        set.Client.OpenDevice(set.Name);
        uint effective = Math.Max(alignment, requested);

        // Each buffer filled with its number by the server, each zone by the client; then all are looked at again.
        DeviceBuffer[] atServer = [.. Enumerable.Range(0, (int)count).Select(_ => set.Server.Allocate(size, requested))];
        var atClient = new List<ClientCommand>();
        for (int i = 0; i < atServer.Length; i++)
        {
            atServer[i].Span.Fill((byte)(i + 1));
            set.Server.Send(CommandCode.Write, atServer[i]);
            ClientCommand command = set.Client.Expect(CommandCode.Write);
            Assert.Equal(0, atServer[i].Address % (nint)effective);
            Assert.Equal(0, command.Buffer.Address % (nint)effective);
            Assert.Equal((int)prefix, command.Buffer.PrefixZone.Length);
            command.Buffer.PrefixZone.Fill((byte)(0x80 | i));
            atClient.Add(command);
        }

        for (int i = 0; i < atServer.Length; i++)
        {
            // B21: the zone ends exactly where the data begins. B22: nobody but the client wrote to it, nor did it spill.
            Assert.Equal(-1, atClient[i].Buffer.Span.IndexOfAnyExcept((byte)(i + 1)));
            Assert.Equal(-1, atClient[i].Buffer.PrefixZone.IndexOfAnyExcept((byte)(0x80 | i)));
            if (prefix > 0)
            {
                Assert.True(
                    Unsafe.AreSame(
                        ref Unsafe.Add(ref atClient[i].Buffer.PrefixZone[0], (int)prefix),
                        ref atClient[i].Buffer.Span[0]),
                    "the zone does not end where the data begins");
            }

            set.Client.Complete(atClient[i]);
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    [Spec("B23")]
    public void Layout_OfEveryShape_IsTheFormulaOfTheRow(uint prefix, uint alignment, uint requested, uint size, uint count)
    {
        long a = Math.Max(alignment, requested);
        long RoundUp(long value) => (value + a - 1) / a * a;
        BufferLayout layout = BufferLayout.For(size, (uint)a, prefix);

        Assert.Equal(RoundUp(prefix), layout.FirstDataOffsetBytes);
        Assert.Equal(RoundUp((long)prefix + size), layout.StrideBytes);
        for (long i = 0; i < count; i++)
        {
            Assert.Equal(RoundUp(prefix) + (i * RoundUp((long)prefix + size)), layout.DataOffsetBytes(i));
        }
    }

    [Fact, Spec("B23")]
    public void Areas_OfASet_BeginAtMultiplesOf64KiB()
    {
        BothHalves set = NewSet(new SetShape { BufferCount = 1 }).Running();
        set.Server.Request(512, 3);
        Assert.Equal(0, set.Server.Allocate(65536).Area!.Address % 65536);
        Assert.Equal(0, set.Server.Allocate(512).Area!.Address % 65536);
    }

    [Fact, Spec("AT18")]
    public void Buffers_WithAPrefixZoneOf1000AndAlignment4096_LieAsTheScenarioSays()
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { PrefixZoneSizeBytes = 1000, AlignmentBytes = 4096 },
            AlignmentBytes = 4096,
            BufferCount = 6,
        }).Running();
        var held = new List<ClientCommand>();
        for (int i = 0; i < 6; i++)
        {
            set.Server.Send(CommandCode.Write, set.Server.Allocate());
            held.Add(set.Client.Expect(CommandCode.Write));
        }

        nint[] data = [.. held.Select(c => c.Buffer.Address).Order()];
        Assert.All(data, d => Assert.Equal(0, d % 4096));
        for (int i = 1; i < data.Length; i++)
        {
            Assert.True(data[i] - 1000 >= data[i - 1] + 65536, "a zone overlaps the neighbour");
        }

        Assert.All(held, c => c.Buffer.PrefixZone.Fill(0xFF));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class BufferLayoutsInProcess(InProcessKind kind) : BufferLayouts(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class BufferLayoutsSharedMemory(SharedMemoryKind kind) : BufferLayouts(kind), IClassFixture<SharedMemoryKind>;
