using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance;

/// <summary>The notes to the client's transition table: C1n to C9n, and the second outcomes of its cells.</summary>
public abstract class ClientNotes(TransportKind kind) : ConformanceSuite(kind)
{
    [Fact, Spec("C1n")]
    public void CreateEx_AfterEachKindOfFailure_StaysInDoesNotExistAndCanStillCreate()
    {
        ClientVirtualDeviceSet set = NewClientSet();
        string taken = NewClient().Create(NewName(), new SetConfiguration()).Set.State.ToString();
        Assert.Equal("Configurable", taken);

        Assert.Equal(VdResult.NotSupported, set.CreateEx(null, NewName(), new SetConfiguration { DeviceCount = 65 }));
        Assert.Equal(ClientSetState.DoesNotExist, set.State);
        Assert.Equal(VdResult.UnknownInstance, set.CreateEx("NOSUCHINSTANCE", NewName(), new SetConfiguration()));
        Assert.Equal(ClientSetState.DoesNotExist, set.State);
        Assert.Equal(VdResult.Invalid, set.CreateEx(null, NewName(), null));
        Assert.Equal(ClientSetState.DoesNotExist, set.State);
        Assert.Equal(VdResult.Ok, set.CreateEx(null, NewName(), new SetConfiguration()));
    }

    [Theory, InlineData("created"), InlineData("connected"), InlineData("running"), InlineData("aborted")]
    [Spec("C1n2"), Spec("AT23")]
    public void CreateEx_ForANameInUse_IsAProtocolErrorWhateverStateItsSetIsIn(string stage)
    {
        BothHalves set = NewSet();
        _ = stage switch
        {
            "created" => set.Created(),
            "connected" => set.Connected(),
            _ => set.Running(),
        };
        if (stage == "aborted")
        {
            Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        }

        ClientVirtualDeviceSet other = NewClientSet();
        Assert.Equal(VdResult.ProtocolError, other.CreateEx(null, set.Name, new SetConfiguration()));
        Assert.Equal(ClientSetState.DoesNotExist, other.State);
    }

    [Fact, Spec("C1n3"), Spec("AT22"), Spec("T10")]
    public void CreateEx_AfterCloseOnTheSameObject_WorksForEachNextOperation()
    {
        using var client = new ScriptedClient(Transport);
        for (int operation = 1; operation <= 3; operation++)
        {
            string name = NewName();
            client.Create(name, new SetConfiguration());
            using ScriptedServer server = new ScriptedServer(Transport).Open(name)
                .Begin(VdFeatures.WriteMedia).Request(65536, 2).End();
            client.GetConfiguration();
            server.OpenDevice(name);
            server.StartAgent();
            ClientVirtualDevice device = client.OpenDevice(name);
            SentCommand sent = server.SendWrite([1, 2, 3, .. new byte[509]]);
            Assert.Equal(VdResult.Ok, device.GetCommand(Limit, out ClientCommand command));
            Assert.Equal(VdResult.Ok, device.CompleteCommand(in command, CompletionCode.Success, 512));
            Assert.Equal(CompletionCode.Success, sent.AwaitCompletion());
            server.CloseDevices();
            Assert.Equal(VdResult.Closed, device.GetCommand(Limit, out _));
            Assert.Equal(ClientSetState.NormallyTerminated, client.Set.State);
            client.Close();
            Assert.Equal(ClientSetState.DoesNotExist, client.Set.State);
        }
    }

    [Fact, Spec("C2n"), Spec("P4")]
    public void OpenInSecondary_BeforeThePrimaryIsReady_IsAProtocolErrorAndSucceedsAfterwards()
    {
        BothHalves set = NewSet();
        ClientVirtualDeviceSet secondary = NewClientSet();
        Assert.Equal(VdResult.ProtocolError, secondary.OpenInSecondaryEx(null, set.Name));
        set.Created();
        Assert.Equal(VdResult.ProtocolError, secondary.OpenInSecondaryEx(null, set.Name));
        set.Server.Open(set.Name);
        Assert.Equal(VdResult.ProtocolError, secondary.OpenInSecondaryEx(null, set.Name));
        set.Server.Begin(VdFeatures.WriteMedia).Request(65536, 1).End();
        Assert.Equal(ClientSetState.DoesNotExist, secondary.State);

        set.Client.GetConfiguration();
        Assert.Equal(VdResult.Ok, secondary.OpenInSecondaryEx(null, set.Name));
        Assert.Equal(ClientSetState.Initializing, secondary.State);
        Assert.Equal(VdResult.ProtocolError, secondary.OpenInSecondaryEx(null, set.Name));
    }

