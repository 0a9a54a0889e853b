using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Simulation.Model;

/// <content>The server's calls.</content>
internal sealed partial class ModelDriver
{
    private static readonly CommandCode[] s_commands =
    [
        CommandCode.Write, CommandCode.Read, CommandCode.Write, CommandCode.Read, CommandCode.Flush, CommandCode.GetPosition,
        CommandCode.SetPosition, CommandCode.SkipMarks, CommandCode.Complete, (CommandCode)77,
    ];

    /// <summary>The call that brings this server on its way.</summary>
    private void StepServerLife(ServerParty server)
    {
        switch (server.Model.State)
        {
            case ServerSetState.DoesNotExist:
                Open(server);
                break;
            case ServerSetState.Connected:
                BeginConfiguration(server);
                break;
            case ServerSetState.Configurable when OneIn(2):
                RequestBuffers(server);
                break;
            case ServerSetState.Configurable:
                EndConfiguration(server);
                break;
            case ServerSetState.Initializing or ServerSetState.Active when OneIn(3):
                RunAgent(server);
                break;
            case ServerSetState.Initializing or ServerSetState.Active:
                OpenDevice(server);
                break;
            default:
                // Over, in one way or the other: linger a little.
                if (OneIn(8))
                {
                    CloseSet(server);
                }
                else
                {
                    CallAnything(Pick(_clients), server);
                }

                break;
        }
    }

    private void End(ServerParty server)
    {
        if (OneIn(2))
        {
            Check(server.Name, "server SignalAbort", null, server.Model.SignalAbort(), server.Sut.SignalAbort());
        }
        else
        {
            CloseSet(server);
        }
    }

    private void CloseSet(ServerParty server)
    {
        bool isRunning = server.Model.IsAgentRunning;
        VdResult expected = server.Model.Close(_expected);
        VdResult actual = server.Sut.Close();
        if (isRunning)
        {
            // Close was called on the agent's thread; the agent ends with its next round (A6, A7).
            CheckEqual(server.Name, "the agent has returned", true, server.Sut.RunAgentOnce(out VdResult result));
            CheckEqual(server.Name, "the agent's result", VdResult.Ok, result);
        }

        Check(server.Name, "server Close", null, expected, actual);
    }

    private void Open(ServerParty server)
    {
        (string? name, string? instance, VdResult argument) = _random.Next(20) switch
        {
            0 => (null, null, VdResult.Invalid),
            1 => (PickSetName(), "STRANGER", VdResult.UnknownInstance),
            2 => (PickSetName(), "NAMED", VdResult.Invalid),   // A known instance, but not the set's (N12).
            _ => (PickSetName(), (string?)null, VdResult.Ok),
        };
        Check(server.Name, "Open", name, server.Model.Open(name ?? "", argument), server.Sut.Open(instance, name));
    }

    private void GetConfiguration(ServerParty server)
    {
        VdResult expected = server.Model.GetConfiguration();
        VdResult actual = server.Sut.GetConfiguration(out SetConfiguration? configuration);
        Check(server.Name, "server GetConfiguration", null, expected, actual);
        CheckEqual(
            server.Name, "configuration", expected == VdResult.Ok ? server.Model.Shown : null,
            configuration is null ? null : configuration with { BufferAreaSizeBytes = 0 });
    }

    private void BeginConfiguration(ServerParty server)
    {
        VdFeatures features = Pick(
            [VdFeatures.WriteMedia, VdFeatures.ReadMedia, server.Model.Shown?.Features ?? 0, VdFeatures.VssWriter]);
        uint block = Pick([512u, 4096u, 4096u, 65536u, 1000u, 256u]);
        uint alignment = Pick([0u, 0u, 65536u, 65536u, 4096u, 3u]);
        uint transfer = Pick([65536u, 131072u, 131072u, 0u, 100_000u]);
        Check(
            server.Name, "BeginConfiguration", (features, block, alignment, transfer),
            server.Model.BeginConfiguration(features, block, alignment, transfer),
            server.Sut.BeginConfiguration(features, block, alignment, transfer, TimeSpan.Zero));
    }

