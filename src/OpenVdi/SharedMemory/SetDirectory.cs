using System.Diagnostics;
using System.Numerics;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>What a client process knows of its set from the server's messages: areas, configuration, device names. The loop's
/// thread adds, any thread asks and waits.</summary>
internal sealed class SetDirectory(SetConfiguration wishes, AbortLatch abort)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly object _gate = new();

    // Replaced, never changed, so that a command's buffer is found without the lock.
    private volatile SharedBufferArea[] _areas = [];
    private volatile string[] _names = [];
    private SetConfiguration? _configuration;

    /// <summary>The areas so far.</summary>
    public SharedBufferArea[] Areas => _areas;

    /// <summary>The device names so far, in order.</summary>
    public string[] Names => _names;

    /// <summary>The final configuration, once there.</summary>
    public SetConfiguration? Configuration
    {
        get
        {
            lock (_gate)
            {
                return _configuration;
            }
        }
    }

    /// <summary>The capacity of the queues, once configured.</summary>
    public int QueueCapacity { get; private set; }

    /// <summary>Adds the next area. False when it is not the next, or not what it should be.</summary>
    public bool TryAddArea(ref ControlMessage message, Microsoft.Win32.SafeHandles.SafeFileHandle? memory, out VdFailure? failure)
    {
        failure = null;
        uint index = message.TakeUInt32();
        long sizeBytes = message.TakeInt64();
        if (memory is null || !message.IsWellFormed() || index != _areas.Length || index >= BufferHandle.MaxAreaCount)
        {
            return false;
        }

        failure = SharedBufferArea.TryOpen(
            (int)index, sizeBytes, wishes.PrefixZoneSizeBytes, memory, out SharedBufferArea? area);
        if (area is null)
        {
            return false;
        }

        lock (_gate)
        {
            _areas = [.. _areas, area];
            Monitor.PulseAll(_gate);
        }

        return true;
    }

    /// <summary>Notes the final configuration. False when it cannot be right.</summary>
    public bool TryConfigure(ref ControlMessage message)
    {
        SetConfiguration configuration = message.TakeConfiguration();
        uint capacity = message.TakeUInt32();
        VdFailure? failure = ConfigurationRules.Negotiate(
            wishes, configuration.Features, configuration.BlockSizeBytes, configuration.AlignmentBytes,
            configuration.MaxTransferSizeBytes, out SetConfiguration? expected);
        if (!message.IsWellFormed() || failure is not null
            || configuration != expected! with { BufferAreaSizeBytes = configuration.BufferAreaSizeBytes }
            || capacity is < QueueLimits.MinCapacity or > QueueLimits.MaxCapacity || !BitOperations.IsPow2(capacity))
        {
            return false;
        }

        lock (_gate)
        {
            if (_configuration is not null)
            {
                return false;
            }

            QueueCapacity = (int)capacity;
            _configuration = configuration;
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Notes the next device's name. False when it is not the next, or not a name.</summary>
    public bool TryAddName(ref ControlMessage message)
    {
        uint index = message.TakeUInt32();
        string name = message.TakeText();
        if (!message.IsWellFormed() || index != _names.Length || index >= wishes.DeviceCount
            || !SetName.TryParse(name, out _, out _))
        {
            return false;
        }

        lock (_gate)
        {
            _names = [.. _names, name];
            Monitor.PulseAll(_gate);
        }

        return true;
    }

    /// <summary>Makes all waiters look again: the set was aborted.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits for the configuration.</summary>
    public WaitOutcome WaitConfigured(TimeSpan timeout, out SetConfiguration? configuration)
    {
        lock (_gate)
        {
            WaitOutcome outcome = WaitFor(static directory => directory._configuration is not null, timeout);
            configuration = outcome == WaitOutcome.Ready ? _configuration : null;
            return outcome;
        }
    }

    /// <summary>Waits for more names.</summary>
    public WaitOutcome WaitNamed(int knownCount)
    {
        lock (_gate)
        {
            return WaitFor(directory => directory._names.Length > knownCount, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Waits for an area that the server says is on its way.</summary>
    public WaitOutcome WaitArea(int index, TimeSpan timeout)
    {
        lock (_gate)
        {
            return WaitFor(directory => directory._areas.Length > index, timeout);
        }
    }

    /// <summary>Unmaps all areas.</summary>
    public void Release()
    {
        foreach (SharedBufferArea area in _areas)
        {
            area.Release();
        }
    }

    private WaitOutcome WaitFor(Func<SetDirectory, bool> condition, TimeSpan timeout)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (abort.IsAborted)
            {
                return WaitOutcome.Aborted;
            }

            if (condition(this))
            {
                return WaitOutcome.Ready;
            }

            TimeSpan left = timeout < TimeSpan.Zero ? Timeout.InfiniteTimeSpan : timeout - Stopwatch.GetElapsedTime(started);
            if (timeout >= TimeSpan.Zero && left <= TimeSpan.Zero)
            {
                return WaitOutcome.TimedOut;
            }

            // The shared abort word has no hold on this lock: whoever sets it also sends a message; a look now and then is
            // for a party that died between the two.
            Monitor.Wait(_gate, timeout < TimeSpan.Zero || left > s_look ? s_look : left);
        }
    }
}
