using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>What Create and BeginConfiguration accept and what becomes of it: G1 to G10, V1 to V13, 4.1 to 4.3.</summary>
public abstract class Configuration(TransportKind kind) : ConformanceSuite(kind)
{
    private const VdFeatures ServerOnly = VdFeatures.WriteMedia | VdFeatures.ReadMedia | VdFeatures.CompleteEnabled;

    private static readonly SetConfiguration s_wishes = new()
    {
        DeviceCount = 3,
        Features = VdFeatures.LikeTape | VdFeatures.Discard,
        PrefixZoneSizeBytes = 100,
        AlignmentBytes = 2048,
        SoftFileMarkBlockSizeBytes = 4096,
        EomWarningSizeBytes = 1 << 20,
        ServerTimeoutMilliseconds = 60_000,
    };

    [Fact, Spec("G1"), Spec("G2"), Spec("S2")]
    public void GetConfiguration_AtTheServer_GivesTheClientsWishes()
    {
        BothHalves set = NewSet(new SetShape { Wishes = s_wishes }).Connected();
        Assert.Equal(VdResult.Ok, set.ServerSet.GetConfiguration(out SetConfiguration? read));
        Assert.Equal(s_wishes, read);

        // G1: nothing the client could still change; a second Create is refused and leaves the wishes.
        Assert.Equal(VdResult.ProtocolError, set.ClientSet.CreateEx(null, NewName(), s_wishes with { DeviceCount = 1 }));
        Assert.Equal(VdResult.Ok, set.ServerSet.GetConfiguration(out read));
        Assert.Equal(s_wishes, read);
    }