    private void RequestBuffers(ServerParty server)
    {
        if (server.Model.RequestCount >= 5)
        {
            return;   // The twin's memory has a limit that no legal request shall reach.
        }

        (uint size, uint count) = _random.Next(12) switch
        {
            0 => (0u, 1u),
            1 => (65536u, 0u),
            2 => (4096u, 5000u),
            3 => (ModelServer.TooLargeBytes, 1u),
            < 7 => (4096u, (uint)_random.Next(1, 5)),
            _ => (65536u, (uint)_random.Next(1, 5)),
        };
        Check(
            server.Name, "RequestBuffers", (size, count),
            server.Model.RequestBuffers(size, count), server.Sut.RequestBuffers(size, 0, count));
    }

    private void EndConfiguration(ServerParty server) =>
        Check(server.Name, "EndConfiguration", null, server.Model.EndConfiguration(), server.Sut.EndConfiguration());

    private void OpenDevice(ServerParty server)
    {
        int index = server.Model.Set?.DeviceNames.Count ?? 0;
        string? name = _random.Next(12) switch
        {
            0 => null,
            1 => "",
            2 => "d1",
            _ => index == 0 ? server.Model.Set?.Name ?? "set" : $"d{index}",
        };
        VdResult expected = server.Model.OpenDevice(name, out ModelDevice? model);
        VdResult actual = server.Sut.OpenDevice(name, out ServerVirtualDevice? device);
        Check(server.Name, "server OpenDevice", name, expected, actual);
        CheckEqual(server.Name, "a device", model is not null, device is not null);
        if (device is not null)
        {
            Keep(server.Devices, new ServerEnd(server.Model.Set!, model!, device));
        }
    }

    private void RunAgent(ServerParty server)
    {
        bool isDone = server.Model.RunAgent(_expected, out VdResult expected);
        CheckEqual(server.Name, "the agent has returned", isDone, server.Sut.RunAgentOnce(out VdResult actual));
        Check(server.Name, isDone ? "ExecuteCompletionAgent" : "(agent's round)", null, expected, isDone ? actual : VdResult.Ok);
    }

    private void RefusedAgent(ServerParty server)
    {
        VdResult expected = server.Model.StartAgent();
        if (expected != VdResult.Ok)
        {
            Check(server.Name, "ExecuteCompletionAgent", "refused", expected, server.Sut.ExecuteCompletionAgent());
        }
    }

    private void AllocateBuffer(ServerParty server)
    {
        uint size = Pick([4096u, 4096u, 65536u, 65536u, 512u, 131072u, 0u]);
        VdResult expected = server.Model.AllocateBuffer(size, out ModelRun? run);
        VdResult actual = server.Sut.AllocateBuffer(out DeviceBuffer buffer, size, 0);
        Check(server.Name, "AllocateBuffer", size, expected, actual);
        CheckEqual(server.Name, "size of the buffer", expected == VdResult.Ok ? (int)size : 0, buffer.SizeBytes);
        if (run is null)
        {
            return;
        }

        CheckEqual(server.Name, "misalignment (B20)", 0, (int)(buffer.Address % server.Model.Shown!.AlignmentBytes));
        CheckEqual(server.Name, "IsSharedBuffer", true, server.Sut.IsSharedBuffer(buffer.Address));
        long prefix = server.Model.Shown.PrefixZoneSizeBytes;
        foreach (ModelBuffer other in server.Model.Buffers)
        {
            bool isApart = buffer.Address - prefix >= other.Buffer.Address + other.Buffer.SizeBytes
                || other.Buffer.Address - prefix >= buffer.Address + buffer.SizeBytes;
            CheckEqual(server.Name, "buffers and their zones are apart (B21)", true, isApart);
        }

        server.Model.Buffers.Add(new ModelBuffer(buffer, run));
    }

    private void FreeBuffer(ServerParty server)
    {
        ModelBuffer? buffer = PickOrNone(server.Model.Buffers.FindAll(static candidate => !candidate.IsInFlight));
        if (buffer is null || OneIn(5))
        {
            (nint address, uint size) = buffer is null
                ? ((nint)4711, 4096u)
                : (buffer.Buffer.Address + Pick([0, 512]), (uint)buffer.Buffer.SizeBytes + 512);
            Check(server.Name, "FreeBuffer", "wrong", server.Model.FreeBuffer(null), server.Sut.FreeBuffer(address, size));
            return;
        }

        // Where a state forbids it the buffer stays allocated, in the model and in truth.
        Check(server.Name, "FreeBuffer", buffer.Buffer.SizeBytes, server.Model.FreeBuffer(buffer), server.Sut.FreeBuffer(buffer.Buffer));
    }

