using System.Diagnostics;
using OpenVdi.Diagnostics;
using OpenVdi.Transport;

namespace OpenVdi.Client;

/// <summary>
/// IClientVirtualDevice: one device in the client's hands, made by OpenDevice. It is meant for one thread (1.8); calls
/// from several are put one behind the other, but for a GetCommand that waits, beside which the others go on.
/// </summary>
public sealed class ClientVirtualDevice
{
    private readonly ClientVirtualDeviceSet _set;
    private readonly IClientChannel _channel;
    private readonly IClientDeviceChannel _link;
    private readonly int _index;
    private readonly HeldCommands _held = new();

    // Guards all below. Taken alone, never while the set's is held the other way round: set first, device second.
    private readonly object _gate = new();
    private DeviceState _state;
    private uint _errorEpoch;
    private uint _fetchedCount;
    private int _waiterCount;
    private bool _isDetached;

    internal ClientVirtualDevice(ClientVirtualDeviceSet set, IClientChannel channel, int index, string name)
    {
        _set = set;
        _channel = channel;
        _link = channel.Device(index);
        _index = index;
        _state = DeviceMachine.Next(DeviceState.Unopened, ClientDeviceEvent.Open).Next;
        Name = name;
    }

    /// <summary>The device's name; the first device has the set's.</summary>
    public string Name { get; }

    /// <summary>The device's state as this client sees it.</summary>
    public DeviceState State
    {
        get
        {
            lock (_gate)
            {
                return CurrentState();
            }
        }
    }

    /// <summary>Waits for the next command. Spec: C5, D20 to D25, 7.2.</summary>
    /// <param name="timeout">How long; zero polls, negative waits without end.</param>
    /// <param name="command">The command, with a buffer that is valid in this process (B25).</param>
    /// <returns>NOERROR; VD_E_TIMEOUT; VD_E_CLOSE once when the server has closed the device; VD_E_ABORT;
    /// VD_E_PROTOCOL after VD_E_CLOSE or Close.</returns>
    public VdResult GetCommand(TimeSpan timeout, out ClientCommand command)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = WaitForCommand(timeout, out command);
        if (result == VdResult.Ok)
        {
            VdiTelemetry.Call(
                Half.Client, nameof(GetCommand), _set.Name, Name, result, started,
                $"command={SpecNames.Of(command.Code)} size={command.SizeBytes}");
        }
        else
        {
            VdiTelemetry.Call(Half.Client, nameof(GetCommand), _set.Name, Name, result, started);
        }

