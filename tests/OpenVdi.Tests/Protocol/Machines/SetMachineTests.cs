using OpenVdi.Testing;

namespace OpenVdi.Tests.Protocol.Machines;

/// <summary>Each cell of the transition tables in docs/spec against the machines: the expectation is read from the
/// document, so that table and machine can disagree.</summary>
public class SetMachineTests
{
    // An event for each outcome of a row: the code that the cell must allow for it when it allows several.
    private static readonly Dictionary<string, (string Event, string Status)[]> s_clientRows = new(StringComparer.Ordinal)
    {
        ["C1"] = [("Create", "NOERROR")],
        ["C2"] = [("OpenInSecondary", "NOERROR")],
        ["C3"] = [("GetConfiguration", "NOERROR")],
        ["C4"] = [("OpenDevice", "NOERROR")],
        ["C5"] = [("GetCommand", "NOERROR"), ("LastDeviceClosed", "VD_E_CLOSE")],
        ["C6"] = [("CompleteCommand", "NOERROR")],
        ["C7"] = [("UseBufferHandle", "NOERROR")],
        ["C8"] = [("SignalAbort", "NOERROR")],
        ["C9"] = [("Close", "NOERROR"), ("CloseEarly", "VD_E_OPEN")],
    };

    private static readonly Dictionary<string, (string Event, string Status)[]> s_serverRows = new(StringComparer.Ordinal)
    {
        ["S1"] = [("Open", "NOERROR")],
        ["S2"] = [("GetConfiguration", "NOERROR")],
        ["S3"] = [("BeginConfiguration", "NOERROR")],
        ["S4"] = [("RequestBuffers", "NOERROR")],
        ["S5"] = [("QueryAvailableBuffers", "NOERROR")],
        ["S6"] = [("EndConfiguration", "NOERROR")],
        ["S7"] = [("OpenDevice", "NOERROR")],
        ["S8"] = [("ExecuteCompletionAgent", "NOERROR")],
        ["S9"] = [("AllocateBuffer", "NOERROR")],
        ["S10"] = [("FreeBuffer", "NOERROR")],
        ["S12"] = [("SendCommand", "NOERROR")],
        ["S13"] = [("CloseDevice", "NOERROR")],
        ["S14"] = [("SignalAbort", "NOERROR")],
        ["S15"] = [("Close", "NOERROR"), ("CloseEarly", "VD_E_PROTOCOL")],
    };

    // Cells where a note or a rule takes precedence over the table, as the document says there.
    private static readonly Dictionary<(string Row, string State, string Event), SpecOutcome> s_refined = new()
    {
        // C4n: devices after the first one are opened in Active.
        [("C4", "Active", "OpenDevice")] = new("NOERROR", "Active"),
        // P11: the primary sees all devices closed that only secondaries had.
        [("C5", "Initializing", "LastDeviceClosed")] = new("VD_E_CLOSE", "NormallyTerminated"),
        // P9: the primary has no device of its own and is early all the same.
        [("C9", "Initializing", "CloseEarly")] = new("VD_E_OPEN", "DoesNotExist"),
        // The cell says "per device state": the set itself lets the command pass.
        [("S12", "Active", "SendCommand")] = new("NOERROR", null),
    };

    public static TheoryData<string, string, string> ClientCells => Cells(SpecTables.ClientTransitions, s_clientRows);

    public static TheoryData<string, string, string> ServerCells => Cells(SpecTables.ServerTransitions, s_serverRows);

    [Theory, MemberData(nameof(ClientCells))]
    [Spec("C1")]
    [Spec("C2")]
    [Spec("C3")]
    [Spec("C4")]
    [Spec("C5")]
    [Spec("C6")]
    [Spec("C7")]
    [Spec("C8")]
    [Spec("C9")]
    [Spec("C4n")]
    [Spec("C9n")]
    [Spec("P9")]
    [Spec("P11")]
    public void ClientNext_EverySpecifiedCell_AnswersAsTheRowSays(string row, string state, string @event)
    {
        Step<ClientSetState> step = ClientSetMachine.Next(Enum.Parse<ClientSetState>(state), Enum.Parse<ClientSetEvent>(@event));
        Assert.Equal(Expected(row, state, @event, s_clientRows), new SpecOutcome(step.Status.SpecName(), step.Next.ToString()));
    }

