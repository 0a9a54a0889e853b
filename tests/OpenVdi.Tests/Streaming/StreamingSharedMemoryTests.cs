using OpenVdi.SharedMemory;
using OpenVdi.Streaming;

namespace OpenVdi.Tests.Streaming;

/// <summary>The same face over shared memory: both halves in this process, each with its own mapping.</summary>
public sealed class StreamingSharedMemoryTests
{
    [Fact]
    public async Task Backup_ThreeDevicesWithStreams_BringsEveryByteInOrder()
    {
        SharedMemoryTransport transport = SharedMemoryTransport.Default;
        MemoryStream[] media = [new(), new(), new()];
        byte[][] sent = [.. Enumerable.Range(0, 3).Select(i => SessionPair.Data(seed: i, blockCount: 3000 + i))];
        string name;
        await using (SessionPair pair = await SessionPair.CreateAsync(transport, EngineOperation.Backup, deviceCount: 3))
        {
            name = pair.Client.Name;
            Assert.Contains(transport.ListSets(), set => set.Name == name);
            Task serving = pair.Client.RunAsync(async (device, cancel) =>
            {
                using VirtualDeviceStream stream = device.OpenBackupStream(static _ => default);
                await stream.CopyToAsync(media[device.Index], cancel);
            });
            await Task.WhenAll(pair.Engine.Devices.Select(async (device, i) =>
            {
                await device.WriteAsync(sent[i]);
                await device.FlushAsync();
                await device.CloseAsync();
            })).Within("the engine's writes");
            await serving.Within("the devices");
        }

        Assert.All(media.Zip(sent), static both => Assert.Equal(both.Second, both.First.ToArray()));
        Assert.DoesNotContain(transport.ListSets(), set => set.Name == name);
    }

    [Fact]
    public async Task Restore_AfterCancelledWaits_BringsEveryByteInOrder()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(
            SharedMemoryTransport.Default, EngineOperation.Restore);
        byte[] stored = SessionPair.Data(seed: 1, blockCount: 5000);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        using VirtualDeviceStream stream = pump.OpenRestoreStream();
        using (CancellationTokenSource cancel = new())
        {
            Task wait = stream.WriteAsync(stored, cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within("the cancellation"));
        }

        EngineDevice device = pair.Engine.Devices[0];
        byte[] restored = new byte[stored.Length];
        Task reading = device.ReadExactlyAsync(restored).AsTask();
        await stream.WriteAsync(stored).Within("the writes");
        Task completing = stream.CompleteAsync();
        await reading.Within("the reads");
        await device.CloseAsync().Within("the close");
        await completing.Within("the completion");
        Assert.Equal(stored, restored);
    }

    [Fact]
    public async Task Client_DisposedWhileEveryDeviceWaits_AbortsTheEngineAndLeavesNoName()
    {
        SharedMemoryTransport transport = SharedMemoryTransport.Default;
        SessionPair pair = await SessionPair.CreateAsync(transport, EngineOperation.Backup, deviceCount: 2);
        Task serving = pair.Client.RunAsync(static _ => new FuncHandler(static (_, _) => new(DeviceAnswer.Done)));
        Task<EngineCompletion> flush = pair.Engine.Devices[0].ExecuteAsync(CommandCode.Flush).AsTask();
        await flush.Within("the flush");
        await pair.DisposeAsync();
        Assert.Equal(
            VdResult.Aborted,
            (await Assert.ThrowsAsync<VirtualDeviceException>(() => serving.Within("the devices"))).Result);
        Assert.DoesNotContain(transport.ListSets(), set => set.Name == pair.Client.Name);
    }

    // A secondary client serves one device and goes; the set lives on for the others (P7).
    [Fact]
    public async Task Join_ServesItsDeviceAndGoes_TheOthersGoOn()
    {
        SharedMemoryTransport transport = SharedMemoryTransport.Default;
        await using SessionPair pair = await SessionPair.CreateAsync(transport, EngineOperation.Backup, deviceCount: 2);
        FuncHandler handler = new(static (command, _) => new(DeviceAnswer.Transferred((int)command.SizeBytes)));
        await using (BackupSession secondary = BackupSession.Join(
            pair.Client.Name, new BackupSessionOptions { Transport = transport, Names = [pair.Client.DeviceNames[1]] }))
        {
            Task serving = secondary.RunAsync(_ => handler);
            await pair.Engine.Devices[1].WriteAsync(new byte[1024]).Within("the write");
            await pair.Engine.Devices[1].CloseAsync().Within("the close");
            await serving.Within("the secondary");
        }

        DevicePump first = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        Task rest = first.RunAsync(handler);
        await pair.Engine.Devices[0].WriteAsync(new byte[512]).Within("the write");
        await pair.Engine.Devices[0].CloseAsync().Within("the close");
        await rest.Within("the first device");
        Assert.Null(pair.Client.AbortNotice);
    }
}
