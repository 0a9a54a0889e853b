using System.Diagnostics.Metrics;
using OpenVdi.Diagnostics;

namespace OpenVdi.Tests.Diagnostics;

[Collection(AloneCollection.Name)]
public sealed class VdiTelemetryTests
{
    private const int CommandCount = 10_000;

    [Fact]
    public void Command_WithAndWithoutMeterListener_AllocatesNothing()
    {
        Assert.Equal(0, AllocatedByCommands());

        long commands = 0;
        using MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == TelemetryNames.Meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.Name == TelemetryNames.Commands)
            {
                Interlocked.Add(ref commands, value);
            }
        });
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.Start();

        Assert.Equal(0, AllocatedByCommands());
        Assert.True(Interlocked.Read(ref commands) >= CommandCount, "the listener saw the commands");
    }

    private static long AllocatedByCommands()
    {
        Run(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(CommandCount);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Run(int count)
    {
        for (int i = 0; i < count; i++)
        {
            long start = VdiTelemetry.Timestamp();
            VdiTelemetry.CommandSent("set", "device", CommandCode.Write, 65536);
            VdiTelemetry.Call(Half.Client, "GetCommand", "set", "device", VdResult.Ok, start);
            VdiTelemetry.Call(Half.Client, "GetCommand", "set", "device", VdResult.Ok, start, $"size={i}");
            VdiTelemetry.CommandCompleted(
                Half.Server, "set", "device", CommandCode.Write, CompletionCode.Success, 65536, start);
        }
    }
}
