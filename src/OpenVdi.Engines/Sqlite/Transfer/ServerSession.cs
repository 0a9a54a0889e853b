using System.Diagnostics;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Engines.Sqlite.Transfer;

/// <summary>
/// One set in the engine's hands, from Open to Close: found, configured, its devices open and its completion agent running
/// on a thread of its own. Disposing closes it in all cases; what did not end well is an abort to the other half.
/// </summary>
internal sealed class ServerSession : IDisposable
{
    private static readonly TimeSpan s_firstOpenPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestOpenPause = TimeSpan.FromMilliseconds(50);

    /// <summary>A thread that was started runs at once; a machine that needs longer than this is not working.</summary>
    private static readonly TimeSpan s_agentStartLimit = TimeSpan.FromSeconds(30);

    private readonly TransferOptions _options;
    private readonly ServerVirtualDeviceSet _set;
    private Thread? _agent;
    private volatile int _agentThreadId;
    private Exception? _agentException;

    private ServerSession(TransferOptions options, ServerVirtualDeviceSet set)
    {
        _options = options;
        _set = set;
    }

    /// <summary>The devices, in the order of their names.</summary>
    public IReadOnlyList<ServerVirtualDevice> Devices { get; private set; } = [];

    /// <summary>The buffers, all allocated, each of the largest transfer's size.</summary>
    public IReadOnlyList<DeviceBuffer> Buffers { get; private set; } = [];

    /// <summary>Whether VDC_Complete will be sent (G7).</summary>
    public bool IsCompleteEnabled { get; private set; }

    /// <summary>The thread on which callbacks run; 0 before it does.</summary>
    public int AgentThreadId => _agentThreadId;

    /// <summary>What a callback threw; null when none did.</summary>
    public Exception? AgentException => Volatile.Read(ref _agentException);

    /// <summary>Set when nothing is outstanding and nothing will be sent any more: by the pump, or by the agent when it has
    /// returned and no callback follows.</summary>
    public ManualResetEventSlim Ended { get; } = new();

    /// <summary>Why the set was aborted, when it was.</summary>
    public AbortNotice? Abort => _set.Abort;

    /// <summary>Finds the set, waiting for the backup program to make it.</summary>
    /// <exception cref="SqliteEngineException">SetUnavailable.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ServerSession Open(TransferOptions options, CancellationToken cancellationToken)
    {
        var set = new ServerVirtualDeviceSet(options.Transport);
        long started = Stopwatch.GetTimestamp();
        TimeSpan pause = s_firstOpenPause;
        while (true)
        {
            VdResult result = set.Open(options.InstanceName, options.SetName);
            if (result == VdResult.Ok)
            {
                return new ServerSession(options, set);
            }

            TimeSpan left = options.OpenTimeout - Stopwatch.GetElapsedTime(started);
            if (result != VdResult.Invalid || left <= TimeSpan.Zero)
            {
                set.Dispose();
                throw new SqliteEngineException(
                    SqliteFailureKind.SetUnavailable,
                    $"set '{options.SetName}': expected to open it within {options.OpenTimeout.TotalSeconds:0.###} s, found: "
                        + set.LastFailure,
                    result == VdResult.Invalid
                        ? "let the backup program create the set, under exactly this name, before the backup or restore begins."
                        : null);
            }

            // The one place that polls: the interface has no event for "a set of this name was created" (17.6), so asking
            // again is all that can be done. The pause grows, and ends at once when the caller cancels.
            if (cancellationToken.WaitHandle.WaitOne(pause < left ? pause : left))
            {
                set.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
            }

            pause = pause * 2 < s_longestOpenPause ? pause * 2 : s_longestOpenPause;
        }
    }

