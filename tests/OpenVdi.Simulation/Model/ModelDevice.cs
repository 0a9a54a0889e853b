using OpenVdi.Client;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Simulation.Model;

/// <summary>A command in the model, with its two incarnations in the real halves.</summary>
internal sealed class ModelCommand(int device, CommandCode code, uint sizeBytes, ulong position)
{
    public int Device => device;

    public CommandCode Code => code;

    public uint SizeBytes => sizeBytes;

    public ulong Position => position;

    public bool IsTransfer => code is CommandCode.Read or CommandCode.Write;

    /// <summary>How many errors of the device the server knew of when it sent this.</summary>
    public int ErrorsKnownAtSend { get; set; }

    /// <summary>The client will never see it: it was queued, or sent unknowingly, when a command failed (D5).</summary>
    public bool IsDoomed { get; set; }

    public ModelBuffer? Buffer { get; set; }

    public required ServerCommand Servers { get; init; }

    public ClientCommand Clients { get; set; }

    public override string ToString() => $"{code}({sizeBytes}, {position}) of device {device}";
}

/// <summary>A buffer that the server has allocated.</summary>
internal sealed class ModelBuffer(DeviceBuffer buffer, ModelRun run)
{
    public DeviceBuffer Buffer => buffer;

    public ModelRun Run => run;

    public bool IsInFlight { get; set; }
}

/// <summary>Buffers of one size (B1).</summary>
internal sealed class ModelRun(uint sizeBytes, int count)
{
    public uint SizeBytes => sizeBytes;

    public int FreeCount { get; set; } = count;
}

/// <summary>What the client has recorded and the server has not looked at. No command: VD_E_CLOSE was reported.</summary>
internal sealed record ModelCompletion(
    ModelCommand? Command, CompletionCode Code, uint BytesTransferred, ulong Position, bool BeginsError);

/// <summary>A callback that the specification demands.</summary>
internal sealed record ModelCallback(ModelCommand Command, CompletionCode Code, uint BytesTransferred, ulong OutPosition);

/// <summary>One device as sections 3.7, 7 and 8 tell of it: both views and what lies between. Nothing of it was taken from
/// the implementation.</summary>
internal sealed class ModelDevice(ModelSet set, int index)
{
    private readonly List<ModelCommand> _queue = [];
    private readonly List<ModelCommand> _held = [];
    private readonly List<ModelCommand> _outstanding = [];
    private readonly Queue<ModelCompletion> _completions = new();
    private bool _isCloseMarked;
    private bool _isInErrorAtClient;
    private bool _isInErrorAtServer;
    private int _errorsDeclared;
    private int _errorsKnown;

    public int Index => index;

    public bool IsClaimed { get; set; }

    /// <summary>VD_E_CLOSE was reported.</summary>
    public bool IsReportedClosed { get; private set; }

    public bool IsOpenedByServer { get; set; }

    public bool IsClosedByServer => _isCloseMarked;

    public IReadOnlyList<ModelCommand> Held => _held;

    public int OutstandingCount => _outstanding.Count;

    public bool IsFinished => IsClosedByServer && _outstanding.Count == 0;

    public DeviceState ServerState =>
        set.IsAborted ? DeviceState.Aborted
        : !IsOpenedByServer ? DeviceState.Unopened
        : IsClosedByServer ? DeviceState.Closed
        : _isInErrorAtServer ? DeviceState.IOError
        : DeviceState.Active;

    public DeviceState ClientState =>
        set.IsAborted ? DeviceState.Aborted
        : IsReportedClosed ? DeviceState.Closed
        : _isInErrorAtClient ? DeviceState.IOError
        : DeviceState.Active;

    /// <summary>D1, D2, A2, Q4, E1 to E4.</summary>
    public VdResult Send(ModelCommand command, bool isAgentRunning, List<ModelCallback> callbacks)
    {
        VdResult result = (ServerState, command.Code) switch
        {
            (DeviceState.Aborted, _) => VdResult.Aborted,
            (DeviceState.Closed or DeviceState.Unopened, _) => VdResult.ProtocolError,
            (DeviceState.IOError, not CommandCode.ClearError) => VdResult.IOError,
            _ when !isAgentRunning => VdResult.ProtocolError,
            _ when _outstanding.Count >= set.QueueLimit || _queue.Count >= set.QueueLimit => VdResult.QueueFull,
            _ => VdResult.Ok,
        };
        if (result != VdResult.Ok)
        {
            callbacks.Add(new ModelCallback(command, Refusal(result), 0, 0));
            return result;
        }

        command.ErrorsKnownAtSend = _errorsKnown;
        // The client has failed a command and the server does not know it yet: this one is too late (D5).
        command.IsDoomed = _errorsKnown < _errorsDeclared;
        _queue.Add(command);
        _outstanding.Add(command);
        return result;
    }

