namespace OpenVdi.Transport;

/// <summary>How a wait on a channel ended.</summary>
internal enum WaitOutcome
{
    /// <summary>Something may be there: look.</summary>
    Ready,

    /// <summary>The time is over.</summary>
    TimedOut,

    /// <summary>The set is aborted.</summary>
    Aborted,
}