        return result;
    }

    /// <summary>Answers a command: exactly once, in any order. Spec: C6, D26, D27, 7.3.</summary>
    /// <param name="command">A command that GetCommand gave.</param>
    /// <param name="completionCode">How it ended; anything but success puts the device into IO-ERROR (D4).</param>
    /// <param name="bytesTransferred">For Read and Write, at most the command's size; else ignored (M3).</param>
    /// <param name="position">For GetPosition and SetPosition; else ignored (M3).</param>
    /// <returns>NOERROR; VD_E_INVALID for what is not an active command of this device, or more bytes than it asked for;
    /// VD_E_ABORT; VD_E_PROTOCOL when the device is not open.</returns>
    public VdResult CompleteCommand(
        in ClientCommand command, CompletionCode completionCode, uint bytesTransferred, ulong position = 0)
    {
        long started = VdiTelemetry.Timestamp();
        VdResult result = Answer(command, completionCode, bytesTransferred, position, out long fetched, out bool isTurnOver);
        if (VdiTelemetry.IsEnabled)
        {
            VdiTelemetry.Call(Half.Client, nameof(CompleteCommand), _set.Name, Name, result, started);
            if (result == VdResult.Ok)
            {
                VdiTelemetry.CommandCompleted(
                    Half.Client, _set.Name, Name, command.Code, completionCode, bytesTransferred, fetched);
            }
        }

        if (isTurnOver)
        {
            _ = Thread.Yield();
        }

        return result;
    }

    /// <summary>Makes the object useless, for its set is closed; returns when no call of it uses the channel any more. The
    /// caller has made waits end, by an abort or because there is nothing to wait for.</summary>
    internal void Detach()
    {
        lock (_gate)
        {
            _isDetached = true;
            _link.Nudge();
            while (_waiterCount > 0)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    private static TimeSpan Remaining(TimeSpan timeout, long started)
    {
        TimeSpan left = timeout - Stopwatch.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private VdResult WaitForCommand(TimeSpan timeout, out ClientCommand command)
    {
        long started = 0;
        bool hasWaited = false;
        while (true)
        {
            uint seen;
            lock (_gate)
            {
                VdResult result = TryFetch(out command, out seen);
                if (_isDetached && hasWaited)
                {
                    // Close came while this call waited: a function in progress ends with VD_E_ABORT (Y2).
                    return VdResult.Aborted;
                }

                if (result != VdResult.TimedOut || timeout == TimeSpan.Zero)
                {
                    return result;
                }

                _waiterCount++;
            }

            hasWaited = true;
            started = started == 0 && timeout > TimeSpan.Zero ? Stopwatch.GetTimestamp() : started;
            WaitOutcome outcome;
            try
            {
                outcome = _link.Wait(timeout < TimeSpan.Zero ? timeout : Remaining(timeout, started), seen);
            }
            finally
            {
                LeaveWait();
            }

            if (outcome == WaitOutcome.TimedOut && timeout > TimeSpan.Zero && Remaining(timeout, started) == TimeSpan.Zero)
            {
                // One last look, then out.
                timeout = TimeSpan.Zero;
            }
        }
    }

    private VdResult Answer(
        in ClientCommand command, CompletionCode completionCode, uint bytesTransferred, ulong position, out long fetched,
        out bool isTurnOver)
    {
        fetched = 0;
        isTurnOver = false;
        lock (_gate)
        {
            if (_isDetached)
            {
                return VdResult.ProtocolError;
            }

            bool isKnown = ReferenceEquals(command.Owner, this) & _held.TryFind(command.Slot, command.Serial, out DeviceCommand held);
            bool isTransfer = held.Code is CommandCode.Read or CommandCode.Write;
            isKnown &= !isTransfer || bytesTransferred <= held.SizeBytes;
            Step<DeviceState> step = DeviceMachine.Next(
                CurrentState(), isKnown ? ClientDeviceEvent.CompleteCommand : ClientDeviceEvent.CompleteUnknown);
            if (step.Status != VdResult.Ok)
            {
                return step.Status;
            }

            fetched = _held.Remove(command.Slot);
            NoteOutcome(completionCode, held);
            _link.Complete(new DeviceCompletion(
                held.Tag, completionCode, isTransfer ? bytesTransferred : 0, position, _fetchedCount));
            if (_state == DeviceState.IOError && _held.Count == 0 && _waiterCount > 0)
            {
                // A ClearError may have been held back for this completion (D6).
                _link.Nudge();
            }

            isTurnOver = _link.TryEndTurn();
            return VdResult.Ok;
        }
    }

    private void LeaveWait()
    {
        lock (_gate)
        {
            if (--_waiterCount == 0 && _isDetached)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private DeviceState CurrentState()
    {
        // After Close the channel may be gone; the last state stays.
        if (_state != DeviceState.Aborted && !_isDetached && _channel.IsAborted)
        {
            _set.ReportAbort(_channel);
            _state = DeviceMachine.Next(_state, ClientDeviceEvent.Abort).Next;
        }

        return _state;
    }

    /// <summary>The next command, VD_E_CLOSE, a refusal, or VD_E_TIMEOUT for "nothing yet".</summary>
    private VdResult TryFetch(out ClientCommand command, out uint seen)
    {
        command = default;
        seen = 0;
        if (_isDetached)
        {
            return VdResult.ProtocolError;
        }

        Step<DeviceState> step = DeviceMachine.Next(CurrentState(), ClientDeviceEvent.TakeCommand);
        if (step.Status != VdResult.Ok)
        {
            return step.Status;
        }

        seen = _link.Look();
        while (_link.TryPeek(out DeviceCommand next))
        {
            if (next.Code == DeviceCommand.CloseMark)
            {
                return FindClosed();
            }

            int age = (int)(_errorEpoch - next.ErrorEpoch);
            if (age > 0)
            {
                // Sent before the server knew of an error: the server completes it itself (D5).
                Pass();
                continue;
            }

            bool isClearError = next.Code == CommandCode.ClearError;
            if (age < 0 || _held.IsFull || (_state == DeviceState.IOError && !isClearError))
            {
                return Violation($"device '{Name}': the server sent command {(int)next.Code} where none may be");
            }

            if (isClearError && _state == DeviceState.IOError && _held.Count > 0)
            {
                break;   // Held back until what was fetched before is completed (D6).
            }

            return Fetch(next, out command);
        }

        return _channel.IsAborted ? DeviceMachine.Next(CurrentState(), ClientDeviceEvent.TakeCommand).Status : VdResult.TimedOut;
    }

    private VdResult Fetch(in DeviceCommand next, out ClientCommand command)
    {
        command = default;
        DeviceBuffer buffer = default;
        bool needsBuffer = next.SizeBytes > 0 && next.Code is CommandCode.Read or CommandCode.Write;
        if ((needsBuffer || next.BufferHandle != BufferHandle.None)
            && !_channel.TryResolveBuffer(next.BufferHandle, needsBuffer ? next.SizeBytes : 0, out buffer))
        {
            return Violation($"device '{Name}': the server sent buffer handle 0x{next.BufferHandle:X8} with "
                + $"{next.SizeBytes} bytes, which is no place in a buffer area of the set");
        }

        Pass();
        int slot = _held.Add(next, out ulong serial);
        command = new ClientCommand(this, slot, serial, next, buffer);
        return VdResult.Ok;
    }

    private VdResult FindClosed()
    {
        // First said, then passed: whoever looks from outside finds the mark, or that it was reported.
        _channel.MarkDeviceClosed(_index);
        Pass();
        Step<DeviceState> step = DeviceMachine.Next(_state, ClientDeviceEvent.FindClosed);
        _state = step.Next;

        // What is still held can no longer be completed; the server has it called back with 995 (D23, A5).
        _link.Complete(new DeviceCompletion(
            DeviceCompletion.ClosedTag, CompletionCode.OperationAborted, 0, 0, _fetchedCount));
        return step.Status;
    }

    private void NoteOutcome(CompletionCode completionCode, in DeviceCommand held)
    {
        if (completionCode != CompletionCode.Success)
        {
            // Only the step into IO-ERROR begins an epoch: both halves count it at the same completion (D4).
            _errorEpoch += _state == DeviceState.IOError ? 0u : 1u;
            _state = DeviceMachine.Next(_state, ClientDeviceEvent.CommandFailed).Next;
        }
        else if (held.Code == CommandCode.ClearError && held.ErrorEpoch == _errorEpoch)
        {
            // A ClearError that was on its way before the error does not acknowledge it.
            _state = DeviceMachine.Next(_state, ClientDeviceEvent.ErrorCleared).Next;
        }
    }

    private void Pass()
    {
        _link.Advance();
        _fetchedCount++;
    }

    private VdResult Violation(string detail)
    {
        // An abort that is already there (an area that will not come any more) stays the reason.
        _channel.SignalAbort(AbortReason.PeerViolation, detail);
        _set.Note(new VdFailure(VdResult.Aborted, detail));
        return DeviceMachine.Next(CurrentState(), ClientDeviceEvent.TakeCommand).Status;
    }
}