    [Fact, Spec("G2"), Spec("G3"), Spec("G4"), Spec("G6")]
    public void GetConfiguration_AtTheClient_GivesTheServersChoice()
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = s_wishes,
            BlockSizeBytes = 1024,
            AlignmentBytes = 4096,
            MaxTransferSizeBytes = 131072,
            BufferSizeBytes = 131072,
            BufferCount = 3,
        }).Begun();
        set.Server.Request(131072, 3).End();
        SetConfiguration final = set.Client.GetConfiguration();

        Assert.Equal(
            s_wishes with
            {
                Features = s_wishes.Features | VdFeatures.WriteMedia,
                AlignmentBytes = 4096,
                BlockSizeBytes = 1024,
                MaxTransferSizeBytes = 131072,
                MaxIODepth = 4,
                BufferAreaSizeBytes = final.BufferAreaSizeBytes,
            },
            final);
        Assert.True(final.BufferAreaSizeBytes >= 3 * (131072 + 100), $"area of {final.BufferAreaSizeBytes} bytes");
        Assert.Equal(VdResult.Ok, set.ServerSet.GetConfiguration(out SetConfiguration? atServer));
        Assert.Equal(final, atServer);
    }

    [Fact, Spec("G3"), Spec("S3")]
    public void BeginConfiguration_ASecondTime_ChangesNothingForTheLifeOfTheSet()
    {
        BothHalves set = NewSet().Begun();
        VdResult Again() => set.ServerSet.BeginConfiguration(VdFeatures.ReadMedia, 4096, 4096, 1 << 20, TimeSpan.Zero);
        Assert.Equal(VdResult.ProtocolError, Again());
        set.Server.Request(65536, 1).End();
        Assert.Equal(VdResult.ProtocolError, Again());
        set.Server.OpenDevice(set.Name);
        Assert.Equal(VdResult.ProtocolError, Again());

        SetConfiguration final = set.Client.GetConfiguration();
        Assert.Equal(
            (VdFeatures.WriteMedia, 512u, 512u, 65536u),
            (final.Features, final.BlockSizeBytes, final.AlignmentBytes, final.MaxTransferSizeBytes));
    }

    [Fact, Spec("G4")]
    public void BeginConfiguration_WithClientBitsThatWereNotOffered_IsInvalid()
    {
        BothHalves set = NewSet().Connected();
        foreach (VdFeatures invented in new[] { VdFeatures.Removable, VdFeatures.LikeDisk, VdFeatures.SnapshotPrepare })
        {
            Assert.Equal(
                VdResult.Invalid,
                set.ServerSet.BeginConfiguration(VdFeatures.WriteMedia | invented, 512, 0, 65536, TimeSpan.Zero));
        }

        Assert.Equal(ServerSetState.Connected, set.ServerSet.State);
    }

    [Theory, InlineData(0u), InlineData((uint)VdFeatures.Removable)]
    [Spec("G4")]
    public void BeginConfiguration_WithTheServersBitsOnly_KeepsTheClients(uint clientBits)
    {
        // The result is the client's bits and the server's, whether the engine repeats the client's or not.
        BothHalves set = NewSet(new SetShape { Wishes = new SetConfiguration { Features = (VdFeatures)clientBits } }).Connected();
        VdFeatures both = VdFeatures.WriteMedia | VdFeatures.ReadMedia;
        Assert.Equal(VdResult.Ok, set.ServerSet.BeginConfiguration(both, 512, 0, 65536, TimeSpan.Zero));
        set.Server.Request(65536, 1).End();
        Assert.Equal((VdFeatures)clientBits | both, set.Client.GetConfiguration().Features);
    }

    [Fact, Spec("G5"), Spec("AT1")]
    public void GetConfiguration_OfAPlainPipeBackup_ReportsFeatures10000()
    {
        BothHalves set = NewSet().Begun();
        set.Server.Request(65536, 1).End();
        Assert.Equal(0x10000u, (uint)set.Client.GetConfiguration().Features);
    }

    [Theory, InlineData(VdFeatures.WriteMedia, true), InlineData(VdFeatures.ReadMedia, false)]
    [Spec("G6")]
    public void GetConfiguration_ByWriteMedia_TellsTheDirection(VdFeatures direction, bool isBackup)
    {
        BothHalves set = NewSet(new SetShape { ServerBits = direction }).Begun();
        set.Server.Request(65536, 1).End();
        Assert.Equal(isBackup, set.Client.GetConfiguration().Features.HasFlag(VdFeatures.WriteMedia));
    }

    [Theory, InlineData(true, true), InlineData(true, false), InlineData(false, false)]
    [Spec("G7"), Spec("AT2")]
    public void GetConfiguration_WithRequestComplete_ShowsWhetherCompleteWillBeSent(bool requested, bool granted)
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration { Features = requested ? VdFeatures.RequestComplete : default },
            ServerBits = VdFeatures.WriteMedia | (granted ? VdFeatures.CompleteEnabled : default),
        }).Begun();
        set.Server.Request(65536, 1).End();
        Assert.Equal(
            (granted, requested),
            (set.Client.GetConfiguration().Features.HasFlag(VdFeatures.CompleteEnabled),
                set.Client.GetConfiguration().Features.HasFlag(VdFeatures.RequestComplete)));
    }

    [Fact, Spec("G4"), Spec("G7")]
    public void BeginConfiguration_GrantingCompleteUnasked_IsInvalid()
    {
        BothHalves set = NewSet().Connected();
        Assert.Equal(
            VdResult.Invalid,
            set.ServerSet.BeginConfiguration(VdFeatures.WriteMedia | VdFeatures.CompleteEnabled, 512, 0, 65536, TimeSpan.Zero));
    }

    [Theory, InlineData(false), InlineData(true)]
    [Spec("G8"), Spec("C8/Initializing")]
    public void SignalAbort_ByASideThatCannotLiveWithTheResult_EndsTheOthersWait(bool byServer)
    {
        if (byServer)
        {
            BothHalves set = NewSet().Connected();
            PendingCall<VdResult> client = PendingCall.Begin(
                "GetConfiguration", () => set.ClientSet.GetConfiguration(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
            Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
            Assert.Equal(VdResult.Aborted, client.AwaitResult());
        }
        else
        {
            BothHalves set = NewSet().Configured();
            set.Server.StartAgent();
            Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
            Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        }
    }

    [Theory, InlineData(0), InlineData(1), InlineData(-1)]
    [Spec("G9"), Spec("Z8")]
    public void BeginConfiguration_WithAnyTimeout_NeitherWaitsForItNorFails(int milliseconds)
    {
        // The client does nothing at all meanwhile, and needs not: no client provides areas of its own.
        BothHalves set = NewSet().Connected();
        Assert.Equal(
            VdResult.Ok,
            set.ServerSet.BeginConfiguration(VdFeatures.WriteMedia, 512, 0, 65536, TimeSpan.FromMilliseconds(milliseconds)));
        Assert.Equal(ServerSetState.Configurable, set.ServerSet.State);
    }

    [Fact, Spec("G10"), Spec("C3/Configurable")]
    public void EndConfiguration_AndNothingBefore_ReleasesTheWaitingClient()
    {
        BothHalves set = NewSet().Created();
        PendingCall<VdResult> client = PendingCall.Begin(
            "GetConfiguration", () => set.ClientSet.GetConfiguration(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        set.Server.Open(set.Name);
        set.Server.Begin(VdFeatures.WriteMedia);
        set.Server.Request(65536, 1);
        client.AwaitBlocked();
        Assert.False(client.IsOver);
        set.Server.End();
        Assert.Equal(VdResult.Ok, client.AwaitResult());
    }

    [Theory, InlineData(0u, false), InlineData(1u, true), InlineData(64u, true), InlineData(65u, false)]
    [InlineData(uint.MaxValue, false)]
    [Spec("V1"), Spec("R1")]
    public void CreateEx_ByDeviceCount_TakesOneTo64(uint deviceCount, bool fits) =>
        Assert.Equal(
            fits ? VdResult.Ok : VdResult.NotSupported,
            NewClientSet().CreateEx(null, NewName(), new SetConfiguration { DeviceCount = deviceCount }));

    [Fact, Spec("V2")]
    public void CreateEx_ForEveryCombinationOfPositioningBits_TakesThoseOfTheTableOnly()
    {
        // 4.3: pipe, tape and disk, pipe and disk also removable. The extras do not matter, the rest is refused.
        uint[] classes = [0x0, 0x1, 0x173, 0x200, 0x201];
        VdFeatures[] extras =
        [
            default, VdFeatures.Discard, VdFeatures.SnapshotPrepare, VdFeatures.RequestComplete,
            VdFeatures.EnumFrozenFiles | VdFeatures.VssWriter,
        ];
        uint[] bits = [0x1, 0x2, 0x10, 0x20, 0x40, 0x100, 0x200];
        for (uint combination = 0; combination < 1u << bits.Length; combination++)
        {
            uint features = 0;
            for (int i = 0; i < bits.Length; i++)
            {
                features |= (combination >> i & 1) != 0 ? bits[i] : 0;
            }

            foreach (VdFeatures extra in extras)
            {
                using var set = new ClientVirtualDeviceSet(Transport);
                VdResult result = set.CreateEx(
                    null, NewName(), new SetConfiguration { Features = (VdFeatures)features | extra });
                Assert.True(
                    result == (classes.Contains(features) ? VdResult.Ok : VdResult.NotSupported),
                    $"features 0x{features:X} with {extra}: {result}");
            }
        }
    }

    [Theory, InlineData(0x80000000u), InlineData(0x4u), InlineData(0x8u), InlineData(0x4000u), InlineData(0x100000u)]
    [Spec("V2")]
    public void CreateEx_WithAnUnknownBit_IsNotSupported(uint bit) =>
        Assert.Equal(
            VdResult.NotSupported,
            NewClientSet().CreateEx(null, NewName(), new SetConfiguration { Features = (VdFeatures)bit }));

    [Fact, Spec("V3")]
    public void CreateEx_WithTheServersBitsAndFields_IgnoresThem()
    {
        BothHalves set = NewSet(new SetShape
        {
            Wishes = new SetConfiguration
            {
                Features = VdFeatures.Removable | ServerOnly,
                BlockSizeBytes = 77,
                MaxIODepth = 9,
                MaxTransferSizeBytes = 5,
                BufferAreaSizeBytes = 6,
            },
        }).Connected();
        Assert.Equal(VdResult.Ok, set.ServerSet.GetConfiguration(out SetConfiguration? wishes));
        Assert.Equal(new SetConfiguration { Features = VdFeatures.Removable }, wishes);
    }

    [Theory, InlineData(0u, true), InlineData(1u, true), InlineData(512u, true), InlineData(65536u, true)]
    [InlineData(3u, false), InlineData(1000u, false), InlineData(131072u, false), InlineData(uint.MaxValue, false)]
    [Spec("V4")]
    public void CreateEx_ByAlignment_TakesNoneOrPowersOfTwoUpTo65536(uint alignment, bool fits) =>
        Assert.Equal(
            fits ? VdResult.Ok : VdResult.NotSupported,
            NewClientSet().CreateEx(null, NewName(), new SetConfiguration { AlignmentBytes = alignment }));

    [Theory, InlineData(null), InlineData(""), InlineData(@"a\b")]
    [Spec("V5")]
    public void CreateEx_WithoutNameOrConfiguration_IsInvalid(string? name)
    {
        Assert.Equal(VdResult.Invalid, NewClientSet().CreateEx(null, name, new SetConfiguration()));
        Assert.Equal(VdResult.Invalid, NewClientSet().CreateEx(null, NewName(), null));
    }

    [Theory]
    [InlineData(512u, 0u, 65536u, true), InlineData(65536u, 0u, 65536u, true), InlineData(4096u, 4096u, 65536u, true)]
    [InlineData(512u, 65536u, 65536u, true), InlineData(512u, 0u, 8u << 20, true), InlineData(512u, 0u, 0xFFFF0000u, true)]
    [InlineData(0u, 0u, 65536u, false), InlineData(256u, 0u, 65536u, false), InlineData(1000u, 0u, 65536u, false)]
    [InlineData(131072u, 0u, 131072u, false), InlineData(4096u, 2048u, 65536u, false), InlineData(512u, 1000u, 65536u, false)]
    [InlineData(512u, 131072u, 65536u, false), InlineData(512u, 0u, 0u, false), InlineData(512u, 0u, 32768u, false)]
    [InlineData(512u, 0u, 65537u, false), InlineData(512u, 0u, 98304u, false)]
    [Spec("V6"), Spec("V7"), Spec("V9"), Spec("V10"), Spec("R12")]
    public void BeginConfiguration_BySizes_TakesWhatTheLimitsAllow(uint block, uint alignment, uint maxTransfer, bool fits)
    {
        BothHalves set = NewSet().Connected();
        Assert.Equal(
            fits ? VdResult.Ok : VdResult.Invalid,
            set.ServerSet.BeginConfiguration(VdFeatures.WriteMedia, block, alignment, maxTransfer, TimeSpan.Zero));

        // A failed one leaves the set in Connected, and a better one is taken.
        Assert.Equal(fits ? ServerSetState.Configurable : ServerSetState.Connected, set.ServerSet.State);
        if (!fits)
        {
            set.Server.Begin(VdFeatures.WriteMedia);
        }
    }

    [Theory, InlineData(512u), InlineData(8192u)]
    [Spec("V8")]
    public void BeginConfiguration_WithAlignmentZero_TakesTheBlockSize(uint block)
    {
        BothHalves set = NewSet(new SetShape { BlockSizeBytes = block }).Begun();
        set.Server.Request(65536, 1).End();
        Assert.Equal(block, set.Client.GetConfiguration().AlignmentBytes);
    }

    [Fact, Spec("V11")]
    public void BeginConfiguration_BelowTheClientsAlignment_IsInvalidUntilRaised()
    {
        BothHalves set = NewSet(new SetShape { Wishes = new SetConfiguration { AlignmentBytes = 4096 } }).Connected();
        foreach (uint alignment in new[] { 0u, 512u, 2048u })
        {
            Assert.Equal(
                VdResult.Invalid, set.ServerSet.BeginConfiguration(VdFeatures.WriteMedia, 512, alignment, 65536, TimeSpan.Zero));
        }

        Assert.Equal(VdResult.Ok, set.ServerSet.BeginConfiguration(VdFeatures.WriteMedia, 512, 4096, 65536, TimeSpan.Zero));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ConfigurationInProcess(InProcessKind kind) : Configuration(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ConfigurationSharedMemory(SharedMemoryKind kind) : Configuration(kind), IClassFixture<SharedMemoryKind>;
