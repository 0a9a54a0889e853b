using System.Globalization;
using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.SharedMemory;
using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>The codes that each function can return: R1 to R24. Each code of a row is brought about, and no other comes.</summary>
public abstract class ReturnCodes(TransportKind kind) : ConformanceSuite(kind)
{
    private const uint HugeSizeBytes = 3u << 28, HugeCount = 4000;

    /// <summary>Codes of a row that its situations here cannot bring about, and why.</summary>
    private static readonly Dictionary<string, VdResult[]> s_elsewhere = new()
    {
        // Without a security environment there is nothing to build; where there is one, see the suite's last test.
        ["R1"] = [VdResult.SecurityError],
        ["R2"] = [VdResult.SecurityError],
        // Only for a call that is in progress when the abort arrives (S-n1): see ServerNotes; BeginConfiguration takes no time.
        ["R12"] = [VdResult.Aborted],
        ["R13"] = [VdResult.Aborted],
        ["R15"] = [VdResult.Aborted],
    };

    public static TheoryData<string> Rows => [.. Enumerable.Range(1, 24).Where(n => n != 20).Select(n => $"R{n}")];

    [Theory, MemberData(nameof(Rows))]
    [Spec("R1"), Spec("R2"), Spec("R3"), Spec("R4"), Spec("R5"), Spec("R6"), Spec("R7"), Spec("R8"), Spec("R9"), Spec("R10")]
    [Spec("R11"), Spec("R12"), Spec("R13"), Spec("R14"), Spec("R15"), Spec("R16"), Spec("R17"), Spec("R18"), Spec("R19")]
    [Spec("R21"), Spec("R22"), Spec("R23"), Spec("R24")]
    public void Function_OverItsSituations_ReturnsTheCodesOfItsRowAndNoOther(string row)
    {
        SpecRow spec = SpecDocument.Vdi[row];
        SortedSet<string> expected =
            [.. SpecTables.Outcomes(spec["doc"]).Concat(SpecTables.Outcomes(spec["state"])).Select(o => o.Status)];
        expected.ExceptWith(s_elsewhere.GetValueOrDefault(row, []).Select(r => r.SpecName()));

        List<VdResult> codes = int.Parse(row[1..], CultureInfo.InvariantCulture) switch
        {
            <= 4 => ClientSetCodes(row),
            <= 9 => ClientDeviceCodes(row),
            <= 16 => ServerConfigurationCodes(row),
            _ => ServerTransferCodes(row),
        };
        SortedSet<string> found = [.. codes.Select(r => r.SpecName())];

        Assert.Equal(expected, found);
    }

    private List<VdResult> ClientSetCodes(string row)
    {
        BothHalves set = NamedByTheServer();
        ClientVirtualDeviceSet client = set.ClientSet;
        ClientVirtualDeviceSet fresh = NewClientSet();
        switch (row)
        {
            case "R1":
                return
                [
                    fresh.CreateEx(null, null, new SetConfiguration()),
                    fresh.CreateEx("NOSUCHINSTANCE", NewName(), new SetConfiguration()),
                    fresh.CreateEx(null, NewName(), new SetConfiguration { DeviceCount = 0 }),
                    fresh.CreateEx(null, set.Name, new SetConfiguration()),
                    fresh.CreateEx(null, NewName(), new SetConfiguration()),
                ];
            case "R2":
                return
                [
                    fresh.OpenInSecondaryEx(null, ""), fresh.OpenInSecondaryEx("NOSUCHINSTANCE", set.Name),
                    fresh.OpenInSecondaryEx(null, NewName()), fresh.OpenInSecondaryEx(null, set.Name),
                    fresh.OpenInSecondaryEx(null, set.Name), client.SignalAbort(), NewClientSet().OpenInSecondaryEx(null, set.Name),
                ];
            case "R3":
                BothHalves unready = NewSet().Begun();
                return
                [
                    fresh.GetConfiguration(TimeSpan.Zero, out _), unready.ClientSet.GetConfiguration(TimeSpan.Zero, out _),
                    client.GetConfiguration(TimeSpan.Zero, out _), client.SignalAbort(),
                    client.GetConfiguration(TimeSpan.Zero, out _),
                ];
            default:
                return
                [
                    fresh.OpenDevice(set.Name, out _), client.OpenDevice("x", out _), client.OpenDevice(set.Name, out _),
                    client.OpenDevice(set.Name, out _), client.OpenDevice("b", out _), client.OpenDevice("b", out _),
                    client.SignalAbort(), client.OpenDevice("b", out _),
                ];
        }
    }

