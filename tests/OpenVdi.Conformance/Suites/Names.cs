using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>Names of sets, devices and instances: N1 to N20.</summary>
public abstract class Names(TransportKind kind) : ConformanceSuite(kind)
{
    private const string InstanceVariable = "_VIRTUAL_SERVER_NAME_";

    /// <summary>The variable is the process's: whoever calls Create, which reads it, holds this.</summary>
    private static readonly Lock s_instanceVariable = new();

    /// <summary>Names that a file name could not have, and the two forms of a GUID.</summary>
    public static TheoryData<string> LegalNames =>
    [
        "{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "a/b", "/", "..", ".", "with space",
        " leading and trailing ", "quote'double\"", "a:b*c?d<e>f|g", "tab\there", "line\nbreak",
        "größe-データ-🗄", "%2F%00", "-n",
    ];

    [Theory, MemberData(nameof(LegalNames))]
    [Spec("N1"), Spec("N2"), Spec("N20")]
    public void CreateEx_WithEveryLegalKindOfName_MakesASetThatTheServerFinds(string kind)
    {
        // The names differ from run to run; a path-like one keeps its first character.
        string name = Kind.Noted($"{kind}{Guid.NewGuid():N}");
        ScriptedClient client = NewClient().Create(name, new SetConfiguration());
        ScriptedServer server = NewServer().Open(name);

        Assert.Equal(ClientSetState.Configurable, client.Set.State);
        Assert.Equal(ServerSetState.Connected, server.Set.State);
    }

    [Fact, Spec("N1")]
    public void CreateEx_ForANameThatLives_IsRefusedUntilItsSetIsGone()
    {
        // That a GUID is recommended is advice to the caller; uniqueness for the life of the set is what a library can hold.
        string name = NewName();
        ScriptedClient first = NewClient().Create(name, new SetConfiguration());
        using var second = new ClientVirtualDeviceSet(Transport);

        Assert.Equal(VdResult.ProtocolError, second.CreateEx(null, name, new SetConfiguration()));
        Assert.Equal(ClientSetState.DoesNotExist, second.State);
        first.Close();
        Assert.Equal(VdResult.Ok, second.CreateEx(null, name, new SetConfiguration()));
        Assert.Equal(VdResult.Ok, second.Close());
    }

