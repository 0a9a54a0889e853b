using OpenVdi.Testing;
using static OpenVdi.DeviceState;

namespace OpenVdi.Tests.Protocol.Machines;

public class DeviceMachineTests
{
    private static readonly Dictionary<string, ServerDeviceEvent> s_events = new(StringComparer.Ordinal)
    {
        ["D1"] = ServerDeviceEvent.SendClearError,
        ["D2"] = ServerDeviceEvent.SendOther,
        ["D3"] = ServerDeviceEvent.CloseDevice,
    };

    public static TheoryData<string, string> ServerCells
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (SpecCell cell in SpecTables.DeviceTransitions)
            {
                data.Add(cell.RowId, cell.State);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(ServerCells))]
    [Spec("D1")]
    [Spec("D2")]
    [Spec("D3")]
    public void ServerNext_EverySpecifiedCell_AnswersAsTheRowSays(string row, string state)
    {
        SpecOutcome expected = SpecTables.Cell(row, state).Outcomes[0];
        Step<DeviceState> step = DeviceMachine.Next(Enum.Parse<DeviceState>(state), s_events[row]);
        Assert.Equal(expected with { Next = expected.Next ?? state }, new SpecOutcome(step.Status.SpecName(), step.Next.ToString()));
    }

    [Fact]
    [Spec("D4")]
    [Spec("D9")]
    public void ServerNext_CommandFailed_IsIOErrorAtOnce()
    {
        Assert.Equal(IOError, DeviceMachine.Next(Active, ServerDeviceEvent.CommandFailed).Next);
        Assert.Equal(IOError, DeviceMachine.Next(IOError, ServerDeviceEvent.CommandFailed).Next);
        Assert.Equal(IOError, DeviceMachine.Next(Active, ClientDeviceEvent.CommandFailed).Next);
        Assert.Equal(IOError, DeviceMachine.Next(IOError, ClientDeviceEvent.CommandFailed).Next);
    }

    [Fact]
    [Spec("D8")]
    [Spec("D11")]
    [Spec("K13")]
    public void ServerNext_ErrorCleared_IsActiveAgain()
    {
        Assert.Equal(Active, DeviceMachine.Next(IOError, ServerDeviceEvent.ErrorCleared).Next);
        Assert.Equal(Active, DeviceMachine.Next(Active, ServerDeviceEvent.ErrorCleared).Next);
        Assert.Equal(Active, DeviceMachine.Next(IOError, ClientDeviceEvent.ErrorCleared).Next);
    }

    [Fact]
    [Spec("D10")]
    public void ServerNext_EndOfACommandAfterCloseDevice_DoesNotReviveTheDevice()
    {
        Assert.Equal(Closed, DeviceMachine.Next(IOError, ServerDeviceEvent.CloseDevice).Next);
        Assert.Equal(Closed, DeviceMachine.Next(Closed, ServerDeviceEvent.CommandFailed).Next);
        Assert.Equal(Closed, DeviceMachine.Next(Closed, ServerDeviceEvent.ErrorCleared).Next);
    }

    [Theory]
    [Spec("D23")]
    [Spec("D24")]
    [InlineData(Active)]
    [InlineData(IOError)]
    public void ClientNext_FindsClosed_SaysSoOnce(DeviceState state)
    {
        Assert.Equal(new Step<DeviceState>(VdResult.Closed, Closed), DeviceMachine.Next(state, ClientDeviceEvent.FindClosed));
        foreach (ClientDeviceEvent after in (ClientDeviceEvent[])[
            ClientDeviceEvent.TakeCommand, ClientDeviceEvent.FindClosed, ClientDeviceEvent.CompleteCommand,
            ClientDeviceEvent.CompleteUnknown])
        {
            Assert.Equal(new Step<DeviceState>(VdResult.ProtocolError, Closed), DeviceMachine.Next(Closed, after));
        }
    }

    [Fact]
    [Spec("D25")]
    public void ClientNext_Aborted_AnswersAbortToAll()
    {
        foreach (ClientDeviceEvent @event in Enum.GetValues<ClientDeviceEvent>().Where(static e => e != ClientDeviceEvent.Abort))
        {
            Assert.Equal(new Step<DeviceState>(VdResult.Aborted, Aborted), DeviceMachine.Next(Aborted, @event));
        }

        foreach (DeviceState state in Enum.GetValues<DeviceState>())
        {
            Assert.Equal(Aborted, DeviceMachine.Next(state, ClientDeviceEvent.Abort).Next);
            Assert.Equal(Aborted, DeviceMachine.Next(state, ServerDeviceEvent.Abort).Next);
        }
    }

    [Theory]
    [Spec("D20")]
    [Spec("D26")]
    [Spec("D27")]
    [InlineData(Active)]
    [InlineData(IOError)]
    public void ClientNext_OpenDevice_TakesAndCompletesButNotTwice(DeviceState state)
    {
        Assert.Equal(new Step<DeviceState>(VdResult.Ok, state), DeviceMachine.Next(state, ClientDeviceEvent.TakeCommand));
        Assert.Equal(new Step<DeviceState>(VdResult.Ok, state), DeviceMachine.Next(state, ClientDeviceEvent.CompleteCommand));
        Assert.Equal(new Step<DeviceState>(VdResult.Invalid, state), DeviceMachine.Next(state, ClientDeviceEvent.CompleteUnknown));
    }

    [Fact]
    public void Next_OpenAgain_IsMisplaced()
    {
        Assert.Equal(new Step<DeviceState>(VdResult.Ok, Active), DeviceMachine.Next(Unopened, ServerDeviceEvent.Open));
        Assert.Equal(new Step<DeviceState>(VdResult.Ok, Active), DeviceMachine.Next(Unopened, ClientDeviceEvent.Open));
        foreach (DeviceState state in (DeviceState[])[Active, IOError, Closed])
        {
            Assert.Equal(VdResult.ProtocolError, DeviceMachine.Next(state, ServerDeviceEvent.Open).Status);
            Assert.Equal(VdResult.ProtocolError, DeviceMachine.Next(state, ClientDeviceEvent.Open).Status);
        }
    }
}