    private List<VdResult> ClientDeviceCodes(string row)
    {
        BothHalves set = NamedByTheServer();
        ClientVirtualDeviceSet client = set.ClientSet;
        ClientVirtualDeviceSet fresh = NewClientSet();
        switch (row)
        {
            case "R5":
                ClientVirtualDevice first = set.Client.OpenDevice(set.Name);
                ClientVirtualDevice second = set.Client.OpenDevice("b");
                set.Server.Send(CommandCode.Flush);
                set.Server.CloseDevices();
                return
                [
                    first.GetCommand(Limit, out _), first.GetCommand(Limit, out _), first.GetCommand(Limit, out _),
                    .. Timed(), client.SignalAbort(), second.GetCommand(Limit, out _),
                ];
            case "R6":
                ClientVirtualDevice device = set.Client.OpenDevice(set.Name);
                set.Server.Send(CommandCode.Flush);
                ClientCommand command = set.Client.Expect(CommandCode.Flush);
                return
                [
                    device.CompleteCommand(in command, CompletionCode.Success, 0),
                    device.CompleteCommand(in command, CompletionCode.Success, 0),
                    client.SignalAbort(), device.CompleteCommand(in command, CompletionCode.Success, 0),
                    client.Close(), device.CompleteCommand(in command, CompletionCode.Success, 0),
                ];
            case "R7":
                return
                [
                    fresh.MapBufferHandle(1, out _), fresh.GetBufferHandle(1, out _), client.GetBufferHandle(1, out _),
                    client.MapBufferHandle(1, out _), client.MapBufferHandle(set.Server.Allocate().Handle, out nint address),
                    client.GetBufferHandle(address, out _),
                ];
            case "R8":
                return [fresh.SignalAbort(), client.SignalAbort(), client.SignalAbort()];
            default:
                ScriptedClient secondary = NewClient().Join(set.Name);
                secondary.OpenDevice("b");
                return
                [
                    fresh.Close(), NewClient().Join(set.Name).Set.Close(), secondary.Set.Close(), client.Close(), client.Close(),
                ];
        }
    }

    private IEnumerable<VdResult> Timed() => [NewSet().Running().ClientDevice.GetCommand(TimeSpan.Zero, out _)];

