using BenchmarkDotNet.Attributes;
using OpenVdi.SharedMemory;

namespace OpenVdi.Microbench;

/// <summary>The rings and the wake word in real shared memory, both ends on one thread: what their instructions cost when no
/// cache line travels and nobody sleeps.</summary>
[MemoryDiagnoser]
public class RingBenchmarks
{
    private const int Capacity = 64;

    private ControlArea _area = null!;
    private CommandSender _commandSender = null!;
    private CommandReceiver _commandReceiver = null!;
    private CompletionSender _completionSender = null!;
    private CompletionReceiver _completionReceiver = null!;

    /// <summary>Makes a control area for one device.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        VdFailure? failure = ControlArea.TryCreate(1, out ControlArea? area) ?? area!.FillRings(Capacity);
        if (failure is not null)
        {
            throw new InvalidOperationException(failure.Message);
        }

        _area = area!;
        _commandSender = new CommandSender(_area, 0, Capacity);
        _commandReceiver = new CommandReceiver(_area, 0, Capacity);
        _completionSender = new CompletionSender(_area, 0, Capacity);
        _completionReceiver = new CompletionReceiver(_area, 0, Capacity);
    }

    /// <summary>Gives it up.</summary>
    [GlobalCleanup]
    public void CleanUp() => _area.Dispose();

    /// <summary>A command published and taken.</summary>
    [Benchmark]
    public uint Command()
    {
        _ = _commandSender.TrySend(new DeviceCommand(1, CommandCode.Write, 65536, 0, 1, 0));
        _ = _commandReceiver.TryPeek(out DeviceCommand command);
        _commandReceiver.Pass();
        return command.SizeBytes;
    }

    /// <summary>A completion published and taken.</summary>
    [Benchmark]
    public uint Completion()
    {
        _completionSender.Send(new DeviceCompletion(1, CompletionCode.Success, 65536, 0, 1));
        _ = _completionReceiver.TryTake(out DeviceCompletion completion);
        return completion.BytesTransferred;
    }

    /// <summary>A wake-up when nobody sleeps: what every command and completion pays.</summary>
    [Benchmark]
    public unsafe void SignalNobody() => WakeWord.Signal(&_area.Header->AgentWakeWord);
}
