using OpenVdi.SharedMemory.Layout;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>A client's end of a set in shared memory: what primary and secondary have in common.</summary>
internal abstract unsafe class SharedClientChannel : IClientChannel, IControlHandler
{
    // An area that the server has counted is already in the socket, or in the primary's hands.
    private static readonly TimeSpan s_areaLimit = TimeSpan.FromSeconds(5);

    private readonly SharedClientDevice?[] _devices;

    // Guards against a word of abort after the end; taken for no longer than that word.
    private readonly object _lifeGate = new();
    private bool _isDisposed;
    private volatile bool _wasConfigurationRead;

    private protected SharedClientChannel(ControlArea control, SetConfiguration wishes)
    {
        Control = control;
        Latch = new AbortLatch(control);
        Directory = new SetDirectory(wishes, Latch);
        _devices = new SharedClientDevice?[control.DeviceCount];
    }

    /// <inheritdoc/>
    public bool IsAborted => Latch.IsAborted;

    /// <inheritdoc/>
    public AbortNotice? Abort => Latch.Notice;

    /// <inheritdoc/>
    public int DeviceCount => Control.DeviceCount;

    /// <inheritdoc/>
    public int NamedDeviceCount => Directory.Names.Length;

    /// <inheritdoc/>
    public int OpenDeviceCount => Control.CountClaims(DeviceBlock.Claimed);

    /// <inheritdoc/>
    public int ClosedDeviceCount => Control.CountClaims(DeviceBlock.ReportedClosed);

    private protected ControlArea Control { get; }

    private protected AbortLatch Latch { get; }

    private protected SetDirectory Directory { get; }

    /// <summary>The thread that listens; set right after construction.</summary>
    private protected ControlLoop? Loop { get; set; }

    /// <summary>Whether this client has completed GetConfiguration (P4).</summary>
    private protected bool WasConfigurationRead => _wasConfigurationRead;

    /// <summary>Whether nothing more is to be expected of the server: each device has its close mark, in the queue or
    /// reported. What the server says of itself elsewhere does not count: without its mark a GetCommand would wait for ever.
    /// </summary>
    private protected bool IsClosedByServer => Directory.QueueCapacity > 0 && Control.HasAllCloseMarks(Directory.QueueCapacity);