    /// <summary>D3, S13.</summary>
    public VdResult CloseAtServer()
    {
        switch (ServerState)
        {
            case DeviceState.Aborted:
                return VdResult.Aborted;
            case DeviceState.Unopened:
                return VdResult.ProtocolError;
            case DeviceState.Closed:
                return VdResult.Closed;
            default:
                _isCloseMarked = true;
                return VdResult.Ok;
        }
    }

    /// <summary>D20 to D25, D6, Y4.</summary>
    public VdResult Get(out ModelCommand? command)
    {
        command = null;
        if (ClientState is DeviceState.Aborted)
        {
            return VdResult.Aborted;
        }

        if (IsReportedClosed)
        {
            return VdResult.ProtocolError;
        }

        _queue.RemoveAll(static queued => queued.IsDoomed);
        if (_queue.Count == 0)
        {
            return _isCloseMarked ? ReportClosed() : VdResult.TimedOut;
        }

        // D6: after what was outstanding at the error. (A second ClearError waits for the first; the row leaves it open.)
        if (_queue[0].Code == CommandCode.ClearError && _isInErrorAtClient && _held.Count > 0)
        {
            return VdResult.TimedOut;
        }

        command = _queue[0];
        _queue.RemoveAt(0);
        _held.Add(command);
        return VdResult.Ok;
    }

    /// <summary>C6, D23 to D27, D4, D5, D8, D9, M3.</summary>
    public VdResult Complete(ModelCommand? command, CompletionCode code, uint bytesTransferred, ulong position)
    {
        if (ClientState is DeviceState.Aborted)
        {
            return VdResult.Aborted;
        }

        if (IsReportedClosed)
        {
            return VdResult.ProtocolError;
        }

        if (command is null || !_held.Contains(command) || (command.IsTransfer && bytesTransferred > command.SizeBytes))
        {
            return VdResult.Invalid;
        }

        _held.Remove(command);
        bool beginsError = code != CompletionCode.Success && !_isInErrorAtClient;
        if (beginsError)
        {
            _isInErrorAtClient = true;
            _errorsDeclared++;
            _queue.ForEach(static queued => queued.IsDoomed = true);
        }
        else if (code == CompletionCode.Success && Clears(command, _errorsDeclared))
        {
            _isInErrorAtClient = false;
        }

        _completions.Enqueue(new ModelCompletion(command, code, bytesTransferred, position, beginsError));
        return VdResult.Ok;
    }

    /// <summary>What the agent makes of all that the client has recorded: A3, A5, D4, D5, D8, D23.</summary>
    public void RunAgent(List<ModelCallback> callbacks)
    {
        while (_completions.TryDequeue(out ModelCompletion? completion))
        {
            if (completion.Command is not { } command)
            {
                EndAll(CompletionCode.OperationAborted, callbacks, static _ => true);
                continue;
            }

            if (!_outstanding.Remove(command))
            {
                throw new InvalidOperationException($"the model lost {command}");
            }

            bool hasPosition = command.Code is CommandCode.GetPosition or CommandCode.SetPosition;
            callbacks.Add(new ModelCallback(
                command, completion.Code, command.IsTransfer ? completion.BytesTransferred : 0,
                hasPosition ? completion.Position : 0));
            Release(command);
            if (completion.BeginsError)
            {
                _errorsKnown++;
                _isInErrorAtServer = true;
                EndAll(CompletionCode.IODevice, callbacks, static doomed => doomed.IsDoomed);
            }
            else if (completion.Code == CompletionCode.Success && Clears(command, _errorsKnown))
            {
                _isInErrorAtServer = false;
            }
        }
    }

    /// <summary>Y6, A7: everything outstanding, recorded or not.</summary>
    public void AbortOutstanding(List<ModelCallback> callbacks) =>
        EndAll(CompletionCode.OperationAborted, callbacks, static _ => true);

    private static CompletionCode Refusal(VdResult result) => (CompletionCode)(result switch
    {
        VdResult.QueueFull => 1450,
        VdResult.IOError => 1117,
        VdResult.ProtocolError => 6,
        _ => 995,
    });

    private static void Release(ModelCommand command)
    {
        if (command.Buffer is { } buffer)
        {
            buffer.IsInFlight = false;
        }
    }

    // A ClearError that was sent before the error does not acknowledge it.
    private static bool Clears(ModelCommand command, int errors) =>
        command.Code == CommandCode.ClearError && command.ErrorsKnownAtSend == errors;

    private VdResult ReportClosed()
    {
        IsReportedClosed = true;
        _held.Clear();
        _completions.Enqueue(new ModelCompletion(null, CompletionCode.OperationAborted, 0, 0, false));
        return VdResult.Closed;
    }

    private void EndAll(CompletionCode code, List<ModelCallback> callbacks, Predicate<ModelCommand> which)
    {
        foreach (ModelCommand command in _outstanding.FindAll(which))
        {
            callbacks.Add(new ModelCallback(command, code, 0, 0));
            Release(command);
        }

        _outstanding.RemoveAll(which);
    }
}