    [Theory, InlineData(@"a\b"), InlineData(@"\"), InlineData(@"Global\x"), InlineData("nul\0inside"), InlineData("")]
    [InlineData(null)]
    [Spec("N2"), Spec("V5")]
    public void CreateEx_WithAnIllegalName_IsInvalid(string? name)
    {
        ClientVirtualDeviceSet set = NewClientSet();

        Assert.Equal(VdResult.Invalid, set.CreateEx(null, name, new SetConfiguration()));
        Assert.Equal(ClientSetState.DoesNotExist, set.State);
        Assert.NotNull(set.LastFailure);
        Assert.Equal(VdResult.Invalid, set.LastFailure.Result);
    }

    [Fact, Spec("N2")]
    public void CreateEx_WithALoneSurrogate_IsInvalid()
    {
        // No theory data: on its way through the test runner such a string would be repaired.
        Assert.Equal(VdResult.Invalid, NewClientSet().CreateEx(null, "lone\uD800surrogate", new SetConfiguration()));
    }

    [Fact, Spec("N3")]
    public void Names_ThatDifferInCaseOnly_AreDifferentNames()
    {
        string lower = Kind.Noted("case-" + NewName());
        string upper = Kind.Noted(lower.ToUpperInvariant());
        using var both = new BothHalves(Transport, lower, new SetShape { DeviceCount = 2 });
        both.Configured();

        Assert.Equal(VdResult.Invalid, NewServerSet().Open(null, upper));
        Assert.Equal(VdResult.ProtocolError, NewClientSet().OpenInSecondaryEx(null, upper));
        Assert.Equal(VdResult.Ok, NewClientSet().CreateEx(null, upper, new SetConfiguration()));

        both.Server.OpenDevice(lower);
        both.Server.OpenDevice("Second");
        Assert.Equal(VdResult.Invalid, both.ClientSet.OpenDevice("second", out _));
        Assert.Equal(VdResult.Invalid, both.ClientSet.OpenDevice(upper, out _));
        Assert.Equal(VdResult.Ok, both.ClientSet.OpenDevice("Second", out _));
    }

    [Fact, Spec("N4")]
    public void CreateEx_WithAVendorPrefix_Works()
    {
        // The advice is for the caller; that such names work is ours.
        string name = Kind.Noted($"Contoso.Backup/{NewName()}");
        NewClient().Create(name, new SetConfiguration());
        NewServer().Open(name);
    }

    [Fact, Spec("N5")]
    public void Open_WithAnythingButTheExactSetName_IsInvalid()
    {
        string name = NewName();
        NewClient().Create(name, new SetConfiguration());

        foreach (string other in new[] { name[..^1], name + "0", " " + name, name + " ", $"{{{name}}}" })
        {
            Assert.Equal(VdResult.Invalid, NewServerSet().Open(null, other));
        }

        Assert.Equal(VdResult.Ok, NewServerSet().Open(null, name));
    }

    [Fact, Spec("N6")]
    public void OpenDevice_FirstAndFurther_HaveTheSetsAndTheirOwnNames()
    {
        BothHalves set = NewSet(3).Opened();

        Assert.Equal([set.Name, "device 2", "device 3"], set.Server.Devices.Select(d => d.Name));
        Assert.Equal([set.Name, "device 2", "device 3"], set.Client.Devices.Select(d => d.Name));
    }

    [Fact, Spec("N6"), Spec("N5")]
    public void OpenDevice_AtTheServerWithAnotherFirstNameOrATakenOne_IsRefusedAndUsesUpNoDevice()
    {
        // Which code the row leaves open; that the names of a set are what it says, it does not.
        BothHalves set = NewSet(2).Configured();
        Assert.NotEqual(VdResult.Ok, set.ServerSet.OpenDevice("b", out ServerVirtualDevice? none));
        Assert.Null(none);
        set.Server.OpenDevice(set.Name);
        Assert.NotEqual(VdResult.Ok, set.ServerSet.OpenDevice(set.Name, out none));
        Assert.NotEqual(VdResult.Ok, set.ServerSet.OpenDevice(null, out none));
        Assert.Null(none);
        set.Server.OpenDevice("b");
        set.Client.OpenDevice("b");
    }

    [Fact, Spec("N6")]
    public void OpenDevice_TheSameDeviceNameInTwoSets_NamesTwoDevices()
    {
        BothHalves one = NewSet(2).Running();
        BothHalves two = NewSet(2).Running();

        // Both have a "device 2": unique only within its set.
        one.Server.Send(CommandCode.Flush, device: 1);
        Assert.Equal(VdResult.TimedOut, two.Client.Devices[1].GetCommand(TimeSpan.Zero, out _));
        one.Client.Serve(CommandCode.Flush, device: 1);
    }

    [Fact, Spec("N7")]
    public void OpenDevice_MoreClausesThanDevices_IsTold()
    {
        // The engine compares its clauses with deviceCount, which it can read, and is stopped when it does not.
        BothHalves set = NewSet(2).Connected();
        Assert.Equal(VdResult.Ok, set.ServerSet.GetConfiguration(out SetConfiguration? wishes));
        Assert.Equal(2u, wishes!.DeviceCount);

        set.Server.Begin(VdFeatures.WriteMedia).Request(65536, 1).End();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        Assert.Equal(VdResult.DevicesOpen, set.ServerSet.OpenDevice("c", out ServerVirtualDevice? third));
        Assert.Null(third);
    }

    [Fact, Spec("N8"), Spec("T6")]
    public void Close_OfBothHalves_LeavesNoNameThatCouldBeUsedLater()
    {
        // A logical device that outlives its set is the engine's affair; here a name means nothing once its set is gone.
        BothHalves set = NewSet().Running();
        Assert.Contains(Transport.ListSets(), s => s.Name == set.Name && !s.IsRemnant);
        set.ClosedInOrder();

        Assert.Empty(Kind.Remains(set.Name));
        Assert.Equal(VdResult.Invalid, NewServerSet().Open(null, set.Name));
        Assert.Equal(VdResult.ProtocolError, NewClientSet().OpenInSecondaryEx(null, set.Name));
    }

    [Theory, InlineData(128, true), InlineData(SetName.MaxLength, true), InlineData(SetName.MaxLength + 1, false)]
    [InlineData(260, false), InlineData(100_000, false)]
    [Spec("N9")]
    public void CreateEx_LongNames_FitOrAreInvalid(int length, bool fits)
    {
        string name = Kind.Noted(NewName().PadRight(length, 'x')[..length]);
        VdResult created = NewClientSet().CreateEx(null, name, new SetConfiguration());

        Assert.Equal(fits ? VdResult.Ok : VdResult.Invalid, created);
        Assert.Equal(fits ? VdResult.Ok : VdResult.Invalid, NewServerSet().Open(null, name));
    }

    [Fact, Spec("N9")]
    public void CreateEx_LongNamesOfThreeByteCharacters_FitAndDiffer()
    {
        string stem = new('デ', SetName.MaxLength - 33);
        string one = Kind.Noted(stem + Guid.NewGuid().ToString("N") + "1");
        string two = Kind.Noted(one[..^1] + "2");
        NewClient().Create(one, new SetConfiguration { DeviceCount = 1 });
        NewClient().Create(two, new SetConfiguration { DeviceCount = 2 });

        ServerVirtualDeviceSet server = NewServerSet();
        Assert.Equal(VdResult.Ok, server.Open(null, two));
        Assert.Equal(VdResult.Ok, server.GetConfiguration(out SetConfiguration? wishes));
        Assert.Equal(2u, wishes!.DeviceCount);
    }

    [Fact, Spec("N10"), Spec("N15")]
    public void Instance_NullOrEmpty_IsTheDefaultOne()
    {
        // N15: where there are no named instances, this is all there is.
        string name = NewName();
        ClientVirtualDeviceSet client = NewClientSet();
        Assert.Equal(VdResult.Ok, client.CreateEx("", name, new SetConfiguration()));
        ScriptedServer server = NewServer();
        Assert.Equal(VdResult.Ok, server.Set.Open(null, name));
        server.Begin(VdFeatures.ReadMedia).Request(65536, 1).End();
        Assert.Equal(VdResult.Ok, client.GetConfiguration(Limit, out _));
        Assert.Equal(VdResult.Ok, NewClientSet().OpenInSecondaryEx("", name));
        Assert.Equal(VdResult.Ok, NewClientSet().OpenInSecondary(name));
    }

    [Theory, InlineData("NOSUCHINSTANCE"), InlineData(@"machine\SQLEXPRESS"), InlineData(@".\"), InlineData(" ")]
    [Spec("N11"), Spec("N12"), Spec("N13"), Spec("C1/DNE")]
    public void Instance_UnknownOrWithAMachine_IsRefusedByEveryFunctionThatTakesOne(string instance)
    {
        // N12: an instance that is not the statement's cannot lead to the set; which account it stands for is Windows'.
        BothHalves set = NewSet().Configured();
        ClientVirtualDeviceSet other = NewClientSet();
        ServerVirtualDeviceSet server = NewServerSet();

        Assert.Equal(VdResult.UnknownInstance, other.CreateEx(instance, NewName(), new SetConfiguration()));
        Assert.Equal(VdResult.UnknownInstance, other.OpenInSecondaryEx(instance, set.Name));
        Assert.Equal(VdResult.UnknownInstance, server.Open(instance, set.Name));
        Assert.Equal(ClientSetState.DoesNotExist, other.State);
        Assert.Equal(ServerSetState.DoesNotExist, server.State);
    }

    [Fact, Spec("N14")]
    public void Create_WithTheVariableSet_BehavesAsCreateExForThatInstance()
    {
        lock (s_instanceVariable)
        {
            ClientVirtualDeviceSet set = NewClientSet();
            try
            {
                Environment.SetEnvironmentVariable(InstanceVariable, "NOSUCHINSTANCE");
                Assert.Equal(VdResult.UnknownInstance, set.Create(NewName(), new SetConfiguration()));
                Assert.Equal(ClientSetState.DoesNotExist, set.State);

                // CreateEx was told; it does not look.
                Assert.Equal(VdResult.Ok, NewClientSet().CreateEx(null, NewName(), new SetConfiguration()));
            }
            finally
            {
                Environment.SetEnvironmentVariable(InstanceVariable, null);
            }

            string name = NewName();
            Assert.Equal(VdResult.Ok, set.Create(name, new SetConfiguration()));
            Assert.Equal(VdResult.Ok, NewServerSet().Open(null, name));
        }
    }

    [Fact, Spec("N16"), Spec("N17"), Spec("N18")]
    public void Create_WhileTheSetLives_TakesNoneOfTheVendorsKernelNames()
    {
        // The rows record another implementation's names. What they ask of this one: to live beside it, so not to take them.
        BothHalves set = NewSet().Running();
        set.Server.Request(65536, 4);   // N18: also with more than one area.
        string[] entries = Directory.Exists("/dev/shm") ? Directory.GetFileSystemEntries("/dev/shm") : [];

        Assert.DoesNotContain(entries, e => e.Contains("SQLVDIMemoryName", StringComparison.Ordinal)
            && e.Contains(set.Name, StringComparison.Ordinal));
    }

    [Fact, Spec("N19")]
    public void SignalAbort_WithAWaiterOnEachChannel_WakesThemAll()
    {
        // What the logs of N19 show from outside: an abort posts every channel.
        BothHalves set = NewSet(3).Running();
        PendingCall<VdResult>[] waiters =
        [
            .. set.Client.Devices.Select(d => PendingCall.Begin("GetCommand", () => d.GetCommand(Limit, out _)).AwaitBlocked()),
        ];
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());

        Assert.All(waiters, w => Assert.Equal(VdResult.Aborted, w.AwaitResult()));
    }

    [Fact, Spec("N19"), Spec("B26")]
    public void RequestBuffers_ForManyFurtherAreas_KeepsTheClientsTableInStep()
    {
        BothHalves set = NewSet(new SetShape { BufferCount = 1 }).Running();
        for (byte area = 1; area <= 5; area++)
        {
            set.Server.Request(65536, 1);
            DeviceBuffer buffer = set.Server.Allocate();
            buffer.Span.Fill(area);
            set.Server.Send(CommandCode.Write, buffer);
            Assert.Equal(-1, set.Client.Expect(CommandCode.Write).Buffer.Span.IndexOfAnyExcept(area));
        }
    }

    [Fact, Spec("N20")]
    public void SharedMemory_OfThePublicTypes_ShowsTheTransportAndItsOptionsOnly()
    {
        // The layout is private: nothing public describes it, so nobody can come to depend on it.
        Type[] shown = typeof(VdiTransport).Assembly.GetExportedTypes();
        Assert.DoesNotContain(shown, t => t.IsValueType && !t.IsEnum && t.Namespace == "OpenVdi.SharedMemory");
        Assert.All(
            shown.Where(t => t.Namespace?.StartsWith("OpenVdi.SharedMemory", StringComparison.Ordinal) == true),
            t => Assert.Contains(t.Name, new[] { "SharedMemoryTransport", "SharedMemoryOptions" }));
    }
}

[Collection(InProcessCollection.Name)]
public sealed class NamesInProcess(InProcessKind kind) : Names(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class NamesSharedMemory(SharedMemoryKind kind) : Names(kind), IClassFixture<SharedMemoryKind>;