    private void QueryBuffers(ServerParty server)
    {
        uint size = Pick([4096u, 65536u, 512u, 0u]);
        VdResult expected = server.Model.QueryAvailableBuffers(size, out uint model);
        VdResult actual = server.Sut.QueryAvailableBuffers(size, 0, out uint count);
        Check(server.Name, "QueryAvailableBuffers", size, expected, actual);
        CheckEqual(server.Name, "available buffers", model, count);
        CheckEqual(server.Name, "IsSharedBuffer of a foreign address", false, server.Sut.IsSharedBuffer(4711));
    }

    private void Send(ServerParty server)
    {
        if (PickEnd(server.Devices, server.IsBusy) is not { } end)
        {
            return;
        }

        bool isLive = server.IsLive(end);
        CommandCode code = OneIn(end.Model.ServerState == DeviceState.IOError ? 2 : 25) ? CommandCode.ClearError : Pick(s_commands);
        ModelBuffer? buffer = PickOrNone(server.Model.Buffers.FindAll(static candidate => !candidate.IsInFlight));
        if (code is CommandCode.Read or CommandCode.Write && (!isLive || buffer is null || !FitsATransfer(server, buffer)))
        {
            code = CommandCode.Flush;
        }

        bool isTransfer = code is CommandCode.Read or CommandCode.Write;
        SendOne(server, end, code, isTransfer ? buffer : null);
    }

    private void SendOne(ServerParty server, ServerEnd end, CommandCode code, ModelBuffer? buffer)
    {
        uint size = buffer is not null ? (uint)buffer.Buffer.SizeBytes : (uint)_random.Next(4);
        ulong position = (ulong)_random.NextInt64();
        var command = new ServerCommand
        {
            Code = code,
            SizeBytes = size,
            InPosition = position,
            Buffer = buffer?.Buffer ?? default,
            CompletionRoutine = _onCompleted,
        };
        var model = new ModelCommand(end.Model.Index, code, size, position) { Servers = command, Buffer = buffer };
        command.CompletionContext = model;
        VdResult expected;
        if (server.IsLive(end))
        {
            expected = end.Model.Send(model, server.Model.IsAgentRunning, _expected);
        }
        else
        {
            expected = VdResult.ProtocolError;
            _expected.Add(new ModelCallback(model, CompletionCode.InvalidHandle, 0, 0));
        }

        if (buffer is not null)
        {
            buffer.IsInFlight = expected == VdResult.Ok;
        }

        Check(server.Name, "SendCommand", (end, code, size), expected, end.Sut.SendCommand(command));
        CheckDevice(server, end);
    }

    private void SendWrongTransfer(ServerParty server)
    {
        if (PickEnd(server.Devices, server.IsBusy) is not { } end || !server.IsLive(end))
        {
            return;
        }

        var command = new ServerCommand { Code = CommandCode.Write, SizeBytes = 512 };
        try
        {
            end.Sut.SendCommand(command);
        }
        catch (ArgumentException)
        {
            return;
        }

        throw Divergence($"{server.Name}: a Write without buffer: expected an exception, found none");
    }

    /// <summary>More than a queue holds.</summary>
    private void Burst(ServerParty server)
    {
        if (PickEnd(server.Devices, server.IsBusy) is not { } end)
        {
            return;
        }

        for (int count = 0; count < 80; count++)
        {
            SendOne(server, end, end.Model.ServerState == DeviceState.IOError ? CommandCode.ClearError : CommandCode.Flush, null);
        }
    }

    private void CloseDevice(ServerParty server)
    {
        if (PickEnd(server.Devices, server.IsBusy) is not { } end)
        {
            return;
        }

        VdResult expected = server.IsLive(end) ? end.Model.CloseAtServer() : VdResult.ProtocolError;
        Check(server.Name, "CloseDevice", end, expected, end.Sut.CloseDevice());
        CheckDevice(server, end);
    }

    private static bool FitsATransfer(ServerParty server, ModelBuffer buffer) =>
        buffer.Buffer.SizeBytes % server.Model.Shown!.BlockSizeBytes == 0
        && buffer.Buffer.SizeBytes <= server.Model.Shown.MaxTransferSizeBytes;

    private void CheckDevice(ServerParty server, ServerEnd end)
    {
        if (server.IsLive(end))
        {
            CheckEqual(server.Name, $"state of {end}", end.Model.ServerState, end.Sut.State);
            CheckEqual(server.Name, $"commands outstanding of {end}", end.Model.OutstandingCount, end.Sut.OutstandingCount);
        }
    }
}
