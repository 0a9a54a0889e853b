namespace OpenVdi.Streaming;

/// <summary>What an engine does with a set.</summary>
public enum EngineOperation
{
    /// <summary>It writes to the media.</summary>
    Backup,

    /// <summary>It reads from the media.</summary>
    Restore,
}
