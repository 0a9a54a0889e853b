using System.Diagnostics.CodeAnalysis;
using OpenVdi.Server;
using OpenVdi.Transport;

namespace OpenVdi.Streaming;

/// <summary>An engine's side of one BACKUP or RESTORE: finds the backup program's set, fixes the configuration, opens the
/// devices.</summary>
/// <remarks>Any thread may call any member. The session has one thread of its own: it opens, configures, and then is the
/// completion agent (A1). Nothing of the engine's runs on it.</remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification =
    "It is disposable, asynchronously; the semaphore has no handle to give back.")]
public sealed class EngineSession : IAsyncDisposable
{
    private readonly ServerVirtualDeviceSet _set;
    private readonly EngineSessionOptions _options;
    private readonly SemaphoreSlim _work = new(0);
    private readonly TaskCompletionSource<EngineSession> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _threadGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards all below.
    private readonly Lock _gate = new();
    private Request? _request;
    private EngineDevice[] _devices = [];
    private bool _isDisposing;

    private EngineSession(string name, EngineSessionOptions options)
    {
        Name = name;
        _options = options;
        _set = new ServerVirtualDeviceSet(options.EffectiveTransport);
        new Thread(Main) { Name = $"OpenVdi engine {name}", IsBackground = true }.Start();
    }

    /// <summary>The set's name.</summary>
    public string Name { get; }

    /// <summary>What the backup program wishes.</summary>
    public SetConfiguration Wishes { get; private set; } = new();

    /// <summary>What was agreed on; the wishes before <see cref="ConfigureAsync"/>.</summary>
    public SetConfiguration Configuration { get; private set; } = new();

    /// <summary>Whether the client asked for VDC_Complete and gets it: send it last (G7, K24).</summary>
    public bool IsCompleteGranted => Configuration.Features.HasFlag(VdFeatures.CompleteEnabled);

    /// <summary>The devices, in the order of their names; none before <see cref="ConfigureAsync"/>.</summary>
    public IReadOnlyList<EngineDevice> Devices
    {
        get
        {
            lock (_gate)
            {
                return _devices;
            }
        }
    }

    /// <summary>Why the set was aborted, when it was.</summary>
    public AbortNotice? AbortNotice => _set.Abort;

