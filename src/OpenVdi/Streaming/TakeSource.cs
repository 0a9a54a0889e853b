using System.Threading.Tasks.Sources;
using OpenVdi.Client;

namespace OpenVdi.Streaming;

/// <summary>The one reusable promise of a pump's TakeAsync. The pump's lock guards who may complete it.</summary>
internal sealed class TakeSource : IValueTaskSource<ClientCommand?>
{
    // What waits goes on elsewhere: never on the device's thread, nor under whoever cancels.
    private ManualResetValueTaskSourceCore<ClientCommand?> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;

    /// <summary>Begins a new promise.</summary>
    public ValueTask<ClientCommand?> Begin()
    {
        _core.Reset();
        return new ValueTask<ClientCommand?>(this, _core.Version);
    }

    /// <summary>Keeps what cancels this promise, to be given up when it is consumed.</summary>
    public void Keep(CancellationTokenRegistration registration) => _registration = registration;

    public void Complete(ClientCommand? command) => _core.SetResult(command);

    public void Fail(Exception failure) => _core.SetException(failure);

    ClientCommand? IValueTaskSource<ClientCommand?>.GetResult(short token)
    {
        // Waits for a cancellation that is just running, so that it cannot hit the next promise.
        _registration.Dispose();
        _registration = default;
        return _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<ClientCommand?>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<ClientCommand?>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
