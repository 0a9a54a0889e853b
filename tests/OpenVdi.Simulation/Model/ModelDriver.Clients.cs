using OpenVdi.Client;

namespace OpenVdi.Simulation.Model;

/// <content>The client's calls.</content>
internal sealed partial class ModelDriver
{
    private static readonly VdFeatures[] s_features =
    [
        VdFeatures.LikePipe, VdFeatures.Removable, VdFeatures.LikeTape, VdFeatures.LikeDisk,
        VdFeatures.LikeDisk | VdFeatures.Discard, VdFeatures.SnapshotPrepare,
    ];

    private static readonly CompletionCode[] s_failures =
    [
        CompletionCode.DiskFull, CompletionCode.HandleEof, CompletionCode.FilemarkDetected, CompletionCode.EndOfMedia,
        CompletionCode.NotSupported, CompletionCode.OperationAborted, (CompletionCode)4711,
    ];

    // Data addresses and handles that were seen, with their set.
    private readonly List<(ModelSet Set, nint Address, uint Handle)> _handles = [];

    /// <summary>The call that brings this client on its way.</summary>
    private void StepClientLife(ClientParty client)
    {
        switch (client.Model.State)
        {
            case ClientSetState.DoesNotExist when OneIn(3):
                Create(client);
                break;
            case ClientSetState.DoesNotExist:
                Join(client);
                break;
            case ClientSetState.Configurable:
                GetConfiguration(client);
                break;
            case ClientSetState.Initializing or ClientSetState.Active:
                OpenDevice(client);
                break;
            default:
                // Over, in one way or the other: linger a little.
                if (OneIn(8))
                {
                    CloseSet(client);
                }
                else
                {
                    CallAnything(client, Pick(_servers));
                }

                break;
        }
    }

    private void End(ClientParty client)
    {
        if (OneIn(2))
        {
            Check(client.Name, "client SignalAbort", null, client.Model.SignalAbort(), client.Sut.SignalAbort());
        }
        else
        {
            CloseSet(client);
        }
    }

    private void CloseSet(ClientParty client) =>
        Check(client.Name, "client Close", null, client.Model.Close(), client.Sut.Close());

    private void Create(ClientParty client)
    {
        string? name = PickSetName();
        string? instance = OneIn(2) ? null : "";
        SetConfiguration? wishes = new()
        {
            DeviceCount = (uint)_random.Next(1, 4),
            Features = Pick(s_features),
            AlignmentBytes = Pick([0u, 0u, 4096u, 65536u]),
            PrefixZoneSizeBytes = Pick([0u, 0u, 1000u]),
        };
        SetConfiguration model = wishes;
        VdResult argument = VdResult.Ok;
        if (OneIn(6))
        {
            (name, instance, wishes, argument) = _random.Next(9) switch
            {
                0 => (null, instance, wishes, VdResult.Invalid),
                1 => ("", instance, wishes, VdResult.Invalid),
                2 => (@"back\slash", instance, wishes, VdResult.Invalid),
                3 => (name, instance, null, VdResult.Invalid),
                4 => (name, "STRANGER", wishes, VdResult.UnknownInstance),
                5 => (name, instance, model with { DeviceCount = Pick([0u, 65u]) }, VdResult.NotSupported),
                6 => (name, instance, model with { AlignmentBytes = Pick([3u, 131072u]) }, VdResult.NotSupported),
                7 => (name, instance, model with { Features = VdFeatures.LikeTape | VdFeatures.LikeDisk }, VdResult.NotSupported),
                _ => (name, instance, model with { Features = VdFeatures.FileMarks }, VdResult.NotSupported),
            };
        }
        else if (OneIn(10))
        {
            // V3 and 4.1: the server's bits and fields are cleared.
            wishes = model with { Features = model.Features | VdFeatures.WriteMedia, BlockSizeBytes = 7 };
        }

        Check(
            client.Name, "CreateEx", name,
            client.Model.Create(name ?? "", model, argument), client.Sut.CreateEx(instance, name, wishes));
    }

    private void Join(ClientParty client)
    {
        (string? name, string? instance, VdResult argument) = _random.Next(20) switch
        {
            0 => (null, null, VdResult.Invalid),
            1 => (PickSetName(), "STRANGER", VdResult.UnknownInstance),
            _ => (PickSetName(), (string?)null, VdResult.Ok),
        };
        Check(
            client.Name, "OpenInSecondaryEx", name,
            client.Model.Join(name ?? "", argument), client.Sut.OpenInSecondaryEx(instance, name));
    }

    private void GetConfiguration(ClientParty client)
    {
        VdResult expected = client.Model.GetConfiguration();
        VdResult actual = client.Sut.GetConfiguration(TimeSpan.Zero, out SetConfiguration? configuration);
        Check(client.Name, "client GetConfiguration", null, expected, actual);
        CheckEqual(
            client.Name, "configuration", expected == VdResult.Ok ? client.Model.Set!.Final : null,
            configuration is null ? null : configuration with { BufferAreaSizeBytes = 0 });
    }