    /// <summary>Claimed here and not yet closed.</summary>
    private protected bool HasOpenDevice
    {
        get
        {
            for (int index = 0; index < _devices.Length; index++)
            {
                if (_devices[index] is not null && Volatile.Read(ref Control.Device(index)->Claim) == DeviceBlock.Claimed)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <inheritdoc/>
    public void SignalAbort(AbortReason reason, string detail)
    {
        lock (_lifeGate)
        {
            if (_isDisposed)
            {
                return;
            }

            bool isFirst = Latch.Mark(reason, detail);
            Directory.Wake();
            if (isFirst)
            {
                ControlMessage message = ControlMessage.Begin(new byte[ControlMessage.MaxBytes], MessageKind.Aborted);
                message.Put((uint)reason);
                message.Put(detail);
                Tell(message, except: null);
            }
        }
    }

    /// <inheritdoc/>
    public WaitOutcome WaitConfigured(TimeSpan timeout, out SetConfiguration? configuration)
    {
        WaitOutcome outcome = Directory.WaitConfigured(timeout, out configuration);
        _wasConfigurationRead |= outcome == WaitOutcome.Ready;
        return outcome;
    }

    /// <inheritdoc/>
    public string DeviceName(int index) => Directory.Names[index];

    /// <inheritdoc/>
    public WaitOutcome WaitNamed(int knownCount) => Directory.WaitNamed(knownCount);

    /// <inheritdoc/>
    public bool TryClaimDevice(int index)
    {
        // Whoever exchanges first has it, in any process (P5).
        if (Interlocked.CompareExchange(ref Control.Device(index)->Claim, DeviceBlock.Claimed, DeviceBlock.Unclaimed)
            != DeviceBlock.Unclaimed)
        {
            return false;
        }

        _devices[index] = new SharedClientDevice(this, Control, index, Directory.QueueCapacity);
        return true;
    }

    /// <inheritdoc/>
    public void MarkDeviceClosed(int index) => Volatile.Write(ref Control.Device(index)->Claim, DeviceBlock.ReportedClosed);

    /// <inheritdoc/>
    public bool IsDeviceClaimed(int index) => Volatile.Read(ref Control.Device(index)->Claim) != DeviceBlock.Unclaimed;

    /// <inheritdoc/>
    public IClientDeviceChannel Device(int index) =>
        _devices[index] ?? throw new InvalidOperationException($"device {index} was not claimed here");

    /// <summary>Whether a device should let this process's others run.</summary>
    public bool TryEndTurn(ref ProcessorShare share, SharedClientDevice device) => share.TryEndTurn(_devices, device);

    /// <inheritdoc/>
    public bool TryResolveBuffer(uint handle, uint sizeBytes, out DeviceBuffer buffer)
    {
        buffer = default;
        if (!BufferHandle.TryDecode(handle, out int areaIndex, out int offsetBytes))
        {
            return false;
        }

        // The server counts an area once it is on its way; the message may still be (B26). Pairs with its write of the count.
        if (areaIndex >= Directory.Areas.Length
            && (areaIndex >= Volatile.Read(ref Control.Header->BufferAreaCount) || !WaitForArea(areaIndex)))
        {
            return false;
        }

        return Directory.Areas[areaIndex].TrySlice(offsetBytes, sizeBytes, out buffer);
    }

    /// <inheritdoc/>
    public bool TryGetHandle(nint address, out uint handle)
    {
        foreach (SharedBufferArea area in Directory.Areas)
        {
            if (area.Contains(address) && (address - area.Address) % BufferHandle.UnitBytes == 0)
            {
                handle = BufferHandle.Encode(area.Index, address - area.Address);
                return true;
            }
        }

        handle = BufferHandle.None;
        return false;
    }

    /// <inheritdoc/>
    public abstract bool Handle(
        ControlConnection connection, ref ControlMessage message, Microsoft.Win32.SafeHandles.SafeFileHandle? attached);

    /// <inheritdoc/>
    public abstract void HandleEnd(ControlConnection connection, string how);

    /// <inheritdoc/>
    public void WakeSleepers()
    {
        for (int index = 0; index < _devices.Length; index++)
        {
            if (Volatile.Read(ref _devices[index]) is not null)
            {
                WakeWord.WakeAnyway(&Control.Device(index)->WakeWord);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lifeGate)
        {
            if (_isDisposed)
            {
                return;
            }
        }

        Leave();

        // First the thread, which uses all the rest; the peers see our end when it has gone.
        Loop?.Dispose();
        lock (_lifeGate)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _ = Latch.IsAborted;
                Directory.Release();
                Control.Dispose();
            }
        }
    }

    /// <summary>The last words of a party that goes.</summary>
    private protected abstract void Leave();

    /// <summary>Sends a message to all other parties but one.</summary>
    private protected abstract void Tell(in ControlMessage message, ControlConnection? except);

    /// <summary>Takes an abort that another party announced, and passes it on.</summary>
    private protected bool TakeAbort(ControlConnection from, ref ControlMessage message)
    {
        AbortReason reason = (AbortReason)message.TakeUInt32();
        string detail = message.TakeText();
        if (!message.IsWellFormed() || reason is <= AbortReason.None or > AbortReason.PeerViolation)
        {
            return false;
        }

        Latch.Take(reason, detail);
        Directory.Wake();
        ControlMessage passedOn = ControlMessage.Begin(new byte[ControlMessage.MaxBytes], MessageKind.Aborted);
        passedOn.Put((uint)reason);
        passedOn.Put(detail);
        Tell(passedOn, from);
        return true;
    }

    private bool WaitForArea(int areaIndex)
    {
        if (Directory.WaitArea(areaIndex, s_areaLimit) == WaitOutcome.Ready)
        {
            return true;
        }

        SignalAbort(AbortReason.InternalFailure, $"buffer area {areaIndex} did not arrive within {s_areaLimit.TotalSeconds} s");
        return false;
    }
}