    [Fact, Spec("C2n")]
    public void OpenInSecondary_WhileTheSetIsAborted_IsAborted()
    {
        BothHalves set = NewSet().Running();
        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        ClientVirtualDeviceSet secondary = NewClientSet();

        Assert.Equal(VdResult.Aborted, secondary.OpenInSecondaryEx(null, set.Name));
        Assert.Equal(ClientSetState.DoesNotExist, secondary.State);
    }

    [Theory, InlineData(null), InlineData(""), InlineData(@"a\b")]
    [Spec("R2")]
    public void OpenInSecondary_WithAnIllegalName_IsInvalid(string? name)
    {
        Assert.Equal(VdResult.Invalid, NewClientSet().OpenInSecondaryEx(null, name));
        Assert.Equal(VdResult.Invalid, NewClientSet().OpenInSecondary(name));
    }

    [Fact, Spec("C3n"), Spec("Z6")]
    public void GetConfiguration_AtItsLimit_TimesOutWithoutAnyChangeAndMayBeRetried()
    {
        BothHalves set = NewSet().Begun();
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            Assert.Equal(VdResult.TimedOut, set.ClientSet.GetConfiguration(TimeSpan.Zero, out SetConfiguration? none));
            Assert.Null(none);
            Assert.Equal(VdResult.TimedOut, set.ClientSet.GetConfiguration(TimeSpan.FromMilliseconds(20), out none));
            Assert.Null(none);
            Assert.Equal(ClientSetState.Configurable, set.ClientSet.State);
        }

        set.Server.Request(65536, 1).End();
        Assert.Equal(VdFeatures.WriteMedia, set.Client.GetConfiguration().Features);

