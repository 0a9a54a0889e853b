using System.Buffers.Binary;
using OpenVdi.Client;
using OpenVdi.Streaming;
using Xunit.Abstractions;

namespace OpenVdi.Tests.Streaming;

#pragma warning disable CA5394 // Seeded on purpose: a failure is run again from its seed.

/// <summary>Takes, runs and streams that are cancelled at any moment: every block arrives once and in order.</summary>
public sealed class StreamingRandomTests(ITestOutputHelper output) : IDisposable
{
    private const int BlockCount = 2000;

    private readonly Lock _gate = new();
    private CancellationTokenSource _cancel = new();
    private int _expected;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Backup_CancelledAtAnyMoment_BringsEveryBlockOnceAndInOrder(int seed)
    {
        seed = seed == 0 ? Random.Shared.Next(3, int.MaxValue) : seed;
        output.WriteLine($"seed {seed}");
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        DevicePump pump = await pair.Client.OpenDeviceAsync(pair.Client.Name).Within("the device");
        Task writing = WriteAndCancel(pair.Engine.Devices[0], new Random(seed));
        await ConsumeAll(pump, new Random(seed + 1)).Within($"the blocks of seed {seed}");
        await writing.Within("the engine");
        Assert.Equal(BlockCount, _expected);
    }

    public void Dispose() => _cancel.Dispose();

    private async Task WriteAndCancel(EngineDevice device, Random random)
    {
        byte[] block = new byte[SessionPair.BlockSizeBytes];
        for (int i = 0; i < BlockCount; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(block, i);
            if (random.Next(3) == 0)
            {
                Cancel();
            }

            await device.WriteAsync(block);
            if (random.Next(3) == 0)
            {
                Cancel();
            }

            if (random.Next(50) == 0)
            {
                await device.FlushAsync();
            }
        }

        await device.CloseAsync();
    }

    private async Task ConsumeAll(DevicePump pump, Random random)
    {
        FuncHandler handler = new((command, _) => new(Answer(command)));
        FuncHandler late = new(async (command, cancel) =>
        {
            await Task.Yield();
            cancel.ThrowIfCancellationRequested();
            return Answer(command);
        });
        while (!pump.IsClosed)
        {
            try
            {
                CancellationToken token = Token();
                switch (random.Next(3))
                {
                    case 0:
                        await pump.RunAsync(handler, token);
                        break;
                    case 1:
                        await pump.RunAsync(late, token);
                        break;
                    default:
                        if (await pump.TakeAsync(token) is { } command)
                        {
                            pump.Complete(command, Answer(command));
                        }

                        break;
                }
            }
            catch (OperationCanceledException)
            {
                // As ordered; what was under way must not be lost.
            }
        }
    }

    private DeviceAnswer Answer(in ClientCommand command)
    {
        if (command.Code == CommandCode.Write)
        {
            Assert.Equal(_expected++, BinaryPrimitives.ReadInt32LittleEndian(command.Buffer.Span));
        }

        return DeviceAnswer.Transferred((int)command.SizeBytes);
    }

    private CancellationToken Token()
    {
        lock (_gate)
        {
            if (_cancel.IsCancellationRequested)
            {
                _cancel = new CancellationTokenSource();
            }

            return _cancel.Token;
        }
    }

    private void Cancel()
    {
        CancellationTokenSource cancel;
        lock (_gate)
        {
            cancel = _cancel;
        }

        cancel.Cancel();
    }
}