    /// <summary>Fixes the configuration and makes the buffers. The client's GetConfiguration returns with this.</summary>
    /// <param name="direction">WriteMedia for a backup, ReadMedia for a restore.</param>
    /// <exception cref="SqliteEngineException">SetUnavailable or Aborted.</exception>
    public void Configure(VdFeatures direction)
    {
        Check(_set.GetConfiguration(out SetConfiguration? wishes), "GetConfiguration");
        if (wishes!.DeviceCount != _options.DeviceNames.Count)
        {
            throw Unavailable($"expected {_options.DeviceNames.Count} devices as named (N7), found {wishes.DeviceCount}",
                "give one name for each device of the set.");
        }

        // VDC_Complete tells the client that all devices are flushed; a restore has nothing to complete.
        IsCompleteEnabled = direction == VdFeatures.WriteMedia && wishes.Features.HasFlag(VdFeatures.RequestComplete);
        uint alignment = Math.Max(Math.Max(wishes.AlignmentBytes, _options.BlockSizeBytes), (uint)Environment.SystemPageSize);
        Check(
            _set.BeginConfiguration(
                wishes.Features | direction | (IsCompleteEnabled ? VdFeatures.CompleteEnabled : 0),
                _options.BlockSizeBytes,
                Math.Min(alignment, ConfigurationRules.MaxAlignmentBytes),
                _options.MaxTransferSizeBytes,
                Timeout.InfiniteTimeSpan),
            "BeginConfiguration");
        (int count, int fewest) = _options.BufferCounts;
        VdResult result;
        while (true)
        {
            Check(_set.RequestBuffers(_options.MaxTransferSizeBytes, 0, (uint)count), "RequestBuffers");
            result = _set.EndConfiguration();
            if (result != VdResult.OutOfMemory || count <= fewest)
            {
                break;
            }

            // B5, B6: nothing was allocated and the wish is forgotten; half of it may fit.
            count = Math.Max(fewest, count / 2);
        }

        Check(result, "EndConfiguration");
        var buffers = new DeviceBuffer[count];
        for (int i = 0; i < count; i++)
        {
            Check(_set.AllocateBuffer(out buffers[i], _options.MaxTransferSizeBytes, 0), "AllocateBuffer");
        }

        Buffers = buffers;
    }

    /// <summary>Starts the completion agent and opens the devices.</summary>
    /// <exception cref="SqliteEngineException">SetUnavailable or Aborted.</exception>
    public void Start()
    {
        _agent = new Thread(RunAgent) { IsBackground = true, Name = $"openvdi-agent {_options.SetName}" };
        _agent.Start();

        // A2: commands are refused before the agent is in its loop, and it tells nobody that it is. But before the first
        // OpenDevice nothing else makes the set Active (S8): so this is a question of microseconds, asked of the state.
        if (!SpinWait.SpinUntil(() => _set.State != ServerSetState.Initializing, s_agentStartLimit))
        {
            throw Unavailable("expected the completion agent to run, found it not started", null);
        }

        var devices = new ServerVirtualDevice[_options.DeviceNames.Count];
        for (int i = 0; i < devices.Length; i++)
        {
            Check(_set.OpenDevice(_options.DeviceNames[i], out ServerVirtualDevice? device), "OpenDevice");
            devices[i] = device!;
        }

        Devices = devices;
    }

    /// <summary>Ends the set well: closes each device, so that the client sees VD_E_CLOSE (T1 to T3).</summary>
    public void CloseDevices()
    {
        foreach (ServerVirtualDevice device in Devices)
        {
            // An abort between the last completion and this changes nothing any more: all that counts was answered.
            _ = device.CloseDevice();
        }
    }

    /// <summary>Ends the set for both halves, with the reason for their logs (Y11). Any thread, at any time.</summary>
    public void SignalAbort(string reason) => _ = _set.SignalAbort(reason);

    /// <summary>The failure that a refused call, or an abort, means.</summary>
    public SqliteEngineException Failure(VdResult result, string function) => result == VdResult.Aborted
        ? AbortFailure()
        : Unavailable($"{function} failed: {_set.LastFailure}", null);

    /// <summary>The failure that an abort by the other half means.</summary>
    public SqliteEngineException AbortFailure() => new(
        SqliteFailureKind.Aborted,
        $"set '{_options.SetName}': aborted ({Abort?.Reason.ToString() ?? "reason unknown"}): {Abort?.Detail ?? "no detail"}");

    /// <inheritdoc/>
    public void Dispose()
    {
        // Before Close: it gives up the memory, which a callback may still be filling. After CloseDevices or an abort the
        // agent returns by itself; in every other case this is an abort.
        if (_agent is not null)
        {
            if (Devices.Count != _options.DeviceNames.Count || Devices.Any(static device => device.State != DeviceState.Closed))
            {
                SignalAbort("the engine gave up the set");
            }

            _agent.Join();
        }

        _set.Dispose();
        Ended.Dispose();
    }

    private void RunAgent()
    {
        _agentThreadId = Environment.CurrentManagedThreadId;
        try
        {
            _ = _set.ExecuteCompletionAgent();
        }
#pragma warning disable CA1031 // A thread's root: the exception is kept for the thread that waits for the result.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Volatile.Write(ref _agentException, exception);
        }
        finally
        {
            Ended.Set();
        }
    }

    private void Check(VdResult result, string function)
    {
        if (result != VdResult.Ok)
        {
            throw Failure(result, function);
        }
    }

    private SqliteEngineException Unavailable(string what, string? hint) =>
        new(SqliteFailureKind.SetUnavailable, $"set '{_options.SetName}': {what}", hint);
}
