using OpenVdi.SharedMemory;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Native.Tests;

/// <summary>The client's transition table, cell by cell through the C++ classes. The table is read from the specification.
/// </summary>
public sealed class StateTests(Compiler compiler) : NativeTestBase(compiler)
{
    private const string Second = "device2";

    public static TheoryData<string, string, string> Cells
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (SpecCell cell in SpecTables.ClientTransitions)
            {
                data.Add(cell.RowId, cell.State, cell.Text);
            }

            return data;
        }
    }

    public static TheoryData<string> States =>
        ["DoesNotExist", "Configurable", "Initializing", "Active", "NormallyTerminated", "Aborted"];

    [Theory, MemberData(nameof(Cells))]
    [Spec("C1"), Spec("C2"), Spec("C3"), Spec("C4"), Spec("C5"), Spec("C6"), Spec("C7"), Spec("C8"), Spec("C9"), Spec("C5n")]
    public void Call_InEverySpecifiedState_AnswersAsTheCellSays(string row, string state, string cell)
    {
        Situation situation = Drive(state, allClosed: row == "C9");
        SpecOutcome expected = SpecTables.Cell(row, state).Outcomes[0];

        Assert.All(Call(row, state, situation), found =>
            Assert.True(expected.Status == found, $"'{cell}': expected {expected.Status}, found {found}"));
        Assert.Equal(expected.Next ?? state, StateOf(situation));
    }

    [Theory, MemberData(nameof(States))]
    public void RegisterDeviceClosed_InEveryState_ChangesNothing(string state)
    {
        Situation situation = Drive(state, allClosed: false);
        Assert.Equal("void", situation.Client.Call($"registered"));
        Assert.Equal(state, StateOf(situation));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [Spec("D21"), Spec("D22")]
    public void GetCommand_WithNothingThere_IsATimeoutInTime(int timeout)
    {
        Situation situation = Drive("Active", allClosed: false);
        // The second of the two commands that the drive sent.
        situation.Client.Do($"get 0 0");
        TimeSpan took = PendingCall.Time(() => Assert.Equal("VD_E_TIMEOUT", situation.Client.Call($"get 0 {timeout}")));
        Assert.InRange(took.TotalMilliseconds, timeout, timeout + 10_000);
        Assert.Equal("Active", StateOf(situation));
    }

    [Fact, Spec("D23"), Spec("D24"), Spec("D26"), Spec("D27"), Spec("C6")]
    public void Device_FromItsFirstCommandToItsClose_AnswersAsItsRowsSay()
    {
        Situation situation = Drive("Active", allClosed: false);
        CallingClient client = situation.Client;
        client.Do($"open {Second}");
        // A command of the other device is none of this one's.
        Assert.Equal("VD_E_INVALID", client.Call($"complete 1 0 0 512"));
        // More bytes than it asked for.
        Assert.Equal("VD_E_INVALID", client.Call($"complete 0 0 0 513"));
        Assert.Equal("VD_E_INVALID", client.Call($"complete 0 0 0 4294967808"));
        client.Do($"complete 0 0 0 512");
        Assert.Equal("VD_E_INVALID", client.Call($"complete 0 0 0 512"));
        client.Do($"get 0 -1");
        situation.Server.Devices[0].CloseDevice();
        // Fetched earlier: until the close is reported.
        client.Do($"complete 0 1 0 0");
        Assert.Equal("VD_E_CLOSE", client.Call($"get 0 -1"));
        Assert.Equal("VD_E_PROTOCOL", client.Call($"get 0 -1"));
        Assert.Equal("VD_E_PROTOCOL", client.Call($"complete 0 1 0 0"));
    }

    [Fact, Spec("D4"), Spec("D6"), Spec("D8")]
    public void CompleteCommand_WithAnError_HoldsClearErrorBackUntilAllIsCompleted()
    {
        Situation situation = Drive("Active", allClosed: false);
        CallingClient client = situation.Client;
        client.Do($"get 0 -1");
        client.Do($"complete 0 0 112 0");
        Await.Until(() => situation.Server.Sent[0].CallbackCount == 1, "the callback of the failed command");
        Assert.Equal(CompletionCode.DiskFull, situation.Server.Sent[0].CodeInCallback);
        SentCommand clear = situation.Server.Send(CommandCode.ClearError);
        Assert.Equal("VD_E_TIMEOUT", client.Call($"get 0 50"));
        client.Do($"complete 0 1 0 0");
        Assert.Equal("NOERROR 3 0 0", client.Call($"get 0 -1"));
        client.Do($"complete 0 2 0 0");
        Assert.Equal(CompletionCode.Success, clear.AwaitCompletion());
        situation.Server.Send(CommandCode.Flush);
        client.Do($"get 0 -1");
    }

    private List<string> Call(string row, string state, Situation situation)
    {
        CallingClient client = situation.Client;
        switch (row)
        {
            case "C1":
                return [client.Code($"create {NewName()} 1")];
            case "C2":
                BothHalves other = Own(new BothHalves(SharedMemoryTransport.Default, NewName())).Configured();
                string joined = client.Code($"join {other.Name}");
                if (joined == "NOERROR")
                {
                    (situation.Server, situation.Name, situation.DeviceCount) = (other.Server, other.Name, 1);
                }

                return [joined];
            case "C3" when state == "Configurable":
                client.Program.Say("config -1");
                situation.Server = NewServer().Open(situation.Name).Begin(VdFeatures.WriteMedia).Request(65536, 1).End();
                return [client.Program.ReadLine().Split(' ')[0]];
            case "C3":
                return [client.Code($"config 30000")];
            case "C4":
                return [client.Code($"open {situation.Name}")];
            case "C5":
                return [client.Code($"get 0 30000")];
            case "C6":
                return [client.Code($"complete 0 0 0 512")];
            case "C7":
                return [client.Code($"map {situation.Handle}"), client.Code($"handle {situation.Address}")];
            case "C8":
                return [client.Code($"abort")];
            case "C9":
                return [client.Code($"close")];
            default:
                throw new InvalidOperationException($"a row without a call: {row}");
        }
    }

    /// <summary>The state that the object is in, asked for through what each state alone answers. Ends with Close.</summary>
    private string StateOf(Situation situation)
    {
        CallingClient client = situation.Client;
        switch (client.Code($"config 0"))
        {
            case "VD_E_PROTOCOL":
                Assert.Equal("VD_E_PROTOCOL", client.Code($"close"));
                return "DoesNotExist";
            case "VD_E_ABORT":
                Assert.Equal("NOERROR", client.Code($"close"));
                return "Aborted";
            case "VD_E_TIMEOUT":
                Assert.Equal("NOERROR", client.Code($"close"));
                return "Configurable";
            default:
                break;
        }

        // An unknown name is waited for until the server has named all devices.
        if (situation.Server.Devices.Count == 0)
        {
            situation.Server.OpenDevice(situation.Name);
            if (situation.DeviceCount == 2)
            {
                situation.Server.OpenDevice(Second);
            }
        }

        string opened = client.Code($"open nosuchdevice");
        string closed = client.Code($"close");
        return (opened, closed) switch
        {
            ("VD_E_INVALID", "NOERROR") => "Initializing",
            ("VD_E_INVALID" or "VD_E_OPEN", "VD_E_OPEN") => "Active",
            ("VD_E_PROTOCOL", "NOERROR") => "NormallyTerminated",
            _ => $"none: open {opened}, close {closed}",
        };
    }

    /// <summary>Brings the C++ object into a state, with what the calls need: a device and a command held, if need be left
    /// over from an earlier life of the same object (C5n).</summary>
    private Situation Drive(string state, bool allClosed)
    {
        Situation situation = new() { Client = NewClient(), Server = NewServer(), Name = NewName() };
        CallingClient client = situation.Client;
        ScriptedServer server = situation.Server;
        client.Do($"create {situation.Name} 2");
        server.Open(situation.Name).Begin(VdFeatures.WriteMedia).Request(65536, 8).End();
        client.Do($"config -1");
        server.OpenDevice(situation.Name);
        server.OpenDevice(Second);
        server.StartAgent();
        client.Do($"open {situation.Name}");
        DeviceBuffer buffer = server.Allocate(512);
        situation.Handle = buffer.Handle;
        server.Send(CommandCode.Write, buffer);
        server.Send(CommandCode.Flush);
        Assert.Equal("NOERROR 2 512 0", client.Call($"get 0 -1"));
        switch (state)
        {
            case "Active" when !allClosed:
                return situation;
            case "Aborted":
                Assert.Equal(VdResult.Ok, server.Set.SignalAbort());
                return situation;
            case "Active" or "NormallyTerminated":
                client.Do($"complete 0 0 0 512");
                client.Do($"get 0 -1");
                client.Do($"complete 0 1 0 0");
                Assert.Equal(VdResult.Ok, server.Devices[0].CloseDevice());
                Assert.Equal("VD_E_CLOSE", client.Call($"get 0 -1"));
                break;
            default:
                StartAnew(situation, state);
                break;
        }

        if (state == "NormallyTerminated")
        {
            client.Do($"open {Second}");
            Assert.Equal(VdResult.Ok, server.Devices[1].CloseDevice());
            Assert.Equal("VD_E_CLOSE", client.Call($"get 1 -1"));
        }

        return situation;
    }

    // The earlier states: the same object in a new life, its device and command left over from the last.
    private void StartAnew(Situation situation, string state)
    {
        CallingClient client = situation.Client;
        Assert.Equal("VD_E_OPEN", client.Call($"close"));
        if (state == "DoesNotExist")
        {
            return;
        }

        situation.Name = NewName();
        situation.DeviceCount = 1;
        client.Do($"create {situation.Name} 1");
        if (state == "Initializing")
        {
            situation.Server = NewServer().Open(situation.Name).Begin(VdFeatures.WriteMedia).Request(512, 1).End();
            client.Do($"config -1");
            situation.Handle = situation.Server.Allocate(512).Handle;
            situation.Address = 1;
            client.Do($"map {situation.Handle}");
        }
    }

    private sealed class Situation
    {
        public required CallingClient Client { get; init; }

        public required ScriptedServer Server { get; set; }

        public required string Name { get; set; }

        public int DeviceCount { get; set; } = 2;

        /// <summary>Of a buffer, in this life where there is one.</summary>
        public uint Handle { get; set; }

        /// <summary>Which of the addresses that the program has seen is that buffer's.</summary>
        public int Address { get; set; }
    }
}
