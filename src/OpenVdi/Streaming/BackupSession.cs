using OpenVdi.Client;

namespace OpenVdi.Streaming;

/// <summary>A backup program's side of one BACKUP or RESTORE: makes the set, waits for the engine, serves the devices.</summary>
/// <remarks>
/// <para>Any thread may call any member. Threads of its own: one that waits for the engine, one for each device; no thread
/// of the pool ever blocks here.</para>
/// <para>A device that was closed says only that the engine sends no more (T7). Whether the backup is good, the result of
/// the BACKUP statement says.</para>
/// </remarks>
public sealed class BackupSession : IAsyncDisposable
{
    private readonly ClientVirtualDeviceSet _set;
    private readonly bool _abortOnCancellation;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource<SetConfiguration> _configured =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _waiterGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DevicePump> _pumps = new(StringComparer.Ordinal);
    private bool _isWaiting;
    private bool _isDisposing;

    private BackupSession(ClientVirtualDeviceSet set, string name, IReadOnlyList<string> deviceNames, bool abortOnCancellation)
    {
        _set = set;
        _abortOnCancellation = abortOnCancellation;
        Name = name;
        DeviceNames = deviceNames;
    }

    /// <summary>The set's name: what the first VIRTUAL_DEVICE clause says (N5).</summary>
    public string Name { get; }

    /// <summary>The devices' names in the order of the VIRTUAL_DEVICE clauses; the first is the set's (N6).</summary>
    public IReadOnlyList<string> DeviceNames { get; }

    /// <summary>The devices that are open in this session.</summary>
    public IReadOnlyList<DevicePump> Devices
    {
        get
        {
            lock (_gate)
            {
                return [.. _pumps.Values.Where(static pump => pump.Opened.IsCompletedSuccessfully)];
            }
        }
    }

    /// <summary>What engine and program have agreed on. Throws <see cref="InvalidOperationException"/> before
    /// <see cref="WaitForServerAsync"/> has returned.</summary>
    public SetConfiguration Configuration => KnownConfiguration ?? throw new InvalidOperationException(
        $"set '{Name}': the engine has not configured it; await WaitForServerAsync first");

    /// <summary>Whether the engine writes to the media: a backup; else a restore (G6).</summary>
    public bool IsBackup => Configuration.Features.HasFlag(VdFeatures.WriteMedia);

    /// <summary>Why the set was aborted, when it was.</summary>
    public AbortNotice? AbortNotice => _set.Abort;

    /// <summary>The configuration, when this client has been told.</summary>
    internal SetConfiguration? KnownConfiguration =>
        _configured.Task is { IsCompletedSuccessfully: true } done ? done.Result : null;

    /// <summary>Makes a set. The engine can find it as soon as this returns. Does not wait for anybody.</summary>
    /// <param name="name">The set's name, unique on the machine; a GUID, or a name with the product's prefix (N1, N4).</param>
    /// <param name="options">The wishes; null for one device like a pipe.</param>
    /// <exception cref="VirtualDeviceException">VD_E_PROTOCOL: the name is in use; VD_E_INVALID: it is no name;
    /// VD_E_NOTSUPPORTED: the wishes cannot be (V1 to V4); VD_E_INSTANCE_NAME; VD_E_SECURITY; VD_E_MEMORY.</exception>
    public static BackupSession Create(string name, BackupSessionOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new BackupSessionOptions();
        IReadOnlyList<string> names = CheckedNames(name, options);
        ClientVirtualDeviceSet set = new(options.EffectiveTransport);
        SetConfiguration wishes = options.Configuration with { DeviceCount = (uint)names.Count };
        VdResult result = options.InstanceName is { } instance
            ? set.CreateEx(instance, name, wishes)
            : set.Create(name, wishes);
        return Begin(set, result, name, names, options, "Create");
    }

    /// <summary>Joins a set that another process has made and configured, as a secondary client (P1 to P11).</summary>
    /// <param name="setName">The set's name.</param>
    /// <param name="options">Transport, instance, and the names of the devices that this process serves; its wishes are not
    /// looked at.</param>
    /// <exception cref="VirtualDeviceException">VD_E_PROTOCOL: there is no such set, or the engine has not configured it
    /// (P4); VD_E_ABORT.</exception>
    public static BackupSession Join(string setName, BackupSessionOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(setName);
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyList<string> names = options.Names ?? OpenVdi.Streaming.DeviceNames.For(setName, options.DeviceCount);
        ClientVirtualDeviceSet set = new(options.EffectiveTransport);
        return Begin(set, set.OpenInSecondaryEx(options.InstanceName, setName), setName, names, options, "OpenInSecondary");
    }

