using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Backup.Tests;

/// <summary>An engine that does to each device what a script says, over the in-process transport.</summary>
internal sealed class ScriptedEngine(VdiTransport transport, VdFeatures direction, Action<ScriptedDevice> script) : IStatement
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>What the statement reports when the script has come to its end; success unless a test says otherwise.</summary>
    public StatementOutcome Outcome { get; init; } = StatementOutcome.Success;

    /// <summary>Set when the script has begun on every device.</summary>
    public ManualResetEventSlim Started { get; } = new();

    public Task<StatementOutcome> RunAsync(IReadOnlyList<string> deviceNames, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Execute(deviceNames), TaskCreationOptions.LongRunning);

    private StatementOutcome Execute(IReadOnlyList<string> deviceNames)
    {
        using ServerVirtualDeviceSet set = new(transport);
        Require(set.Open(null, deviceNames[0]), "Open");
        Require(set.GetConfiguration(out SetConfiguration? wishes), "GetConfiguration");
        VdFeatures features = wishes!.Features | direction;
        if ((features & VdFeatures.RequestComplete) != 0)
        {
            features |= VdFeatures.CompleteEnabled;
        }

        Require(set.BeginConfiguration(features, 512, 0, 65_536, TimeSpan.FromSeconds(10)), "BeginConfiguration");
        Require(set.RequestBuffers(65_536, 0, (uint)deviceNames.Count * 2), "RequestBuffers");
        Require(set.EndConfiguration(), "EndConfiguration");
        List<ScriptedDevice> devices = [];
        for (int index = 0; index < deviceNames.Count; index++)
        {
            Require(set.OpenDevice(deviceNames[index], out ServerVirtualDevice? device), "OpenDevice");
            devices.Add(new ScriptedDevice(index, set, device!));
        }

        Thread agent = new(() => set.ExecuteCompletionAgent());
        agent.Start();
        Started.Set();
        Thread[] threads = [.. devices.Select(device => new Thread(() => device.Run(script)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads.Append(agent))
        {
            Assert.True(thread.Join(s_limit), "an engine's thread did not end");
        }

        string? failure = devices.Select(static device => device.Failure).FirstOrDefault(static text => text is not null);
        return failure is null ? Outcome : StatementOutcome.Failure(failure);
    }

    private static void Require(VdResult result, string call)
    {
        if (result != VdResult.Ok)
        {
            throw new InvalidOperationException($"{call}: {result.SpecName()}");
        }
    }
}

/// <summary>A device as a script sees it: one command at a time.</summary>
internal sealed class ScriptedDevice(int index, ServerVirtualDeviceSet set, ServerVirtualDevice device)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    public int Index { get; } = index;

    /// <summary>Why this device's part failed, or null.</summary>
    public string? Failure { get; private set; }

    public void Run(Action<ScriptedDevice> script)
    {
        try
        {
            script(this);
        }
        catch (DeviceFailedException failure)
        {
            Failure = failure.Message;
        }

        // As a real engine does after an error (T8); refused after an abort.
        _ = device.CloseDevice();
    }

    /// <summary>Sends a command and awaits its completion.</summary>
    public ServerCommand Send(CommandCode code, ReadOnlySpan<byte> data = default, uint size = 0, ulong position = 0)
    {
        using ManualResetEventSlim done = new();
        ServerCommand command = new()
        {
            Code = code,
            SizeBytes = data.IsEmpty ? size : (uint)data.Length,
            InPosition = position,
            CompletionRoutine = _ => done.Set(),
        };
        if (code is CommandCode.Read or CommandCode.Write)
        {
            VdResult allocated = set.AllocateBuffer(out DeviceBuffer buffer, 65_536, 0);
            if (allocated != VdResult.Ok)
            {
                throw new DeviceFailedException($"AllocateBuffer: {allocated.SpecName()}");
            }

            data.CopyTo(buffer.Span);
            command.Buffer = buffer.Slice((int)command.SizeBytes);
            command.CompletionContext = buffer;   // As allocated: so it is given back (B10).
        }

        device.SendCommand(command);
        Assert.True(done.Wait(s_limit), $"no completion of {code}");
        return command;
    }

    /// <summary>Sends a command that must succeed.</summary>
    public ServerCommand Do(CommandCode code, ReadOnlySpan<byte> data = default, uint size = 0, ulong position = 0)
    {
        ServerCommand command = Send(code, data, size, position);
        if (command.CompletionCode != CompletionCode.Success)
        {
            throw new DeviceFailedException($"{code} ended with {command.CompletionCode}");
        }

        Release(command);
        return command;
    }

    /// <summary>The bytes that a Read delivered; its buffer is given back.</summary>
    public byte[] Take(ServerCommand command)
    {
        byte[] bytes = command.Buffer.Span[..(int)command.BytesTransferred].ToArray();
        Release(command);
        return bytes;
    }

    public void Release(ServerCommand command)
    {
        if (command.CompletionContext is DeviceBuffer buffer)
        {
            _ = set.FreeBuffer(buffer);
        }
    }
}

/// <summary>The script's statement fails.</summary>
internal sealed class DeviceFailedException(string message) : Exception(message);
