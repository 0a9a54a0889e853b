namespace OpenVdi.Transport;

/// <summary>One party's end of a set. What comes out of a channel is checked: an implementation that finds a value which
/// cannot be right aborts the set (<see cref="AbortReason.PeerViolation"/>) and reports nothing else of it.</summary>
/// <remarks>All members may be called from any thread, except that <see cref="IDisposable.Dispose"/> requires that no
/// other call is in progress: the halves see to that. Disposing gives up all mappings and names; when the server has not
/// closed every device by then, the set is aborted for the others.</remarks>
internal interface ISetChannel : IDisposable
{
    /// <summary>Whether the set is aborted. Once true, true for ever. Cheap: asked on every call.</summary>
    bool IsAborted { get; }

    /// <summary>The first reason of the abort, when there was one.</summary>
    AbortNotice? Abort { get; }

    /// <summary>Aborts the set for all parties and wakes every waiter of it. Idempotent; never blocks on a peer (Y1).</summary>
    void SignalAbort(AbortReason reason, string detail);
}
