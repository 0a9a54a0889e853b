namespace OpenVdi;

/// <summary>Which half of the interface something is reported by.</summary>
internal enum Half
{
    /// <summary>The backup program's.</summary>
    Client,

    /// <summary>The engine's.</summary>
    Server,
}