    private void OpenDevice(ClientParty client)
    {
        string name = _random.Next(12) switch
        {
            0 => "nobody",
            < 6 => client.Model.Set?.Name ?? "set",
            < 9 => "d1",
            _ => "d2",
        };
        if (client.Model.OpenDeviceWaits(name))
        {
            return;
        }

        VdResult expected = client.Model.OpenDevice(name, out ModelDevice? model);
        VdResult actual = client.Sut.OpenDevice(name, out ClientVirtualDevice? device);
        Check(client.Name, "client OpenDevice", name, expected, actual);
        CheckEqual(client.Name, "a device", model is not null, device is not null);
        if (device is not null)
        {
            CheckEqual(client.Name, "device name", name, device.Name);
            Keep(client.Devices, new ClientEnd(client.Model.EntryCount, model!, device));
        }
    }

    private void Get(ClientParty client)
    {
        if (PickEnd(client.Devices, client.IsBusy) is not { } end)
        {
            return;
        }

        ModelCommand? model = null;
        VdResult expected = client.IsLive(end) ? end.Model.Get(out model) : VdResult.ProtocolError;
        VdResult actual = end.Sut.GetCommand(TimeSpan.Zero, out ClientCommand command);
        Check(client.Name, "GetCommand", end, expected, actual);
        if (model is not null)
        {
            CheckEqual(
                client.Name, "command", (model.Code, model.SizeBytes, model.Position, model.Servers.Buffer.Handle),
                (command.Code, command.SizeBytes, command.Position, command.Buffer.Handle));
            model.Clients = command;
            Remember(client.Model.Set!, command);
        }

        CheckDevice(client, end);
    }

    private void Complete(ClientParty client)
    {
        if (PickEnd(client.Devices, candidate => client.IsBusy(candidate) && candidate.Model.Held.Count > 0) is not { } end)
        {
            return;
        }

        ModelCommand? command = PickOrNone(end.Model.Held);
        if (command is null || OneIn(20))
        {
            // Completed twice, fetched by a neighbour, or never fetched by anyone.
            command = _random.Next(3) switch
            {
                0 => end.Spent,
                1 => PickOrNone(Pick(client.Devices).Model.Held),
                _ => null,
            };
        }

        CompletionCode code = OneIn(12) ? Pick(s_failures) : CompletionCode.Success;
        uint bytes = command is null ? 0 : _random.Next(20) switch
        {
            0 => command.SizeBytes + 1,
            1 => 0,
            2 => command.SizeBytes / 2,
            _ => command.SizeBytes,
        };
        ulong position = (ulong)_random.NextInt64();
        VdResult expected = client.IsLive(end) ? end.Model.Complete(command, code, bytes, position) : VdResult.ProtocolError;
        VdResult actual = end.Sut.CompleteCommand(command?.Clients ?? default, code, bytes, position);
        Check(client.Name, "CompleteCommand", (end, command, code, bytes), expected, actual);
        end.Spent = expected == VdResult.Ok ? command : end.Spent;
        CheckDevice(client, end);
    }

    private void UseHandle(ClientParty client)
    {
        var known = _handles.FindAll(item => ReferenceEquals(item.Set, client.Model.Set));
        bool isGood = known.Count > 0 && !OneIn(3);
        (_, nint address, uint handle) = isGood ? Pick(known) : (null!, 4711, Pick([0u, uint.MaxValue, 0xFFE00001u]));
        VdResult expected = client.Model.UseHandle(isGood);
        if (OneIn(2))
        {
            // An address is one process's; here all parties have the same.
            VdResult actual = client.Sut.MapBufferHandle(handle, out nint mapped);
            Check(client.Name, "MapBufferHandle", handle, expected, actual);
            CheckEqual(client.Name, "address", expected == VdResult.Ok ? address : 0, mapped);
            return;
        }

        if (isGood && client.Sut.MapBufferHandle(handle, out _) != VdResult.Ok)
        {
            return;
        }

        Check(client.Name, "GetBufferHandle", address, expected, client.Sut.GetBufferHandle(address, out uint found));
        CheckEqual(client.Name, "handle", expected == VdResult.Ok ? handle : 0, found);
    }

    private void CheckDevice(ClientParty client, ClientEnd end)
    {
        if (client.IsLive(end))
        {
            CheckEqual(client.Name, $"state of {end}", end.Model.ClientState, end.Sut.State);
        }
    }

    private void Remember(ModelSet set, in ClientCommand command)
    {
        if (!command.Buffer.IsEmpty)
        {
            Keep(_handles, (set, command.Buffer.Address, command.Buffer.Handle));
        }
    }

    // A few of the old ones stay, to be used after their time.
    private static void Keep<T>(List<T> list, T item)
    {
        list.Add(item);
        if (list.Count > 6)
        {
            list.RemoveAt(0);
        }
    }
}
