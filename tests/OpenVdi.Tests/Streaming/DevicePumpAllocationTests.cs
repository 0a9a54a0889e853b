using OpenVdi.Client;
using OpenVdi.Streaming;

namespace OpenVdi.Tests.Streaming;

public sealed class DevicePumpAllocationTests
{
    private const int WarmUpCount = 200;
    private const int MeasuredCount = 5000;

    [Fact]
    public async Task Run_SteadyState_AllocatesNothingOnTheDevicesThread()
    {
        await using SessionPair pair = await SessionPair.CreateAsync(EngineOperation.Backup);
        CountingHandler handler = new();
        Task serving = pair.Client.RunAsync(_ => handler);
        EngineDevice device = pair.Engine.Devices[0];
        byte[] data = new byte[SessionPair.BlockSizeBytes];
        for (int i = 0; i < WarmUpCount + MeasuredCount + 1; i++)
        {
            await device.WriteAsync(data);
        }

        await device.CloseAsync().Within("the close");
        await serving.Within("the device");
        Assert.Equal(0, handler.After - handler.Before);
    }

    /// <summary>Reads the thread's counter twice; between the two lie the pump's own steps of many commands.</summary>
    private sealed class CountingHandler : IDeviceHandler
    {
        private int _count;

        public long Before { get; private set; }

        public long After { get; private set; } = -1;

        public ValueTask<DeviceAnswer> HandleAsync(ClientCommand command, CancellationToken cancellationToken)
        {
            _count++;
            if (_count == WarmUpCount)
            {
                Before = GC.GetAllocatedBytesForCurrentThread();
            }
            else if (_count == WarmUpCount + MeasuredCount)
            {
                After = GC.GetAllocatedBytesForCurrentThread();
            }

            return new(DeviceAnswer.Transferred((int)command.SizeBytes));
        }
    }
}
