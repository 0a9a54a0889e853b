namespace OpenVdi.Transport;

/// <summary>The server's end of a set.</summary>
internal interface IServerChannel : ISetChannel
{
    /// <summary>What the client passed to Create, checked and normalized.</summary>
    SetConfiguration Wishes { get; }

    /// <summary>Adds buffer areas, all or none, mapped here; on their way to the clients at once when the configuration is
    /// published, else with it (B5, B26).</summary>
    /// <param name="sizesBytes">The size of each, at most <see cref="BufferHandle.MaxAreaBytes"/>; may be empty.</param>
    /// <param name="prefixZoneSizeBytes">The set's prefix zone.</param>
    /// <param name="areas">The areas, in order.</param>
    /// <returns>Null; or VD_E_MEMORY in words: wanted, available, how to get more. Then no area is left.</returns>
    VdFailure? AddAreas(IReadOnlyList<long> sizesBytes, uint prefixZoneSizeBytes, out BufferArea[]? areas);

    /// <summary>Ends configuration and releases the clients that wait for it (G10).</summary>
    /// <param name="configuration">The final configuration.</param>
    /// <param name="queueCapacity">How many commands a device can hold at once; a power of two, at most
    /// <see cref="QueueLimits.MaxCapacity"/>.</param>
    void PublishConfiguration(SetConfiguration configuration, int queueCapacity);

    /// <summary>Names the next device (3.6). Devices are named in order, from 0.</summary>
    void NameDevice(int index, string name);

    /// <summary>Sends a command. One caller at a time for each device. False when the queue is full (Q4).</summary>
    bool TrySend(int device, in DeviceCommand command);

    /// <summary>Sends the close mark, for which a place is kept. One caller at a time for each device.</summary>
    void SendCloseMark(int device);

    /// <summary>Waits until a device may have completions.</summary>
    /// <param name="timeout">How long; infinite when negative.</param>
    /// <param name="devices">A bit for each device to look at; a look may find nothing.</param>
    /// <returns>Ready also when <see cref="WakeAgent"/> was called, then possibly with no bit set.</returns>
    WaitOutcome WaitCompletions(TimeSpan timeout, out ulong devices);

    /// <summary>Takes the next completion of a device. False when there is none, or the peer broke the rules.</summary>
    bool TryTakeCompletion(int device, out DeviceCompletion completion);

    /// <summary>Whether the primary client has left, or died, after every device had its close mark: not an abort by itself.
    /// What it completed before can still be taken; more will not come. <see cref="WaitCompletions"/> ends when it turns
    /// true.</summary>
    bool IsClientGone { get; }

    /// <summary>Ends a wait of the agent.</summary>
    void WakeAgent();
}
