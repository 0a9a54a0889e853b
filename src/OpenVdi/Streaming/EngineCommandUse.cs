namespace OpenVdi.Streaming;

/// <summary>What becomes of a command's completion.</summary>
internal enum EngineCommandUse
{
    /// <summary>Somebody awaits it.</summary>
    Awaited,

    /// <summary>A write that was handed over: its buffer goes back, a failure is kept for the next call.</summary>
    HandedOver,

    /// <summary>A read ahead: it waits in the device's queue for its turn.</summary>
    ReadAhead,
}
