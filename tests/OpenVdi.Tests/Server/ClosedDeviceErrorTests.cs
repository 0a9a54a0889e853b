using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Tests.Server;

/// <summary>Found by the model (seed 1): a device that the server closes in IO-ERROR is Closed for the server and in error
/// for the client, and a further failure must not count as the first one.</summary>
public class ClosedDeviceErrorTests
{
    [Fact]
    [Spec("D9")]
    [Spec("D10")]
    [Spec("T2")]
    public void CloseDevice_InIOErrorWithTwoClearErrors_LeavesTheSecondToTheClient()
    {
        var transport = new InProcessTransport();
        using var client = new ClientVirtualDeviceSet(transport);
        using var server = new ServerVirtualDeviceSet(transport);
        Assert.Equal(VdResult.Ok, client.CreateEx(null, "set", new SetConfiguration()));
        Assert.Equal(VdResult.Ok, server.Open(null, "set"));
        Assert.Equal(VdResult.Ok, server.BeginConfiguration(VdFeatures.WriteMedia, 512, 0, 65536, TimeSpan.Zero));
        Assert.Equal(VdResult.Ok, server.EndConfiguration());
        Assert.Equal(VdResult.Ok, client.GetConfiguration(TimeSpan.Zero, out _));
        Assert.Equal(VdResult.Ok, server.OpenDevice("set", out ServerVirtualDevice? servers));
        Assert.Equal(VdResult.Ok, client.OpenDevice("set", out ClientVirtualDevice? clients));
        Assert.False(server.RunAgentOnce(out _));

        Assert.Equal(VdResult.Ok, servers!.SendCommand(new ServerCommand { Code = CommandCode.Flush }));
        Answer(clients!, CompletionCode.DiskFull);
        Assert.False(server.RunAgentOnce(out _));
        Assert.Equal(VdResult.Ok, servers.SendCommand(new ServerCommand { Code = CommandCode.ClearError }));
        Assert.Equal(VdResult.Ok, servers.SendCommand(new ServerCommand { Code = CommandCode.ClearError }));
        Assert.Equal(VdResult.Ok, servers.CloseDevice());

        Answer(clients!, CompletionCode.IODevice);
        Assert.False(server.RunAgentOnce(out _));
        Assert.Equal(1, servers.OutstandingCount);
        Answer(clients!, CompletionCode.Success);
        Assert.Equal(VdResult.Closed, clients!.GetCommand(TimeSpan.Zero, out _));
        Assert.True(server.RunAgentOnce(out VdResult result));
        Assert.Equal(VdResult.Ok, result);
        Assert.Null(server.Abort);
    }

    private static void Answer(ClientVirtualDevice device, CompletionCode code)
    {
        Assert.Equal(VdResult.Ok, device.GetCommand(TimeSpan.Zero, out ClientCommand command));
        Assert.Equal(VdResult.Ok, device.CompleteCommand(command, code, 0));
    }
}