    [Theory, MemberData(nameof(ServerCells))]
    [Spec("S1")]
    [Spec("S2")]
    [Spec("S3")]
    [Spec("S4")]
    [Spec("S5")]
    [Spec("S6")]
    [Spec("S7")]
    [Spec("S8")]
    [Spec("S9")]
    [Spec("S10")]
    [Spec("S12")]
    [Spec("S13")]
    [Spec("S14")]
    [Spec("S15")]
    [Spec("S-n1")]
    public void ServerNext_EverySpecifiedCell_AnswersAsTheRowSays(string row, string state, string @event)
    {
        Step<ServerSetState> step = ServerSetMachine.Next(Enum.Parse<ServerSetState>(state), Enum.Parse<ServerSetEvent>(@event));
        Assert.Equal(Expected(row, state, @event, s_serverRows), new SpecOutcome(step.Status.SpecName(), step.Next.ToString()));
    }

    [Fact]
    [Spec("S13/Active")]
    [Spec("T3")]
    public void ServerNext_AllClosed_IsTheSecondOutcomeOfCloseDevice()
    {
        Assert.Contains(new SpecOutcome("NOERROR", "NormallyTerminated"), SpecTables.Cell("S13", "Active").Outcomes);
        foreach (ServerSetState state in Enum.GetValues<ServerSetState>())
        {
            Step<ServerSetState> step = ServerSetMachine.Next(state, ServerSetEvent.AllClosed);
            Assert.Equal(state == ServerSetState.Active ? ServerSetState.NormallyTerminated : state, step.Next);
        }
    }

    [Fact]
    public void Rows_OfBothTables_AllHaveAnEvent()
    {
        Assert.Equal(
            SpecTables.ClientTransitions.Select(static cell => cell.RowId).Distinct().Order(),
            s_clientRows.Keys.Order());
        Assert.Equal(
            SpecTables.ServerTransitions.Select(static cell => cell.RowId).Where(static id => id != "S11").Distinct().Order(),
            s_serverRows.Keys.Order());
        Assert.Equal(Enum.GetNames<ClientSetEvent>().Order(), s_clientRows.Values.SelectMany(Names).Order());
        Assert.Equal(
            Enum.GetNames<ServerSetEvent>().Order(),
            s_serverRows.Values.SelectMany(Names).Append(nameof(ServerSetEvent.AllClosed)).Order());
    }

    private static IEnumerable<string> Names((string Event, string Status)[] events) => events.Select(static e => e.Event);

    private static TheoryData<string, string, string> Cells(
        IEnumerable<SpecCell> cells, Dictionary<string, (string Event, string Status)[]> rows)
    {
        var data = new TheoryData<string, string, string>();
        foreach (SpecCell cell in cells.Where(cell => rows.ContainsKey(cell.RowId)))
        {
            foreach ((string @event, _) in rows[cell.RowId])
            {
                data.Add(cell.RowId, cell.State, @event);
            }
        }

        return data;
    }

    private static SpecOutcome Expected(
        string row, string state, string @event, Dictionary<string, (string Event, string Status)[]> rows)
    {
        SpecCell cell = SpecTables.Cell(row, state);
        if (!s_refined.TryGetValue((row, state, @event), out SpecOutcome? outcome))
        {
            string status = rows[row].Single(e => e.Event == @event).Status;
            outcome = cell.Outcomes.Count == 1
                ? cell.Outcomes[0]
                : cell.Outcomes.First(candidate => candidate.Status == status);
        }

        return outcome with { Next = outcome.Next ?? state };
    }
}
