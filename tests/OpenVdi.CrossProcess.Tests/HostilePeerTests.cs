using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OpenVdi.SharedMemory;
using OpenVdi.Testing;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Processes that speak the control protocol wrongly, or not at all; and primaries that are none.</summary>
public sealed class HostilePeerTests
{
    private const ulong Seed = 17;

    [Theory]
    [InlineData("silent")]
    [InlineData("garbage")]
    [InlineData("truncated")]
    [InlineData("long")]
    [InlineData("wrong version")]
    [InlineData("wrong kind")]
    [InlineData("many descriptors")]
    [InlineData("half a hello, then gone")]
    [Spec("V12")]
    public void Connect_BySomebodyWhoKeepsNoRules_ChangesNothing(string manner)
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("hostile");
        Peer primary = fleet.Start("primary");
        Peer server = fleet.Start("server");
        primary.Send(Requests.Primary(set, 2, "0,1", Seed));
        Assert.Equal("NOERROR", primary.Expect("created", set).Code);
        long before = Vitals(primary);
        HostileSocket[] hostiles = [.. Enumerable.Range(0, 32).Select(_ => HostileSocket.Connect(set))];
        foreach (HostileSocket hostile in hostiles)
        {
            Misbehave(hostile, manner);
        }

        // While they hang on, and misbehave again, others work.
        server.Send(Requests.Serve(set, "backup", Seed));
        primary.Expect("first", set);
        foreach (HostileSocket hostile in hostiles)
        {
            Misbehave(hostile, manner);
        }