    /// <summary>Configured, both devices named by the server, and none open at the client.</summary>
    private BothHalves NamedByTheServer()
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        set.Server.StartAgent();
        return set;
    }

    private BothHalves AbortedByTheClient()
    {
        BothHalves set = NewSet(2).Running();
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        return set;
    }

    private List<VdResult> ServerConfigurationCodes(string row)
    {
        BothHalves set = NewSet(2).Running();
        ServerVirtualDeviceSet server = set.ServerSet;
        ServerVirtualDeviceSet fresh = NewServerSet();
        BothHalves connected = NewSet().Connected();
        BothHalves begun = NewSet().Begun();
        BothHalves aborted = AbortedByTheClient();
        switch (row)
        {
            case "R10":
                return
                [
                    fresh.Open(null, NewName()), fresh.Open("NOSUCHINSTANCE", set.Name), fresh.Open(null, set.Name),
                    fresh.Open(null, NewSet().Created().Name),
                ];
            case "R11":
                return [fresh.GetConfiguration(out _), server.GetConfiguration(out _), aborted.ServerSet.GetConfiguration(out _)];
            case "R12":
                return
                [
                    fresh.BeginConfiguration(default, 512, 0, 65536, TimeSpan.Zero),
                    connected.ServerSet.BeginConfiguration(default, 1, 0, 65536, TimeSpan.Zero),
                    connected.ServerSet.BeginConfiguration(default, 512, 0, 65536, TimeSpan.Zero),
                ];
            case "R13":
                return
                [
                    fresh.RequestBuffers(512, 0, 1), server.RequestBuffers(512, 3, 1), server.RequestBuffers(512, 0, 1),
                    server.RequestBuffers(HugeSizeBytes, 0, HugeCount),
                ];
            case "R14":
                return
                [
                    fresh.QueryAvailableBuffers(512, 0, out _), server.QueryAvailableBuffers(0, 0, out _),
                    server.QueryAvailableBuffers(512, 0, out _),
                ];
            case "R15":
                return
                [
                    fresh.EndConfiguration(), begun.ServerSet.RequestBuffers(HugeSizeBytes, 0, HugeCount),
                    begun.ServerSet.EndConfiguration(), begun.ServerSet.EndConfiguration(),
                ];
            default:
                begun.Server.Request(512, 1).End();
                return
                [
                    fresh.OpenDevice("a", out _), begun.ServerSet.OpenDevice(begun.Name, out _),
                    begun.ServerSet.OpenDevice("b", out _), aborted.ServerSet.OpenDevice("b", out _),
                ];
        }
    }

    private List<VdResult> ServerTransferCodes(string row)
    {
        BothHalves set = NewSet(2).Running();
        ServerVirtualDeviceSet server = set.ServerSet;
        ServerVirtualDeviceSet fresh = NewServerSet();
        BothHalves aborted = AbortedByTheClient();
        switch (row)
        {
            case "R17":
                aborted.Server.AwaitAgent();
                set.Terminated();
                return [fresh.ExecuteCompletionAgent(), set.Server.AwaitAgent(), aborted.ServerSet.ExecuteCompletionAgent()];
            case "R18":
                return
                [
                    fresh.AllocateBuffer(out _, 512, 0), server.AllocateBuffer(out _, 0, 0), server.AllocateBuffer(out _, 512, 0),
                    server.AllocateBuffer(out _, 1 << 20, 0), aborted.ServerSet.AllocateBuffer(out _, 512, 0),
                ];
            case "R19":
                return [fresh.FreeBuffer(1, 1), server.FreeBuffer(1, 1), server.FreeBuffer(set.Server.Allocate())];
            case "R21":
                return [fresh.SignalAbort(), server.SignalAbort()];
            case "R22":
                return [NewSet().Connected().ServerSet.Close(), server.Close()];
            case "R23":
                return SendCodes(set, aborted);
            default:
                return
                [
                    aborted.ServerDevice.CloseDevice(), set.ServerDevice.CloseDevice(), set.ServerDevice.CloseDevice(),
                    server.Close(), set.Server.Devices[1].CloseDevice(),
                ];
        }
    }

    private static List<VdResult> SendCodes(BothHalves set, BothHalves aborted)
    {
        var codes = new List<VdResult> { aborted.Server.TrySend(CommandCode.Flush).Result };
        SentCommand failing = set.Server.Send(CommandCode.Flush, device: 1);
        set.Client.Serve(CommandCode.Flush, CompletionCode.DiskFull, device: 1);
        failing.AwaitCompletion();
        codes.Add(set.Server.TrySend(CommandCode.Flush, device: 1).Result);
        do
        {
            codes.Add(set.Server.TrySend(CommandCode.Flush).Result);
        }
        while (codes[^1] == VdResult.Ok);

        set.ServerDevice.CloseDevice();
        codes.Add(set.Server.TrySend(CommandCode.Flush).Result);
        return codes;
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ReturnCodesInProcess(InProcessKind kind) : ReturnCodes(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ReturnCodesSharedMemory(SharedMemoryKind kind) : ReturnCodes(kind), IClassFixture<SharedMemoryKind>
{
    [Fact, Spec("C1n"), Spec("R1")]
    public void CreateEx_WithoutASecurityEnvironment_IsASecurityError()
    {
        var transport = new SharedMemoryTransport(new SharedMemoryOptions { Group = $"no-such-group-{Guid.NewGuid():N}" });
        using var set = new ClientVirtualDeviceSet(transport);
        Assert.Equal(VdResult.SecurityError, set.CreateEx(null, NewName(), new SetConfiguration()));
        Assert.Equal(ClientSetState.DoesNotExist, set.State);
        Assert.NotNull(set.LastFailure!.Hint);
    }
}