    /// <summary>Waits until the engine has configured the set.</summary>
    /// <param name="cancellationToken">Gives up the wait; it can be taken up again.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="VirtualDeviceException">VD_E_ABORT: the set was aborted.</exception>
    public async Task<SetConfiguration> WaitForServerAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposing, this);
            if (!_isWaiting)
            {
                _isWaiting = true;
                new Thread(WaitForServer) { Name = $"OpenVdi set {Name}", IsBackground = true }.Start();
            }
        }

        try
        {
            return await _configured.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_abortOnCancellation)
        {
            _set.SignalAbort($"set '{Name}': the wait for the engine was cancelled");
            throw;
        }
    }

    /// <summary>Opens a device. Waits, on the device's thread, for an engine that has not named it yet (3.6).</summary>
    /// <param name="name">One of the set's names.</param>
    /// <param name="cancellationToken">Gives up the wait; opening goes on, and the next call of this name finds it.</param>
    /// <returns>The device, the same for each call of the same name.</returns>
    /// <exception cref="VirtualDeviceException">VD_E_INVALID: the set has no such device; VD_E_PROTOCOL: it is open in another
    /// process, or the engine has not configured the set; VD_E_OPEN: all are open; VD_E_ABORT.</exception>
    public async Task<DevicePump> OpenDeviceAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        DevicePump? pump;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposing, this);
            if (!_pumps.TryGetValue(name, out pump) || pump.Opened.IsFaulted)
            {
                pump = new DevicePump(this, _set, name, IndexOf(name), _abortOnCancellation, _end.Token);
                _pumps[name] = pump;
            }
        }

        return await pump.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the engine, opens every device of <see cref="DeviceNames"/> and serves all at once.</summary>
    /// <param name="serve">Serves one device until the engine closes it, for instance by copying its stream. Called once for
    /// each, on the thread pool.</param>
    /// <param name="cancellationToken">Ends the serving; the set stays as it is (unless the session was made with
    /// <see cref="BackupSessionOptions.AbortOnCancellation"/>).</param>
    /// <exception cref="VirtualDeviceException">VD_E_ABORT: the set was aborted; or what <see cref="OpenDeviceAsync"/> throws.</exception>
    /// <remarks>What <paramref name="serve"/> throws is told to the engine as a failing completion code, so that it can end
    /// the operation in words of its own, and thrown here when all devices have ended. The first failure counts.</remarks>
    public async Task RunAsync(
        Func<DevicePump, CancellationToken, Task> serve, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(serve);
        await WaitForServerAsync(cancellationToken).ConfigureAwait(false);
        Task[] tasks = [.. DeviceNames.Select(name => ServeAsync(name, serve, cancellationToken))];
        try
        {
            await Task.WhenAll(tasks).ConfigureAwait(false);
        }
        catch (Exception first)
        {
            // An abort that follows from another device's failure is not the news.
            Exception? cause = tasks
                .Where(static task => task.IsFaulted)
                .Select(static task => task.Exception!.InnerException!)
                .FirstOrDefault(static failure => failure is not VirtualDeviceException { Result: VdResult.Aborted });
            if (cause is null || ReferenceEquals(cause, first))
            {
                throw;
            }

            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }
    }

    /// <summary>As the other, with a handler for each device, called on the device's own thread.</summary>
    public Task RunAsync(Func<DevicePump, IDeviceHandler> handlerFor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handlerFor);
        return RunAsync((device, token) => device.RunAsync(handlerFor(device), token), cancellationToken);
    }

    /// <summary>Aborts the set for both halves (Y1 to Y12). Never waits. What waits here ends with VD_E_ABORT.</summary>
    /// <param name="reason">For the logs of both halves.</param>
    public void Abort(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposing, this);
        }

        _set.SignalAbort(reason);
    }

    /// <summary>Gives up the set. When a device is still open the set is aborted first. Returns when no handler and no stream
    /// of this session touches a buffer any more: do not call it from within one.</summary>
    public async ValueTask DisposeAsync()
    {
        DevicePump[] pumps;
        bool isFirst;
        lock (_gate)
        {
            isFirst = !_isDisposing;
            _isDisposing = true;
            pumps = [.. _pumps.Values];
            if (!_isWaiting)
            {
                _waiterGone.TrySetResult();
            }
        }

        if (!isFirst)
        {
            await _disposed.Task.ConfigureAwait(false);
            return;
        }

        // Whether what is given up is an abort, Close decides; here it is only made sure that our own threads wake up.
        bool isWaited = _isWaiting && !_configured.Task.IsCompleted;
        if ((isWaited || pumps.Any(static pump => pump.IsServing)) && _set.Abort is null)
        {
            _set.SignalAbort($"set '{Name}': the backup program gave up before the engine had closed its devices");
        }

        await _end.CancelAsync().ConfigureAwait(false);
        foreach (DevicePump pump in pumps)
        {
            pump.Stop();
            await pump.Ended.ConfigureAwait(false);
        }

        await _waiterGone.Task.ConfigureAwait(false);
        _set.Close();
        _end.Dispose();
        _disposed.TrySetResult();
    }

    private static BackupSession Begin(
        ClientVirtualDeviceSet set,
        VdResult result,
        string name,
        IReadOnlyList<string> names,
        BackupSessionOptions options,
        string function)
    {
        if (result == VdResult.Ok)
        {
            return new BackupSession(set, name, names, options.AbortOnCancellation);
        }

        set.Dispose();
        throw Refusal.Of(result, set.LastFailure, set.Abort, $"set '{name}': {function}");
    }

    private static IReadOnlyList<string> CheckedNames(string name, BackupSessionOptions options)
    {
        IReadOnlyList<string> names = options.Names ?? OpenVdi.Streaming.DeviceNames.For(name, options.DeviceCount);
        if (names.Count == 0 || !string.Equals(names[0], name, StringComparison.Ordinal))
        {
            throw new ArgumentException($"set '{name}': the first device's name must be the set's", nameof(options));
        }

        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            throw new ArgumentException($"set '{name}': two devices have the same name", nameof(options));
        }

        return names;
    }

    private int IndexOf(string name)
    {
        for (int i = 0; i < DeviceNames.Count; i++)
        {
            if (string.Equals(DeviceNames[i], name, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }

    private void WaitForServer()
    {
        VdResult result = _set.GetConfiguration(Timeout.InfiniteTimeSpan, out SetConfiguration? configuration);
        if (result == VdResult.Ok)
        {
            _configured.TrySetResult(configuration!);
        }
        else
        {
            _configured.TrySetException(
                Refusal.Of(result, _set.LastFailure, _set.Abort, $"set '{Name}': GetConfiguration"));
        }

        _waiterGone.TrySetResult();
    }

    private async Task ServeAsync(
        string name, Func<DevicePump, CancellationToken, Task> serve, CancellationToken cancellationToken)
    {
        Task<DevicePump> opening = OpenDeviceAsync(name, cancellationToken);

        // Onto the pool in any case: devices are served side by side, also where each answers without ever waiting.
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        DevicePump device = await opening.ConfigureAwait(false);
        try
        {
            await serve(device, cancellationToken).ConfigureAwait(false);
            if (!device.IsClosed)
            {
                throw new InvalidOperationException(
                    $"device '{name}': its serving ended before the engine closed the device");
            }
        }
        catch (OperationCanceledException) when (_abortOnCancellation && cancellationToken.IsCancellationRequested)
        {
            _set.SignalAbort($"device '{name}': its serving was cancelled");
            throw;
        }
        catch (Exception failure) when (device.IsServing
            && !(failure is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            await RefuseQuietlyAsync(device, failure, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task RefuseQuietlyAsync(DevicePump device, Exception failure, CancellationToken cancellationToken)
    {
        try
        {
            await device.RefuseAsync(MediaFailure.CodeOf(failure), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception second) when (second is VirtualDeviceException or OperationCanceledException or InvalidOperationException)
        {
            // The first failure is the one that is told.
        }
    }
}