        // Once known it is known: now without a wait.
        Assert.Equal(VdResult.Ok, set.ClientSet.GetConfiguration(TimeSpan.Zero, out _));
        Assert.Equal(ClientSetState.Initializing, set.ClientSet.State);
    }

    [Theory, InlineData(false), InlineData(true)]
    [Spec("C3n"), Spec("AT10"), Spec("Y2")]
    public void GetConfiguration_WaitingWhenTheSetIsAborted_IsAborted(bool byServer)
    {
        BothHalves set = NewSet().Begun();
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "GetConfiguration", () => set.ClientSet.GetConfiguration(Timeout.InfiniteTimeSpan, out _)).AwaitBlocked();
        Assert.Equal(VdResult.Ok, byServer ? set.ServerSet.SignalAbort() : set.ClientSet.SignalAbort());

        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
        Assert.Equal(ClientSetState.Aborted, set.ClientSet.State);
    }

    [Fact, Spec("C4n"), Spec("C4/Active")]
    public void OpenDevice_ThroughItsTests_AnswersInTheSpecifiedOrder()
    {
        BothHalves set = NewSet(2).Configured();
        set.Server.OpenDevice(set.Name);
        set.Server.OpenDevice("b");
        ClientVirtualDeviceSet client = set.ClientSet;

        Assert.Equal(VdResult.Ok, client.OpenDevice(set.Name, out ClientVirtualDevice? first));          // Rule 5.
        Assert.Equal(ClientSetState.Active, client.State);
        Assert.NotNull(first);
        Assert.Equal(VdResult.ProtocolError, client.OpenDevice(set.Name, out ClientVirtualDevice? again));   // Rule 4.
        Assert.Null(again);
        Assert.Equal(VdResult.Invalid, client.OpenDevice("c", out ClientVirtualDevice? unknown));        // Rule 6.
        Assert.Null(unknown);
        Assert.Equal(VdResult.Ok, client.OpenDevice("b", out _));

        // Rule 3 comes before rules 4 and 6.
        Assert.Equal(VdResult.DevicesOpen, client.OpenDevice(set.Name, out again));
        Assert.Null(again);
        Assert.Equal(VdResult.DevicesOpen, client.OpenDevice("c", out unknown));
        Assert.Null(unknown);

        // Rule 1 comes before all.
        Assert.Equal(VdResult.Ok, client.SignalAbort());
        Assert.Equal(VdResult.Aborted, client.OpenDevice("c", out unknown));
        Assert.Null(unknown);

        // Rule 2.
        Assert.Equal(VdResult.Ok, client.Close());
        Assert.Equal(VdResult.ProtocolError, client.OpenDevice(set.Name, out again));
        Assert.Null(again);
    }

    [Fact, Spec("C4n")]
    public void OpenDevice_LoopedUntilAllAreOpen_EndsWithDevicesOpen()
    {
        BothHalves set = NewSet(5).Configured();
        for (int i = 0; i < 5; i++)
        {
            set.Server.OpenDevice(set.DeviceName(i));
        }

        int opened = 0;
        VdResult result;
        while ((result = set.ClientSet.OpenDevice(set.DeviceName(opened), out _)) == VdResult.Ok)
        {
            opened++;
        }

        Assert.Equal((5, VdResult.DevicesOpen), (opened, result));
    }

    [Theory, InlineData(null), InlineData(""), InlineData(@"a\b")]
    [Spec("C4n"), Spec("R4")]
    public void OpenDevice_WithWhatNoServerCouldName_IsInvalidWithoutWaiting(string? name)
    {
        // The server has named nothing yet, but this it cannot be about to name (3.6).
        BothHalves set = NewSet(2).Configured();
        ClientVirtualDevice? device = null;
        PendingCall<VdResult> call = PendingCall.Begin("OpenDevice of no name", () => set.ClientSet.OpenDevice(name, out device));
        Assert.Equal(VdResult.Invalid, call.AwaitResult());
        Assert.Null(device);
    }

    [Fact, Spec("C4n"), Spec("N6")]
    public void OpenDevice_BeforeTheServerHasNamedTheDevices_WaitsForTheNameAndNeverErrs()
    {
        // 3.6: the set's name is known at once; another name waits until it appears or can no longer appear.
        BothHalves set = NewSet(3).Configured();
        Assert.Equal(VdResult.Ok, set.ClientSet.OpenDevice(set.Name, out _));

        PendingCall<VdResult> known = PendingCall.Begin("OpenDevice('b')", () => set.ClientSet.OpenDevice("b", out _));
        PendingCall<VdResult> unknown = PendingCall.Begin("OpenDevice('x')", () => set.ClientSet.OpenDevice("x", out _));
        known.AwaitBlocked();
        unknown.AwaitBlocked();
        set.Server.OpenDevice(set.Name);
        Assert.False(known.IsOver);
        set.Server.OpenDevice("b");
        Assert.Equal(VdResult.Ok, known.AwaitResult());
        unknown.AwaitBlocked();

        // A waiting OpenDevice holds no lock: the object goes on answering.
        Assert.Equal(VdResult.Ok, set.ClientSet.GetConfiguration(TimeSpan.Zero, out _));
        set.Server.OpenDevice("c");
        Assert.Equal(VdResult.Invalid, unknown.AwaitResult());
    }

    [Fact, Spec("C4n"), Spec("Y2")]
    public void OpenDevice_WaitingForANameWhenTheSetIsAborted_IsAborted()
    {
        BothHalves set = NewSet(2).Configured();
        PendingCall<VdResult> waiting = PendingCall.Begin(
            "OpenDevice('b')", () => set.ClientSet.OpenDevice("b", out _)).AwaitBlocked();
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());

        Assert.Equal(VdResult.Aborted, waiting.AwaitResult());
    }

    [Fact, Spec("C5n"), Spec("B34")]
    public void Device_AfterCloseAndANewCreate_IsInvalid()
    {
        BothHalves set = NewSet().Running();
        ClientVirtualDevice old = set.ClientDevice;
        set.Server.Send(CommandCode.Flush);
        ClientCommand held = set.Client.Expect(CommandCode.Flush);
        Assert.Equal(VdResult.DevicesOpen, set.ClientSet.Close());
        Assert.Equal(VdResult.ProtocolError, old.GetCommand(TimeSpan.Zero, out _));
        Assert.Equal(VdResult.ProtocolError, old.CompleteCommand(in held, CompletionCode.Success, 0));

        // Also when the object is active again: the old device is not the new set's.
        string name = NewName();
        set.Client.Create(name, new SetConfiguration());
        ScriptedServer server = NewServer().Open(name).Begin(VdFeatures.WriteMedia).Request(65536, 1).End();
        set.Client.GetConfiguration();
        server.OpenDevice(name);
        server.StartAgent();
        set.Client.OpenDevice(name);
        server.Send(CommandCode.Flush);
        Assert.Equal(VdResult.ProtocolError, old.GetCommand(TimeSpan.Zero, out _));
        Assert.Equal(VdResult.ProtocolError, old.CompleteCommand(in held, CompletionCode.Success, 0));
    }

    [Fact, Spec("C5/Active"), Spec("D22"), Spec("Z7")]
    public void GetCommand_OfTheLastOfTwoDevices_TerminatesTheSetAndNoneBefore()
    {
        BothHalves set = NewSet(2).Running();
        Assert.Equal(VdResult.TimedOut, set.ClientDevice.GetCommand(TimeSpan.FromMilliseconds(10), out _));
        Assert.Equal(ClientSetState.Active, set.ClientSet.State);
        set.Server.CloseDevices();
        set.Client.ExpectEnd(VdResult.Closed, 0);
        Assert.Equal(ClientSetState.Active, set.ClientSet.State);
        set.Client.ExpectEnd(VdResult.Closed, 1);
        Assert.Equal(ClientSetState.NormallyTerminated, set.ClientSet.State);
    }

    [Fact, Spec("C6/Active"), Spec("D26")]
    public void CompleteCommand_ForWhatIsNoCommand_IsInvalid()
    {
        BothHalves set = NewSet().Running();
        ClientCommand none = default;
        Assert.Equal(VdResult.Invalid, set.ClientDevice.CompleteCommand(in none, CompletionCode.Success, 0));
        Assert.Equal(ClientSetState.Active, set.ClientSet.State);
    }

    [Theory, InlineData("Initializing"), InlineData("Active"), InlineData("NT"), InlineData("Abort")]
    [Spec("C7/Initializing"), Spec("C7/Active"), Spec("C7/NT"), Spec("C7/Abort")]
    public void BufferHandles_ThatAreGarbage_AreInvalidInEveryStateThatKnowsHandles(string state)
    {
        BothHalves set = NewSet();
        _ = state == "Initializing" ? set.Configured() : set.Running();
        if (state == "NT")
        {
            set.Terminated();
        }
        else if (state == "Abort")
        {
            Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        }

        uint[] garbage = [0, 1, 77, 0xFFFFFFFF, 0x80000000, BufferHandle.Encode(5, 0), BufferHandle.Encode(0, 1 << 29)];
        foreach (uint handle in garbage)
        {
            Assert.Equal(VdResult.Invalid, set.ClientSet.MapBufferHandle(handle, out nint address));
            Assert.Equal(0, address);
        }

        Assert.Equal(VdResult.Invalid, set.ClientSet.GetBufferHandle(0, out uint none));
        Assert.Equal(BufferHandle.None, none);
        Assert.Equal(VdResult.Invalid, set.ClientSet.GetBufferHandle(12345, out _));
    }

    [Fact, Spec("C8/NT")]
    public void SignalAbort_InNormallyTerminated_LeavesTheServersResultAsItWas()
    {
        BothHalves set = NewSet().Running();
        set.Server.SendWrite(new byte[512]);
        set.Client.Serve(CommandCode.Write);
        set.Terminated();

        Assert.Equal(VdResult.Ok, set.ClientSet.SignalAbort());
        Assert.Equal(ClientSetState.Aborted, set.ClientSet.State);
        Assert.Equal(VdResult.Ok, set.Server.AwaitAgent());
        SentCommand sent = set.Server.Sent[0];
        Assert.Equal((CompletionCode.Success, 512u), (sent.CodeInCallback, sent.Command.BytesTransferred));
        Assert.Equal(VdResult.Ok, set.ServerSet.Close());
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
    }

    [Fact, Spec("C9n"), Spec("C9/Active"), Spec("AT16"), Spec("X3")]
    public void Close_WithADeviceOpen_SaysSoAbortsAndReleasesAllTheSame()
    {
        BothHalves set = NewSet(2).Running();
        SentCommand sent = set.Server.Send(CommandCode.Flush);
        ClientCommand held = set.Client.Expect(CommandCode.Flush);

        Assert.Equal(VdResult.DevicesOpen, set.ClientSet.Close());
        Assert.Equal(ClientSetState.DoesNotExist, set.ClientSet.State);
        Assert.Equal(CompletionCode.OperationAborted, sent.AwaitCompletion());
        Assert.Equal(VdResult.Aborted, set.Server.AwaitAgent());
        Assert.Equal(ServerSetState.Aborted, set.ServerSet.State);
        Assert.Equal(AbortReason.ClientClosed, set.ServerSet.Abort!.Reason);
        Assert.Equal(VdResult.ProtocolError, set.ClientDevice.CompleteCommand(in held, CompletionCode.Success, 0));
        Assert.Equal(VdResult.ProtocolError, set.ClientSet.Close());

        // The object is as good as new.
        Assert.Equal(VdResult.Ok, set.ClientSet.CreateEx(null, NewName(), new SetConfiguration()));
    }

    [Fact, Spec("C9/DNE"), Spec("R9")]
    public void Close_WithNothingOpen_IsAProtocolErrorWithoutAction()
    {
        ClientVirtualDeviceSet set = NewClientSet();
        Assert.Equal(VdResult.ProtocolError, set.Close());
        Assert.Equal(ClientSetState.DoesNotExist, set.State);
    }

    [Fact, Spec("C9/Abort"), Spec("Y9")]
    public void Close_OfAnAbortedSetWithDevicesOpen_IsNoError()
    {
        BothHalves set = NewSet().Running();
        Assert.Equal(VdResult.Ok, set.ServerSet.SignalAbort());
        Assert.Equal(VdResult.Ok, set.ClientSet.Close());
    }
}

[Collection(InProcessCollection.Name)]
public sealed class ClientNotesInProcess(InProcessKind kind) : ClientNotes(kind), IClassFixture<InProcessKind>;

[Collection(SharedMemoryCollection.Name)]
public sealed class ClientNotesSharedMemory(SharedMemoryKind kind) : ClientNotes(kind), IClassFixture<SharedMemoryKind>;
