using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Testing;

/// <summary>One command of a scripted server: what SendCommand said, and what its callback was told.</summary>
public sealed class SentCommand
{
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<SentCommand>? _onCompleted;
    private int _callbackCount;

    internal SentCommand(CommandCode code, uint sizeBytes, ulong position, DeviceBuffer buffer, Action<SentCommand>? onCompleted)
    {
        _onCompleted = onCompleted;
        Command = new ServerCommand
        {
            Code = code,
            SizeBytes = sizeBytes,
            InPosition = position,
            Buffer = buffer,
            CompletionContext = this,
            CompletionRoutine = Completed,
        };
    }

    /// <summary>The command itself.</summary>
    public ServerCommand Command { get; }

    /// <summary>What SendCommand returned.</summary>
    public VdResult Result { get; internal set; }

    /// <summary>How often the callback ran: once is right (A5).</summary>
    public int CallbackCount => Volatile.Read(ref _callbackCount);

    /// <summary>The thread of the callback.</summary>
    public int CallbackThreadId { get; private set; }

    /// <summary>The moment of the callback among all callbacks of its server: 1, 2, 3, ...</summary>
    public int CallbackOrder { get; private set; }

    /// <summary>How the command ended, as the callback saw it.</summary>
    public CompletionCode CodeInCallback { get; private set; }

    /// <summary>What the callback was called with: the command itself and nothing else is right.</summary>
    public ServerCommand? CalledWith { get; private set; }

    internal Func<int>? NextOrder { get; init; }

    /// <summary>Waits for the callback and gives the command's completion code.</summary>
    public CompletionCode AwaitCompletion()
    {
        Await.Signalled(_called.Task, $"the callback of {Command.Code} ({Command.SizeBytes} bytes)");
        return CodeInCallback;
    }

    private void Completed(ServerCommand command)
    {
        CalledWith = command;
        CallbackThreadId = Environment.CurrentManagedThreadId;
        CallbackOrder = NextOrder?.Invoke() ?? 0;
        CodeInCallback = command.CompletionCode;

        // Increment publishes the fields above to whoever reads the count; the event to whoever waits.
        Interlocked.Increment(ref _callbackCount);
        try
        {
            _onCompleted?.Invoke(this);
        }
        finally
        {
            _called.TrySetResult();
        }
    }
}
