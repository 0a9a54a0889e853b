using OpenVdi.Client;
using OpenVdi.Transport;

namespace OpenVdi.Testing;

/// <summary>The backup program's half, driven by a script: the real classes; a step that does not return what its name
/// promises throws.</summary>
public sealed class ScriptedClient : IDisposable
{
    private readonly List<ClientVirtualDevice> _devices = [];

    /// <summary>A client without a set yet.</summary>
    public ScriptedClient(VdiTransport transport) => Set = new ClientVirtualDeviceSet(transport);

    /// <summary>The real class.</summary>
    public ClientVirtualDeviceSet Set { get; }

    /// <summary>The devices opened so far, in order.</summary>
    public IReadOnlyList<ClientVirtualDevice> Devices => _devices;

    /// <summary>CreateEx for the default instance.</summary>
    public ScriptedClient Create(string name, SetConfiguration wishes)
    {
        Require("CreateEx", Set.CreateEx(null, name, wishes));
        return this;
    }

    /// <summary>OpenInSecondaryEx for the default instance.</summary>
    public ScriptedClient Join(string name)
    {
        Require("OpenInSecondaryEx", Set.OpenInSecondaryEx(null, name));
        return this;
    }

    /// <summary>GetConfiguration, within the limit.</summary>
    public SetConfiguration GetConfiguration()
    {
        Require("GetConfiguration", Set.GetConfiguration(Await.Limit, out SetConfiguration? configuration));
        return configuration!;
    }

    /// <summary>OpenDevice.</summary>
    public ClientVirtualDevice OpenDevice(string name)
    {
        Require($"OpenDevice('{name}')", Set.OpenDevice(name, out ClientVirtualDevice? device));
        _devices.Add(device!);
        return device!;
    }

    /// <summary>GetCommand, within the limit, which must bring this command.</summary>
    public ClientCommand Expect(CommandCode code, int device = 0)
    {
        Require($"GetCommand of '{_devices[device].Name}'", _devices[device].GetCommand(Await.Limit, out ClientCommand command));
        return command.Code == code
            ? command
            : throw new ScriptFailedException($"client GetCommand: expected {code}, found {command.Code}");
    }

    /// <summary>GetCommand, within the limit, which must fail like this.</summary>
    public void ExpectEnd(VdResult expected, int device = 0)
    {
        VdResult found = _devices[device].GetCommand(Await.Limit, out ClientCommand command);
        if (found != expected)
        {
            throw new ScriptFailedException($"client GetCommand: expected {expected}, found {found} ({command.Code})");
        }
    }

    /// <summary>CompleteCommand: with success and the whole size unless said otherwise.</summary>
    public void Complete(
        in ClientCommand command, CompletionCode code = CompletionCode.Success, uint? bytes = null, ulong position = 0,
        int device = 0)
    {
        uint transferred = bytes
            ?? (command.Code is CommandCode.Read or CommandCode.Write && code == CompletionCode.Success ? command.SizeBytes : 0);
        Require(
            $"CompleteCommand({command.Code})", _devices[device].CompleteCommand(in command, code, transferred, position));
    }

    /// <summary>Expect and complete in one.</summary>
    public ClientCommand Serve(
        CommandCode expected, CompletionCode code = CompletionCode.Success, uint? bytes = null, ulong position = 0,
        int device = 0)
    {
        ClientCommand command = Expect(expected, device);
        Complete(in command, code, bytes, position, device);
        return command;
    }

    /// <summary>Close, which must find everything closed.</summary>
    public void Close() => Require("Close", Set.Close());

    /// <summary>Throws for what a script did not expect.</summary>
    public void Require(string call, VdResult result)
    {
        if (result != VdResult.Ok)
        {
            throw new ScriptFailedException($"client {call}: expected NOERROR, found {result} ({Set.LastFailure})");
        }
    }

    /// <summary>Gives everything up.</summary>
    public void Dispose() => Set.Dispose();
}