        server.Send(Requests.Notify(set, 0, 500));
        server.Expect("reached", set);
        server.Send(Requests.Stop(set));
        Assert.True(server.Expect("served", set).Flag("good"));
        primary.Expect("stored", set);
        Array.ForEach(hostiles, static hostile => hostile.Dispose());
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Assert.InRange(Vitals(primary), 0, before);
        fleet.AssertNoExceptions();
        Leftovers.AssertNone(set);
    }

    [Theory]
    [InlineData("silent", "did not answer")]
    [InlineData("gone", "did not answer")]
    [InlineData("garbage", "no welcome")]
    [InlineData("wrong version", "no welcome")]
    [InlineData("no memory", "no welcome")]
    [InlineData("unsealed memory", "sealed shared memory")]
    [InlineData("short memory", "sealed shared memory")]
    [InlineData("memory that is a file", "sealed shared memory")]
    [InlineData("too many devices", "deviceCount 1000")]
    [InlineData("no magic", "found version 0")]
    [Spec("V12")]
    public void Open_OfAPrimaryThatIsNone_IsRefusedInTime(string manner, string words)
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("fake");
        Peer server = fleet.Start("server");
        server.Expect("ready");
        using HostileSocket listener = HostileSocket.Listen(set);

        string id = server.Send(Requests.Open(set));
        using HostileSocket connection = AcceptHello(listener);
        Welcome(connection, manner);

        PeerEvent opened = server.Expect("result", set, result => result.Text("id") == id, "open");
        Assert.Equal("VD_E_INVALID", opened.Code);
        // The words show that it was refused for what was wrong with it, and that the rest of the forgery was good.
        Assert.Contains(words, opened.Text("words"), StringComparison.Ordinal);
        Assert.Empty(server.Exceptions);

        // The same object opens a real one afterwards.
        string real = Fleet.NewName("real");
        Peer primary = fleet.Start("primary");
        Assert.Equal("NOERROR", primary.Call(Requests.Create(real)).Code);
        Assert.Equal("NOERROR", server.Call(Requests.Open(real)).Code);
    }

    [Fact]
    [Spec("X9")]
    public void Truncate_OfASetsMemoryByItsOwnClient_IsNotPermitted()
    {
        using var fleet = new Fleet();
        LiveSet set = LiveSet.Start(fleet, "truncate", "backup", [0], []);
        const int OperationNotPermitted = 1;

        string id = set.Primary.Send(new Request("truncate").With("run", set.Name));
        set.Primary.Expect("result", set.Name, result => result.Text("id") == id);

        int count = 0;
        while (set.Primary.TryExpect("truncated", set.Name, limit: TimeSpan.Zero) is { } truncated)
        {
            count++;
            Assert.Equal(-1, truncated.Number("returned"));
            Assert.Equal(OperationNotPermitted, truncated.Number("errno"));
        }

        Assert.True(count > 0, "expected the client to have the set's memory open, found none");
        set.AwaitTraffic(0, 200);
        set.Server.Send(Requests.Stop(set.Name));
        Assert.True(set.Server.Expect("served", set.Name).Flag("good"));
    }

    /// <summary>Whoever creates a set anywhere knocks at every name, to see whether it is stale, and goes without a word.</summary>
    private static HostileSocket AcceptHello(HostileSocket listener)
    {
        byte[] hello = new byte[ControlMessage.MaxBytes];
        while (true)
        {
            HostileSocket connection = listener.Accept();
            if (connection.Receive(hello) > 0)
            {
                return connection;
            }

            connection.Dispose();
        }
    }

    private static long Vitals(Peer peer)
    {
        peer.Send(new Request("vitals").With("run", "vitals"));
        return peer.Expect("vitals", "vitals").Number("sockets");
    }

    private static void Misbehave(HostileSocket socket, string manner)
    {
        Span<byte> buffer = stackalloc byte[ControlMessage.MaxBytes];
        ControlMessage hello = ControlMessage.Begin(buffer, MessageKind.Hello);
        hello.Put((uint)PeerRole.Secondary);
        hello.Put(string.Empty);
        int length = hello.Written.Length;
        switch (manner)
        {
            case "garbage":
                RandomNumberGenerator.Fill(buffer);
                socket.Send(buffer[..100]);
                break;
            case "truncated":
                socket.Send(buffer[..(length - 3)]);
                break;
            case "long":
                socket.Send(new byte[3 * ControlMessage.MaxBytes]);
                break;
            case "wrong version":
                buffer[4] ^= 0x7F;
                socket.Send(buffer[..length]);
                break;
            case "wrong kind":
                buffer[6] = 0xEE;
                socket.Send(buffer[..length]);
                break;
            case "many descriptors":
                using (SafeFileHandle file = File.OpenHandle("/dev/null"))
                {
                    socket.Send(buffer[..length], [.. Enumerable.Repeat(file, 200)]);
                }

                break;
            case "half a hello, then gone":
                socket.Send(buffer[..5]);
                socket.Dispose();
                break;
        }
    }

    private static void Welcome(HostileSocket connection, string manner)
    {
        const uint DeviceCount = 2;
        long size = ControlArea.SizeBytesFor((int)DeviceCount);
        Span<byte> buffer = stackalloc byte[ControlMessage.MaxBytes];
        ControlMessage welcome = ControlMessage.Begin(buffer, MessageKind.Welcome);
        welcome.Put(new SetConfiguration { DeviceCount = manner == "too many devices" ? 1000 : DeviceCount });
        int length = welcome.Written.Length;
        switch (manner)
        {
            case "gone":
                connection.Dispose();
                break;
            case "garbage":
                RandomNumberGenerator.Fill(buffer);
                connection.Send(buffer[..500]);
                break;
            case "wrong version":
                buffer[4] ^= 0x7F;
                connection.Send(buffer[..length]);
                break;
            case "no memory":
                connection.Send(buffer[..length]);
                break;
            case "unsealed memory":
                SendMemory(connection, buffer[..length], size, isSealed: false);
                break;
            case "short memory":
                SendMemory(connection, buffer[..length], size / 2, isSealed: true);
                break;
            case "memory that is a file":
                using (SafeFileHandle file = File.OpenHandle("/proc/self/exe"))
                {
                    connection.Send(buffer[..length], file);
                }

                break;
            case "too many devices" or "no magic":
                SendMemory(connection, buffer[..length], size, isSealed: true);
                break;
        }
    }

    private static void SendMemory(HostileSocket connection, ReadOnlySpan<byte> message, long sizeBytes, bool isSealed)
    {
        using SafeFileHandle memory = Interop.MemfdCreate("openvdi-control", out int errno);
        Assert.Equal(0, errno);
        Assert.Equal(0, Interop.FTruncate(memory, sizeBytes & ~4095L));
        if (isSealed)
        {
            Assert.Equal(0, Interop.SealSize(memory));
        }

        connection.Send(message, memory);
    }
}
