using OpenVdi.Testing;
using static OpenVdi.CommandEvent;
using static OpenVdi.CommandState;

namespace OpenVdi.Tests.Protocol.Machines;

public class CommandMachineTests
{
    [Fact]
    [Spec("M1")]
    [Spec("A5")]
    public void Next_AnyEnd_IsTheOnlyOne()
    {
        Assert.Equal(new Step<CommandState>(VdResult.Ok, Outstanding), CommandMachine.Next(Idle, Begin));
        foreach (CommandEvent end in (CommandEvent[])[Complete, Flush, Abort, Forget])
        {
            Assert.Equal(new Step<CommandState>(VdResult.Ok, Idle), CommandMachine.Next(Outstanding, end));
            Assert.Equal(new Step<CommandState>(VdResult.Invalid, Idle), CommandMachine.Next(Idle, end));
        }
    }

    [Fact]
    [Spec("Q5")]
    public void Next_BeginWhileOutstanding_IsRefused() =>
        Assert.Equal(new Step<CommandState>(VdResult.Invalid, Outstanding), CommandMachine.Next(Outstanding, Begin));
}