    /// <summary>Finds the set that a backup program has made.</summary>
    /// <param name="name">The name in the first VIRTUAL_DEVICE clause (N5).</param>
    /// <param name="options">Where to look; null for this machine's shared memory.</param>
    /// <param name="cancellationToken">Gives up; the set, if found, is let go.</param>
    /// <exception cref="VirtualDeviceException">VD_E_INVALID: there is no such set, or no access to it (V12), or it has another
    /// number of devices than there are names (N7); VD_E_PROTOCOL: another engine has it (V13); VD_E_INSTANCE_NAME.</exception>
    public static async Task<EngineSession> OpenAsync(
        string name, EngineSessionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        cancellationToken.ThrowIfCancellationRequested();
        EngineSession session = new(name, options ?? new EngineSessionOptions());
        try
        {
            return await session._opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Fixes the configuration, makes the buffers and opens all devices. The backup program's wait ends with it.</summary>
    /// <param name="operation">Backup or restore.</param>
    /// <param name="configuration">Sizes; null for the usual ones.</param>
    /// <param name="cancellationToken">Gives up the wait; configuring goes on.</param>
    /// <exception cref="VirtualDeviceException">VD_E_INVALID: a size cannot be (V6 to V9); VD_E_MEMORY: ask for less and call
    /// again (B5, B6); VD_E_PROTOCOL: it was configured already; VD_E_ABORT.</exception>
    public async Task ConfigureAsync(
        EngineOperation operation, EngineConfiguration? configuration = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Request request = new(operation, configuration ?? new EngineConfiguration());
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposing, this);
            if (_request is not null)
            {
                throw new InvalidOperationException($"set '{Name}': it is configured, or being configured, already");
            }

            _request = request;
        }

        _work.Release();
        await request.Done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Aborts the set for both halves (Y1 to Y12). Never waits.</summary>
    /// <param name="reason">For the logs of both halves (Y11).</param>
    public void Abort(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        _set.SignalAbort(reason);
    }

    /// <summary>Gives up the set. When a device is still open, the set is aborted first, and every command that was sent is
    /// answered with ERROR_OPERATION_ABORTED. No buffer may be in use by the caller.</summary>
    public async ValueTask DisposeAsync()
    {
        bool isFirst, isOver;
        lock (_gate)
        {
            isFirst = !_isDisposing;
            _isDisposing = true;
            isOver = _devices.Length > 0 && _devices.All(static device => device.IsClosed);
        }

        if (!isFirst)
        {
            await _disposed.Task.ConfigureAwait(false);
            return;
        }

        if (!isOver && _set.Abort is null)
        {
            _set.SignalAbort($"set '{Name}': the engine gave up before it had closed its devices");
        }

        _work.Release();
        await _threadGone.Task.ConfigureAwait(false);
        _set.Dispose();
        _disposed.TrySetResult();
    }

    internal VirtualDeviceException Refuse(VdResult result, string what) =>
        Refusal.Of(result, _set.LastFailure, _set.Abort, what);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification =
        "Whatever ends the thread must reach those who wait for it.")]
    private void Main()
    {
        try
        {
            Open();
            _opened.TrySetResult(this);
            while (NextRequest() is { } request)
            {
                if (TryConfigure(request))
                {
                    Serve(request);
                    return;
                }
            }
        }
        catch (Exception failure)
        {
            _opened.TrySetException(failure);
            FailRequest(failure);
        }
        finally
        {
            // A request that nobody took up: the session is being disposed.
            FailRequest(Refuse(VdResult.Aborted, $"set '{Name}': configuring"));
            _threadGone.TrySetResult();
        }
    }

    private void Open()
    {
        Require(_set.Open(_options.InstanceName, Name), "Open");
        Require(_set.GetConfiguration(out SetConfiguration? wishes), "GetConfiguration");
        Wishes = Configuration = wishes!;
        if (_options.DeviceNames is { } names && names.Count != wishes!.DeviceCount)
        {
            throw new VirtualDeviceException(new VdFailure(
                VdResult.Invalid, $"set '{Name}': it has {wishes.DeviceCount} devices, the engine names {names.Count}"));
        }
    }

    private Request? NextRequest()
    {
        _work.Wait();
        lock (_gate)
        {
            return _isDisposing ? null : _request;
        }
    }

    private bool TryConfigure(Request request)
    {
        try
        {
            Configure(request.Operation, request.Configuration);
            return true;
        }
        catch (VirtualDeviceException refusal)
        {
            lock (_gate)
            {
                _request = null;
            }

            request.Done.TrySetException(refusal);
            return false;
        }
    }

    private void Configure(EngineOperation operation, EngineConfiguration wanted)
    {
        // After VD_E_MEMORY the set is Configurable still and is asked for less (B5).
        if (_set.State == ServerSetState.Connected)
        {
            VdFeatures features = Wishes.Features
                | (operation == EngineOperation.Backup ? VdFeatures.WriteMedia : VdFeatures.ReadMedia)
                | (Wishes.Features.HasFlag(VdFeatures.RequestComplete) ? VdFeatures.CompleteEnabled : 0);
            uint alignment = Math.Max(
                Math.Max((uint)wanted.AlignmentBytes, (uint)wanted.BlockSizeBytes), Wishes.AlignmentBytes);
            Require(
                _set.BeginConfiguration(
                    features, (uint)wanted.BlockSizeBytes, alignment, (uint)wanted.MaxTransferSizeBytes,
                    Timeout.InfiniteTimeSpan),
                "BeginConfiguration");
        }

        uint bufferCount = Wishes.DeviceCount * (uint)wanted.BuffersPerDevice;
        Require(_set.RequestBuffers((uint)wanted.MaxTransferSizeBytes, 0, bufferCount), "RequestBuffers");
        Require(_set.EndConfiguration(), "EndConfiguration");
        Require(_set.GetConfiguration(out SetConfiguration? configuration), "GetConfiguration");
        Configuration = configuration!;
    }

    /// <summary>Opens the devices and is the agent until all are closed, or the abort.</summary>
    private void Serve(Request request)
    {
        IReadOnlyList<string> names = _options.DeviceNames
            ?? OpenVdi.Streaming.DeviceNames.For(Name, (int)Wishes.DeviceCount);
        VdResult result = _set.ExecuteCompletionAgent(() =>
        {
            try
            {
                EngineDevice[] devices = [.. names.Select(name => OpenDevice(name, request.Configuration))];
                lock (_gate)
                {
                    _devices = devices;
                }

                request.Done.TrySetResult();
            }
            catch (VirtualDeviceException refusal)
            {
                _set.SignalAbort(refusal.Failure.Message);
                request.Done.TrySetException(refusal);
            }
        });
        if (result != VdResult.Ok)
        {
            request.Done.TrySetException(Refuse(result, $"set '{Name}': ExecuteCompletionAgent"));
        }
    }

    private EngineDevice OpenDevice(string name, EngineConfiguration wanted)
    {
        Require(_set.OpenDevice(name, out ServerVirtualDevice? device), $"OpenDevice '{name}'");
        DeviceBuffer[] buffers = new DeviceBuffer[wanted.BuffersPerDevice];
        for (int i = 0; i < buffers.Length; i++)
        {
            Require(_set.AllocateBuffer(out buffers[i], (uint)wanted.MaxTransferSizeBytes, 0), "AllocateBuffer");
        }

        return new EngineDevice(this, device!, buffers, wanted.BlockSizeBytes, wanted.MaxTransferSizeBytes);
    }

    private void Require(VdResult result, string function)
    {
        if (result != VdResult.Ok)
        {
            throw Refuse(result, $"set '{Name}': {function}");
        }
    }

    private void FailRequest(Exception failure)
    {
        Request? request;
        lock (_gate)
        {
            request = _request;
        }

        request?.Done.TrySetException(failure);
    }

    private sealed record Request(EngineOperation Operation, EngineConfiguration Configuration)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
