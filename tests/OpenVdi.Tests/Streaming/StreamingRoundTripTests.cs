using System.IO.Compression;
using OpenVdi.Client;
using OpenVdi.Streaming;
using OpenVdi.Transport;

namespace OpenVdi.Tests.Streaming;

public sealed class StreamingRoundTripTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public async Task Backup_WithStreams_BringsEveryByteInOrder(int deviceCount)
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup, deviceCount);
        MemoryStream[] media = [.. Enumerable.Range(0, deviceCount).Select(_ => new MemoryStream())];
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using VirtualDeviceStream stream = device.OpenBackupStream(static _ => default);
            await stream.CopyToAsync(media[device.Index], cancel);
        });

        byte[][] sent = new byte[deviceCount][];
        await Task.WhenAll(pair.Engine.Devices.Select(async (device, i) =>
        {
            sent[i] = SessionPair.Data(seed: i, blockCount: 1000 + i);
            await device.WriteAsync(sent[i]);
            await device.FlushAsync();
            await device.CloseAsync();
        })).Within("the engine's writes");

        await serving.Within("the devices to be served");
        Assert.True(pair.Client.IsBackup);
        Assert.All(media.Zip(sent), static both => Assert.Equal(both.Second, both.First.ToArray()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Restore_WithStreams_BringsEveryByteInOrder(int deviceCount)
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore, deviceCount);
        byte[][] stored = [.. Enumerable.Range(0, deviceCount).Select(i => SessionPair.Data(seed: i, blockCount: 777 + i))];
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using MemoryStream medium = new(stored[device.Index]);
            using VirtualDeviceStream stream = device.OpenRestoreStream();
            await stream.CopyFromAsync(medium, cancel);
            await stream.CompleteAsync(cancel);
        });

        await Task.WhenAll(pair.Engine.Devices.Select(async (device, i) =>
        {
            MemoryStream restored = new();
            byte[] piece = new byte[10_000];
            for (int count; (count = await device.ReadAsync(piece)) > 0;)
            {
                restored.Write(piece, 0, count);
            }

            Assert.Equal(stored[i], restored.ToArray());
            await device.CloseAsync();
        })).Within("the engine's reads");
        await serving.Within("the devices to be served");
        Assert.False(pair.Client.IsBackup);
    }

    // The engine takes what it needs and closes; the program has more. Both end well.
    [Fact]
    public async Task Restore_EngineClosesEarly_EndsTheCopy()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore);
        byte[] stored = SessionPair.Data(seed: 1, blockCount: 4096);
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using MemoryStream medium = new(stored);
            using VirtualDeviceStream stream = device.OpenRestoreStream();
            await stream.CopyFromAsync(medium, cancel);
            await stream.CompleteAsync(cancel);
        });

        byte[] head = new byte[1000];
        await pair.Engine.Devices[0].ReadExactlyAsync(head).Within("the head");
        await pair.Engine.Devices[0].CloseAsync().Within("the close");
        await serving.Within("the device to be served");
        Assert.Equal(stored[..1000], head);
    }

    [Fact]
    public async Task Backup_WithoutCopies_UsesTheSetsMemoryOnBothSides()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        AddressHandler handler = new();
        Task serving = pair.Client.RunAsync(_ => handler);

        EngineDevice device = pair.Engine.Devices[0];
        HashSet<nint> lent = [];
        for (int i = 0; i < 20; i++)
        {
            DeviceBuffer buffer = await device.RentBufferAsync().Within("a buffer");
            lent.Add(buffer.Address);
            buffer.Span.Fill((byte)i);
            await device.SendAsync(buffer, SessionPair.TransferBytes);
        }

        await device.FlushAsync().Within("the flush");
        await device.CloseAsync().Within("the close");
        await serving.Within("the device to be served");
        Assert.Equal(lent.Order(), handler.Addresses.Order());
    }

    [Fact]
    public async Task BackupStream_GetBuffer_GivesTheSharedBufferItself()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        EngineDevice device = pair.Engine.Devices[0];
        DeviceBuffer buffer = await device.RentBufferAsync().Within("a buffer");
        await device.SendAsync(buffer, SessionPair.BlockSizeBytes);

        using VirtualDeviceStream stream = pump.OpenBackupStream(static _ => default);
        Memory<byte> data = await stream.GetBufferAsync().Within("the data");
        Assert.Equal(SessionPair.BlockSizeBytes, data.Length);
        Assert.True(data.Span.Overlaps(buffer.Span, out int offset) && offset == 0);
        stream.Advance(100);
        Assert.Equal(412, (await stream.GetBufferAsync().Within("the rest")).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Advance(413));
        stream.Advance(412);
        await device.CloseAsync().Within("the close");
        Assert.True((await stream.GetBufferAsync().Within("the end")).IsEmpty);
        Assert.Equal(SessionPair.BlockSizeBytes, stream.BytesTransferred);
    }

    // The answer to a flush says that the data is durable: it may not come before the program has said so.
    [Fact]
    public async Task BackupStream_Flush_IsAnsweredAfterTheDataWasReadAndMadeDurable()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        TaskCompletionSource asked = new(), durable = new();
        using VirtualDeviceStream stream = pump.OpenBackupStream(async _ =>
        {
            asked.SetResult();
            await durable.Task;
        });

        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(new byte[SessionPair.BlockSizeBytes]);
        Task flushing = device.FlushAsync().AsTask();
        byte[] piece = new byte[SessionPair.BlockSizeBytes];
        Assert.Equal(300, await stream.ReadAsync(piece.AsMemory(0, 300)).Within("the first bytes"));
        Assert.Equal(212, await stream.ReadAsync(piece).Within("the last bytes"));
        Assert.False(asked.Task.IsCompleted);

        Task<int> end = stream.ReadAsync(piece).AsTask();
        await asked.Task.Within("the wish for durability");
        Assert.False(flushing.IsCompleted);
        durable.SetResult();
        await flushing.Within("the flush");
        await device.CloseAsync().Within("the close");
        Assert.Equal(0, await end.Within("the end"));
    }

    [Fact]
    public async Task BackupStream_ReadSynchronously_Works()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        byte[] sent = SessionPair.Data(seed: 5, blockCount: 600);
        Task<byte[]> reading = Task.Factory.StartNew(
            () =>
            {
                using VirtualDeviceStream stream = pump.OpenBackupStream(static _ => default);
                MemoryStream all = new();
                byte[] piece = new byte[1000];
                for (int count; (count = stream.Read(piece)) > 0;)
                {
                    all.Write(piece, 0, count);
                }

                return all.ToArray();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        EngineDevice device = pair.Engine.Devices[0];
        await device.WriteAsync(sent).Within("the writes");
        await device.FlushAsync().Within("the flush");
        await device.CloseAsync().Within("the close");
        Assert.Equal(sent, await reading.Within("the reader"));
    }

    [Fact]
    public async Task RestoreStream_WriteSynchronously_Works()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        byte[] stored = SessionPair.Data(seed: 6, blockCount: 600);
        Task writing = Task.Factory.StartNew(
            () =>
            {
                using VirtualDeviceStream stream = pump.OpenRestoreStream();
                stream.Write(stored.AsSpan(0, 100_001));
                stream.Write(stored, 100_001, stored.Length - 100_001);
                return stream.CompleteAsync();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

        EngineDevice device = pair.Engine.Devices[0];
        byte[] restored = new byte[stored.Length];
        await device.ReadExactlyAsync(restored).Within("the reads");
        Assert.Equal(0, await device.ReadAsync(new byte[1]).Within("the end"));
        await device.CloseAsync().Within("the close");
        await writing.Within("the writer");
        Assert.Equal(stored, restored);
    }

    // Compressors of the base library pin the memory that they are given: the shared buffers must allow it.
    [Fact]
    public async Task BackupStream_IntoACompressor_Works()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        byte[] sent = SessionPair.Data(seed: 7, blockCount: 999);
        MemoryStream medium = new();
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            await using GZipStream packed = new(medium, CompressionLevel.Fastest, leaveOpen: true);
            using VirtualDeviceStream stream = device.OpenBackupStream(async token => await packed.FlushAsync(token));
            await stream.CopyToAsync(packed, cancel);
        });
        EngineDevice engine = pair.Engine.Devices[0];
        await engine.WriteAsync(sent).Within("the writes");
        await engine.FlushAsync().Within("the flush");
        await engine.CloseAsync().Within("the close");
        await serving.Within("the device to be served");

        medium.Position = 0;
        using GZipStream unpacked = new(medium, CompressionMode.Decompress);
        MemoryStream received = new();
        await unpacked.CopyToAsync(received);
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task Engine_Receive_GivesTheBufferThatTheClientFilled()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Restore);
        byte[] stored = SessionPair.Data(seed: 8, blockCount: 300);
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using VirtualDeviceStream stream = device.OpenRestoreStream();
            await stream.WriteAsync(stored, cancel);
            await stream.CompleteAsync(cancel);
        });

        EngineDevice device = pair.Engine.Devices[0];
        MemoryStream restored = new();
        while (await device.ReceiveAsync().Within("a buffer") is { IsEmpty: false } buffer)
        {
            restored.Write(buffer.Span);
            device.ReturnBuffer(buffer);
            Assert.Throws<ArgumentException>(() => device.ReturnBuffer(buffer));
        }

        await device.CloseAsync().Within("the close");
        await serving.Within("the device to be served");
        Assert.Equal(stored, restored.ToArray());
    }

    [Fact]
    public async Task Complete_WhenAskedFor_IsGrantedAndWaitsForDurability()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(
            EngineOperation.Backup, features: VdFeatures.RequestComplete);
        Assert.True(pair.Engine.IsCompleteGranted);
        int durableCount = 0;
        Task serving = pair.Client.RunAsync(async (device, cancel) =>
        {
            using VirtualDeviceStream stream = device.OpenBackupStream(_ =>
            {
                durableCount++;
                return default;
            });
            await stream.CopyToAsync(Stream.Null, cancel);
        });
        EngineDevice engine = pair.Engine.Devices[0];
        await engine.WriteAsync(new byte[4096]).Within("the writes");
        await engine.FlushAsync().Within("the flush");
        await engine.CompleteAsync().Within("the last message");
        await engine.CloseAsync().Within("the close");
        await serving.Within("the device to be served");
        Assert.Equal(2, durableCount);
    }

    private sealed class AddressHandler : IDeviceHandler
    {
        public HashSet<nint> Addresses { get; } = [];

        public ValueTask<DeviceAnswer> HandleAsync(ClientCommand command, CancellationToken cancellationToken)
        {
            Assert.StartsWith("OpenVdi device ", Thread.CurrentThread.Name, StringComparison.Ordinal);
            if (command.Code == CommandCode.Write)
            {
                Addresses.Add(command.Buffer.Address);
                Assert.Equal(32, command.Buffer.PrefixZone.Length);
            }

            return new(command.Code switch
            {
                CommandCode.Write => DeviceAnswer.Transferred((int)command.SizeBytes),
                CommandCode.Flush => DeviceAnswer.Done,
                _ => DeviceAnswer.NotSupported,
            });
        }
    }
}
