using System.Threading.Tasks.Sources;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Streaming;

/// <summary>One command of an engine on its way: a reusable promise of its completion.</summary>
/// <remarks>Two may end the promise: the callback, and whoever cancels the wait. The one that comes first wins; after a
/// cancelled wait the command goes on without anybody waiting, and is not used again.</remarks>
internal sealed class EngineCommand : IValueTaskSource<EngineCompletion>
{
    private const int Pending = 0, Completed = 1, Abandoned = 2;

    private static readonly Action<ServerCommand> s_onCompleted =
        static command => ((EngineCommand)command.CompletionContext!).OnCompleted();

    private readonly EngineDevice _device;
    private readonly ServerCommand _command = new() { CompletionRoutine = s_onCompleted };
    private ManualResetValueTaskSourceCore<EngineCompletion> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    public EngineCommand(EngineDevice device)
    {
        _device = device;
        _command.CompletionContext = this;
    }

    /// <summary>What is asked.</summary>
    public CommandCode Code => _command.Code;

    /// <summary>The buffer of a transfer.</summary>
    public DeviceBuffer Buffer => _command.Buffer;

    /// <summary>The size of a transfer.</summary>
    public uint SizeBytes => _command.SizeBytes;

    /// <summary>How it ended; final once <see cref="IsCompleted"/>.</summary>
    public EngineCompletion Completion =>
        new(_command.CompletionCode, (int)_command.BytesTransferred, _command.OutPosition);

    /// <summary>Whether the callback has run.</summary>
    public bool IsCompleted => Volatile.Read(ref _state) == Completed;

    /// <summary>What becomes of the completion.</summary>
    public EngineCommandUse Use { get; private set; }

    /// <summary>Prepares a command for sending.</summary>
    public void Prepare(EngineCommandUse use, CommandCode code, DeviceBuffer buffer, uint sizeBytes, ulong position)
    {
        Use = use;
        (_command.Code, _command.Buffer, _command.SizeBytes, _command.InPosition) = (code, buffer, sizeBytes, position);
        _state = Pending;
        if (use == EngineCommandUse.Awaited)
        {
            _core.Reset();
        }
    }

    /// <summary>Sends it. When refused, the callback has run (7.5).</summary>
    public VdResult Send(ServerVirtualDevice device) => device.SendCommand(_command);

    /// <summary>The completion, to be awaited once.</summary>
    public ValueTask<EngineCompletion> WaitAsync() => new(this, _core.Version);

    /// <summary>Gives up the wait; the command stays the client's to complete.</summary>
    public void Abandon(CancellationToken token)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Pending) == Pending)
        {
            _core.SetException(new OperationCanceledException(token));
        }
    }

    EngineCompletion IValueTaskSource<EngineCompletion>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<EngineCompletion>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<EngineCompletion>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void OnCompleted()
    {
        // Read before the exchange: whoever sees the command completed may use it again at once.
        EngineCommandUse use = Use;
        EngineCompletion completion = Completion;

        // Pairs with the exchange in Abandon: exactly one of the two ends the promise.
        bool isAbandoned = Interlocked.CompareExchange(ref _state, Completed, Pending) != Pending;
        _device.OnAnswered(this, use, isAbandoned);
        if (use == EngineCommandUse.Awaited && !isAbandoned)
        {
            _core.SetResult(completion);
        }
    }
}
