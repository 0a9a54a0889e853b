namespace OpenVdi.Streaming;

/// <summary>One RunAsync of a pump.</summary>
internal sealed class DeviceRun
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DeviceRun(
        DevicePump pump, IDeviceHandler handler, CancellationToken callerToken, CancellationToken handlerToken)
    {
        Pump = pump;
        Handler = handler;
        CallerToken = callerToken;
        HandlerToken = handlerToken;
    }

    public DevicePump Pump { get; }

    public IDeviceHandler Handler { get; }

    /// <summary>The caller's wish to stop.</summary>
    public CancellationToken CallerToken { get; }

    /// <summary>The caller's wish, or the session's end.</summary>
    public CancellationToken HandlerToken { get; }

    /// <summary>What the handler threw; the first is kept. From then on every command gets its code.</summary>
    public Exception? Failure { get; set; }

    public Task Task => _done.Task;

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception failure) => _done.TrySetException(failure);

    public void Cancel() => _done.TrySetCanceled(CallerToken);
}
