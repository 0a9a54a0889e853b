namespace OpenVdi.Transport;

/// <summary>A client's end of one device. One thread at a time, but for <see cref="Wait"/> and <see cref="Nudge"/>.</summary>
internal interface IClientDeviceChannel
{
    /// <summary>Looks at the next command without taking it. False when there is none, or the peer broke the rules.</summary>
    bool TryPeek(out DeviceCommand command);

    /// <summary>Takes the command that <see cref="TryPeek"/> showed.</summary>
    void Advance();

    /// <summary>Hands a completion to the server and wakes its agent.</summary>
    void Complete(in DeviceCompletion completion);

    /// <summary>Waits until there may be a command that was not there when <paramref name="seen"/> was read.</summary>
    /// <param name="timeout">How long; infinite when negative.</param>
    /// <param name="seen">What <see cref="Look"/> gave before the last TryPeek.</param>
    WaitOutcome Wait(TimeSpan timeout, uint seen);

    /// <summary>A mark of the moment, to be read before TryPeek and passed to <see cref="Wait"/>.</summary>
    uint Look();

    /// <summary>Makes this process's waiters of the device look again.</summary>
    void Nudge();

    /// <summary>Whether, after a completion, the thread should let other devices of this process have the processor before
    /// it takes the next command: there are more devices with work than processors for them. Under the same rule as Complete.
    /// </summary>
    bool TryEndTurn();
}
