using BenchmarkDotNet.Attributes;
using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Microbench;

/// <summary>A command's whole way through both halves, on one thread over the in-process twin: what the halves cost without
/// any waiting.</summary>
[MemoryDiagnoser]
public class CommandBenchmarks
{
    private TwinSet _set = null!;
    private ServerCommand _command = null!;

    /// <summary>Makes the set.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _set = new TwinSet(65536, 8, runsAgent: false);
        TwinSet.Check(_set.Server.AllocateBuffer(out DeviceBuffer buffer, 65536, 4096));
        _command = new ServerCommand
        {
            Code = CommandCode.Write,
            SizeBytes = 65536,
            Buffer = buffer,
            CompletionRoutine = static _ => { },
        };
    }

    /// <summary>Gives it up.</summary>
    [GlobalCleanup]
    public void CleanUp() => _set.Dispose();

    /// <summary>SendCommand, GetCommand, CompleteCommand, and the agent's callback.</summary>
    [Benchmark]
    public void SendGetCompleteCallBack()
    {
        TwinSet.Check(_set.ServerDevice.SendCommand(_command));
        TwinSet.Check(_set.ClientDevice.GetCommand(TimeSpan.Zero, out ClientCommand command));
        TwinSet.Check(_set.ClientDevice.CompleteCommand(command, CompletionCode.Success, command.SizeBytes));
        _ = _set.Server.RunAgentOnce(out _);
    }
}
